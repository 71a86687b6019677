"""Room core: people, gifts, money, files, texts, and the logs about them."""

from __future__ import annotations

from ..cast import id_of
from ..rules import CLOSED, REFERENCE, Asking, Row, Table, anybody, form, members, own, public, staff

SHOWN = ("released", "deprecated")
LOGS = Table(reads=[staff("auditor", "compliance")])


def collaborates(design: str, asking: Asking) -> bool:
    """Works on the design with others: accepted, it lasts, and its owner has not thrown it away."""
    row = asking.world.row("core.designs", design)
    if row is None or row["deleted_at"] is not None:
        return False
    rows = asking.world.where("design.collaborators", design_id=design, user_id=asking.me)
    return any(row["accepted_at"] is not None and asking.world.is_now(row["during"]) for row in rows)


def design_for_all(row: Row, asking: Asking) -> bool:
    """What is public and was released, and what the share link in the claims opens."""
    is_shared = asking.actor.opens is not None and row["id"] == id_of(asking.actor.opens) and row["visibility"] == "unlisted"
    return (is_shared or (row["visibility"] == "public" and row["status"] in SHOWN)) and row["deleted_at"] is None


def design_for_members(row: Row, asking: Asking) -> bool:
    to_community = row["visibility"] == "community" and row["status"] in SHOWN and row["deleted_at"] is None
    return to_community or collaborates(row["id"], asking)


def asset_for_all(row: Row, asking: Asking) -> bool:
    return bool(row["classification"] == "public" and row["status"] == "ready")


def text_on_show(row: Row, asking: Asking) -> bool:
    return row["status"] in ("published", "scheduled") and (row["publish_at"] is None or asking.world.is_past(row["publish_at"]))


def own_off_show(row: Row, asking: Asking) -> bool:
    return row["author_id"] == asking.me and row["status"] in ("draft", "unpublished")


def of_own_gift(row: Row, asking: Asking) -> bool:
    gift = asking.world.row("core.donations", row["donation_id"])
    return gift is not None and gift["donor_id"] == asking.me


def place_to_give(row: Row, asking: Asking) -> bool:
    return row["owner_id"] is None and row["custody"] == "public" and row["status"] == "active"


def own_user_wallet(row: Row, asking: Asking) -> bool:
    return row.get("owner_id") == asking.me and row.get("custody") == "user"


FACTORY = (
    *("slug", "name", "description", "country", "region", "city", "latitude", "longitude", "time_zone", "service_radius_km"),
    *("opening_hours", "contact_email", "certifications", "energy_profile", "accepted_processes"),
)
DESIGN = ("slug", "title", "summary", "category_id", "tags", "kind", "visibility", "licence_spdx")
HOOK = ("name", "target_url", "event_patterns", "filter", "api_version", "max_in_flight", "timeout_ms", "headers")
TEXT = ("slug", "title", "summary", "category_id", "tags", "seo", "body_blocks")

