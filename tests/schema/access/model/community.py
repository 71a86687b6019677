"""Room community: clubs are for their members, open ones for everybody to look at; what people read and follow is theirs."""

from __future__ import annotations

from ..rules import CLOSED, REFERENCE, Asking, Row, Table, form, members, own, public, staff

INSIDE = ("owner", "moderator", "member", "muted")
SPEAKING = ("owner", "moderator", "member")
LEADING = ("owner", "moderator")


def in_club(club: str | None, asking: Asking, roles: tuple[str, ...] = INSIDE) -> bool:
    """Is in the club now, in one of the roles: who waits, was banned or has left is not."""
    rows = asking.world.where("community.memberships", club_id=club, user_id=asking.me)
    return any(row["left_at"] is None and row["role"] in roles for row in rows)


def of_my_club(row: Row, asking: Asking) -> bool:
    return in_club(row["club_id"], asking)


def of_club_i_lead(row: Row, asking: Asking) -> bool:
    return in_club(row["club_id"], asking, LEADING)


def club_on_show(row: Row, asking: Asking) -> bool:
    return bool(row["kind"] != "private" and row["status"] == "active")


def event_on_show(row: Row, asking: Asking) -> bool:
    """Outside of clubs, or in one that is not private and that the reader sees."""
    if row["status"] == "draft" or row["club_id"] is None:
        return bool(row["status"] != "draft")
    club = asking.world.row("community.clubs", row["club_id"])
    return club is not None and club["kind"] != "private" and asking.reads("community.clubs", club)


def my_event(row: Row, asking: Asking) -> bool:
    return row["organiser_id"] == asking.me or (row["status"] != "draft" and of_my_club(row, asking))


def seat_or_guest(row: Row, asking: Asking) -> bool:
    event = asking.world.row("community.events", row["event_id"])
    return row["user_id"] == asking.me or (event is not None and event["organiser_id"] == asking.me)


def readable_message(row: Row, asking: Asking) -> bool:
    """For members; held ones for their author and the moderators."""
    return of_my_club(row, asking) and (row["held_at"] is None or row["author_id"] == asking.me or of_club_i_lead(row, asking))


def editable_message(row: Row, asking: Asking) -> bool:
    """One's own words for 24 hours, unless they were redacted or one may no longer speak there."""
    is_fresh = not asking.world.is_past(row["occurred_at"], hours=24)
    return row["author_id"] == asking.me and is_fresh and row["redacted_at"] is None and in_club(row["club_id"], asking, SPEAKING)


def reacts(row: Row, asking: Asking) -> bool:
    return row["user_id"] == asking.me and in_club(row["club_id"], asking, SPEAKING)


def place_in_my_club(row: Row, asking: Asking) -> bool:
    return row["user_id"] == asking.me or of_my_club(row, asking)


def report_for_me(row: Row, asking: Asking) -> bool:
    return row["reporter_id"] == asking.me or of_club_i_lead(row, asking)


WATCHED = staff("moderator", "auditor")

TABLES = {
    "clubs": Table(reads=[public(club_on_show), members(lambda row, asking: in_club(row["id"], asking)), WATCHED]),
    "memberships": Table(reads=[members(place_in_my_club), WATCHED], edits=[form(own("user_id"), "notify")]),
    "threads": Table(reads=[members(of_my_club), WATCHED]),
    "messages": Table(reads=[members(readable_message), WATCHED], edits=[form(members(editable_message), "body")]),
    "reactions": Table(
        reads=[members(of_my_club), WATCHED],
        adds=[form(members(reacts), "club_id", "message_seq", "emoji", fills=["user_id"])],
        drops=[own("user_id")],
    ),
    "read_cursors": Table(reads=[own("user_id")]),
    "events": Table(reads=[public(event_on_show), members(my_event), WATCHED]),
    "attendance": Table(reads=[members(seat_or_guest), WATCHED]),
    "reports": Table(reads=[members(report_for_me), WATCHED]),
    "moderation_actions": Table(reads=[members(of_club_i_lead), WATCHED]),
    "reputation_entries": Table(reads=[own("user_id"), WATCHED]),
    "follows": Table(
        reads=[own("follower_id")], adds=[form(own("follower_id"), "kind", "target_id", fills=["follower_id"])], drops=[own("follower_id")]
    ),
    "feed_entries": Table(reads=[own("user_id")]),
    **dict.fromkeys(["badges", "reputation_rules"], REFERENCE),
    **dict.fromkeys(["flood_buckets", "sent_keys"], CLOSED),
}
