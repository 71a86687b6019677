"""Views: those that run as their owner show what is said here, all others no more than the rows of their table do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .attempts import Attempt
from .model.learning import assessment_on_show
from .rules import Asking, Row, Rule, members, own, staff, who

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .canaries import Canaries


@dataclass(frozen=True)
class View:
    """The column of a view that names a row of a table, by a column there; whose rows, if it runs as its owner."""

    column: str
    table: str
    by: str = "id"
    whose: Rule | None = None


def active(row: Row, asking: Asking) -> bool:
    return bool(row["status"] == "active")


def discoverable(row: Row, asking: Asking) -> bool:
    """Somebody active who has a profile, and hides neither there nor in the preferences."""
    profile = asking.world.row("identity.profiles", row["id"], "user_id")
    hides = row["preferences"].get("discoverable") in (False, "false")
    return profile is not None and active(row, asking) and not hides and profile["visibility"].get("interests") != "private"


def given_already(row: Row, asking: Asking) -> bool:
    course = asking.world.row("learning.courses", row["course_id"])
    return assessment_on_show(row, asking) and (course is None or course["status"] != "draft")


VIEWS = {
    "core.public_users": View("id", "core.users", whose=who("anon", "agent", "auditor", test=active)),
    "core.my_kyc": View("id", "core.kyc", whose=own("user_id")),
    "core.my_activity": View("id", "core.audit_logs", whose=own("actor_id")),
    "core.analytics_masked": View("id", "core.analytics", whose=staff("analyst")),
    "identity.directory": View("id", "core.users", whose=members(discoverable)),
    "learning.assessment_public": View("id", "learning.assessments", whose=members(given_already)),
    "core.content_calendar": View("id", "core.content"),
    "core.current_consents": View("consent_id", "core.consents"),
    "core.term_tree": View("id", "core.terms"),
    "core.wallet_movements": View("transaction_id", "core.transactions"),
    "core.wix_donations": View("_id", "core.donations"),
    "core.wix_transactions": View("_id", "core.transactions"),
    "identity.account_security": View("user_id", "identity.credentials", "user_id"),
    "identity.me": View("id", "core.users"),
    "identity.my_sessions": View("id", "identity.sessions"),
    "identity.role_holders": View("user_id", "identity.user_roles", "user_id"),
    "design.bom_exploded": View("version_id", "design.versions"),
    "design.design_dashboard": View("id", "core.designs"),
    "design.gallery": View("id", "core.designs"),
    "design.version_history": View("version_id", "design.versions"),
    "community.club_overview": View("id", "community.clubs"),
    "community.event_calendar": View("id", "community.events"),
    "community.moderation_queue": View("id", "community.reports"),
    "community.my_clubs": View("id", "community.clubs"),
    "production.factory_load": View("microfactory_id", "production.machines", "microfactory_id"),
    "production.machine_oee": View("machine_id", "production.machines"),
    "production.order_board": View("id", "production.orders"),
    "production.stock_position": View("microfactory_id", "production.stock_lots", "microfactory_id"),
    "publishing.articles": View("id", "core.content"),
    "publishing.articles_public": View("id", "core.content"),
    "publishing.author_stats": View("author_id", "core.content", "author_id"),
    "publishing.editorial_board": View("revision_id", "publishing.revisions"),
    "publishing.payable_shares": View("content_id", "publishing.contributions", "content_id"),
    "publishing.stale_content": View("id", "core.content"),
    "impact.offset_balance": View("offset_id", "impact.offsets"),
    "impact.public_impact": View("metric_code", "impact.claims", "metric_code"),
    "treasury.trial_balance": View("account", "treasury.accounts", "code"),
    "treasury.fund_statement": View("fund_code", "treasury.postings", "fund_code"),
    "treasury.wallet_positions": View("wallet_id", "core.wallets"),
    "learning.cohort_board": View("course_id", "learning.enrolments", "course_id"),
    "learning.course_catalogue": View("id", "learning.courses"),
    "learning.my_learning": View("enrolment_id", "learning.enrolments"),
    "learning.skill_matrix": View("skill_id", "learning.user_skills", "skill_id"),
    "automation.asset_pipeline": View("asset_id", "automation.asset_jobs", "asset_id"),
    "automation.dead_letters": View("delivery_id", "automation.deliveries"),
    "automation.delivery_log": View("delivery_id", "automation.deliveries"),
    "automation.endpoint_health": View("webhook_id", "core.webhooks"),
    "automation.event_catalogue": View("name", "automation.event_types", "name"),
    "automation.prompt_leaderboard": View("prompt_version_id", "automation.prompt_versions"),
}

WALL = "core.donor_wall"
"""Runs as its owner, for everybody: first names and bands of what was given, without a key to the gift."""

WALL_COLUMNS = ["name", "fund_code", "band", "month", "dedication"]


def looks(canaries: Canaries, asking: Asking) -> Iterator[Attempt]:
    """Reading each view: the rows it may show, and those a view that runs as its owner has to show."""
    for name, view in VIEWS.items():
        rows = canaries.rows[view.table]
        values = {key: str(row[view.by]) for key, row in rows.items()}
        shown = frozenset(values[key] for key, row in rows.items() if _shows(view, row, asking))
        sql = f'select array_agg("{view.column}"::text) from {name}'
        yield Attempt(name, "select", sql, tuple(set(values.values())), shown if view.whose else frozenset(), shown)


def _shows(view: View, row: Row, asking: Asking) -> bool:
    if view.whose:
        return view.whose.means(row, asking)
    return asking.reads(view.table, row) or asking.model[view.table].open_to_all(row, asking)