CANONICAL = {
    "users": Table(
        reads=[own("id"), staff("moderator", "compliance", "auditor")],
        edits=[form(own("id"), "handle", "display_name", "campus", "country", "locale", "time_zone", "preferences")],
        secret=["pii_sealed", "email_bidx"],
    ),
    "consents": Table(reads=[own("user_id"), staff("compliance", "auditor")]),
    "designs": Table(
        reads=[anybody(design_for_all), own("owner_id"), members(design_for_members), staff("moderator", "compliance", "auditor")],
        adds=[form(own("owner_id"), "owner_id", *DESIGN)],
        edits=[form(own("owner_id"), *DESIGN)],
    ),
    "assets": Table(
        reads=[anybody(asset_for_all), own("owner_id"), staff("moderator", "compliance", "auditor")],
        edits=[form(own("owner_id"), "filename", "classification", "metadata")],
        secret=["storage_key", "storage_backend"],
    ),
    "donations": Table(
        reads=[own("donor_id"), staff("finance", "compliance", "auditor")],
        edits=[
            form(staff("finance"), "fund_code", "dedication", "goods_value_usd", "benefit"),
            form(staff("compliance"), "aml_score", "ofac_hit"),
        ],
        withheld=dict.fromkeys(["aml_score", "ofac_hit", "kyc_id", "metadata"], ("hc_finance", "hc_compliance", "hc_auditor")),
    ),
    "wallets": Table(
        reads=[anybody(place_to_give), own("owner_id"), staff("finance", "compliance", "auditor")],
        adds=[form(members(own_user_wallet), "owner_id", "chain", "address", "label", "custody")],
        edits=[form(own("owner_id"), "label")],
        withheld=dict.fromkeys(
            ["threshold_m", "threshold_n", "derivation_path", "xpub_fingerprint"], ("hc_finance", "hc_compliance", "hc_auditor")
        ),
    ),
    "transactions": Table(
        reads=[members(of_own_gift), staff("finance", "compliance", "auditor")],
        withheld=dict.fromkeys(["counterparty_address", "raw", "metadata", "replaces_id"], ("hc_finance", "hc_compliance", "hc_auditor")),
    ),
    "microfactories": Table(
        reads=[
            anybody(lambda row, asking: row["status"] == "active"),
            own("operator_id"),
            staff("moderator", "finance", "compliance", "auditor"),
        ],
        adds=[form(own("operator_id"), "operator_id", *FACTORY)],
        edits=[form(own("operator_id"), *FACTORY)],
        withheld={"contact_email": ("hc_moderator", "hc_compliance", "hc_auditor")},
    ),
    "kyc": Table(
        reads=[staff("compliance", "auditor")],
        withheld=dict.fromkeys(["link_sha256", "result", "document_asset_id", "provider_ref", "subject_key"], ("hc_compliance",)),
    ),
    "receipts": Table(reads=[own("donor_id"), staff("finance", "auditor")]),
    "analytics": Table(reads=[staff("auditor")]),
    "audit_logs": LOGS,
    "content": Table(
        reads=[public(text_on_show), own("author_id"), staff("moderator", "auditor")],
        adds=[form(own("author_id"), "kind", "locale", *TEXT, fills=["author_id"], by_trigger=True)],
        edits=[form(members(own_off_show), *TEXT)],
    ),
    "webhooks": Table(
        reads=[own("owner_id"), staff("admin", "auditor")],
        adds=[form(own("owner_id"), "owner_id", "direction", "provider", *HOOK)],
        edits=[form(own("owner_id"), "status", *HOOK)],
        secret=["path_token_sha256"],
    ),
}

SUPPORT = {
    **dict.fromkeys(["audit_anchors", "audit_archives", "audit_leaves", "audit_seals"], LOGS),
    **dict.fromkeys(["kyc_accesses"], LOGS),
    **dict.fromkeys(
        ["deposit_reservations", "match_candidates", "receipt_changes", "number_series"], Table(reads=[staff("finance", "auditor")])
    ),
    **dict.fromkeys(["content_conflicts", "content_sync"], Table(reads=[staff("moderator", "auditor")])),
    "analytics_rollups": Table(reads=[staff("analyst", "auditor")]),
    "design_offers": Table(reads=[own("from_user", "to_user")]),
    "microfactory_ratings": Table(reads=[own("user_id")]),
    "refunds": Table(reads=[staff("finance", "compliance", "auditor")]),
    "status_changes": Table(reads=[staff("moderator", "finance", "compliance", "auditor")]),
    **dict.fromkeys(
        [
            "chains",
            "currencies",
            "compliance_thresholds",
            "legal_documents",
            "organisation_versions",
            "state_transitions",
            "storage_quotas",
            "terms",
        ],
        REFERENCE,
    ),
    **dict.fromkeys(
        [
            *("analytics_dims", "analytics_rates", "analytics_watermark", "asset_links", "email_changes", "keyring", "microfactory_facts"),
            *("receipt_checks", "secret_policies", "wallet_challenges", "webhook_challenges", "webhook_health", "webhook_old_tokens"),
        ],
        CLOSED,
    ),
}

TABLES = CANONICAL | SUPPORT
