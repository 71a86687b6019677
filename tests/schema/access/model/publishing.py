"""Room publishing: what hangs on a text follows the text; drafts are for who writes, edits, translates or reviews them."""

from __future__ import annotations

from ..rules import CLOSED, REFERENCE, Asking, Row, Table, members, own, public, staff

WRITING = ("author", "editor", "translator")


def writes(content: str, asking: Asking) -> bool:
    text = asking.world.row("core.content", content)
    credit = asking.world.where("publishing.contributions", content_id=content, user_id=asking.me)
    return (text is not None and asking.me is not None and text["author_id"] == asking.me) or any(row["role"] in WRITING for row in credit)


def revision_on_show(row: Row, asking: Asking) -> bool:
    """The one that a text shows, for who may read the text."""
    text = asking.world.row("core.content", row["id"], "current_revision_id")
    return text is not None and asking.reads("core.content", text)


def revision_at_work(row: Row, asking: Asking) -> bool:
    assigned = asking.world.where("publishing.reviews", revision_id=row["id"], reviewer_id=asking.me)
    return writes(row["content_id"], asking) or bool(assigned)


def review_at_work(row: Row, asking: Asking) -> bool:
    revision = asking.world.row("publishing.revisions", row["revision_id"])
    return row["reviewer_id"] == asking.me or (revision is not None and writes(revision["content_id"], asking))


def of_seen_text(row: Row, asking: Asking) -> bool:
    return asking.sees("core.content", row.get("content_id") or row.get("source_content_id"))


def of_seen_source(row: Row, asking: Asking) -> bool:
    return asking.sees("core.content", row["source_content_id"])


def visible_comment(row: Row, asking: Asking) -> bool:
    return row["status"] == "visible" and of_seen_text(row, asking)


WATCHED = staff("moderator", "auditor")
WITH_TEXT = Table(reads=[public(of_seen_text), staff("auditor")])

TABLES = {
    "revisions": Table(reads=[public(revision_on_show), members(revision_at_work), WATCHED]),
    "reviews": Table(reads=[members(review_at_work), WATCHED]),
    "comments": Table(reads=[public(visible_comment), own("author_id"), WATCHED]),
    "contributions": Table(reads=WITH_TEXT.reads, secret=["note"]),
    "media": WITH_TEXT,
    "translations": Table(reads=[public(of_seen_source), staff("auditor")]),
    "series": Table(reads=[public(lambda row, asking: row["status"] == "published"), own("curator_id"), WATCHED]),
    "series_items": Table(reads=[public(lambda row, asking: asking.sees("publishing.series", row["series_id"])), staff("auditor")]),
    "handovers": Table(reads=[WATCHED]),
    **dict.fromkeys(["editorial_policy", "slug_history"], REFERENCE),
    "comment_votes": CLOSED,
}
