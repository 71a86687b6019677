"""Room impact: people see what is about theirs, everybody what was verified or published, analysis the rest."""

from __future__ import annotations

from ..rules import CLOSED, REFERENCE, Asking, Row, Table, anybody, members, public, staff


def is_mine(subject: str | None, asking: Asking) -> bool:
    """The person, a factory it operates, that factory's orders and projects, its own orders, and their shipments and runs."""
    if subject is None or asking.me is None:
        return False
    world = asking.world
    if subject == asking.me or _of_my_factory(subject, asking) or _my_order(subject, asking):
        return True
    project, shipment = world.row("production.projects", subject), world.row("production.shipments", subject)
    work = world.row("production.work_orders", (world.row("production.runs", subject) or {}).get("work_order_id"))
    return (
        (project is not None and _of_my_factory(project["microfactory_id"], asking))
        or (shipment is not None and _my_order(shipment["order_id"], asking))
        or (work is not None and _my_order(work["order_id"], asking))
    )


def _of_my_factory(factory: str | None, asking: Asking) -> bool:
    row = asking.world.row("core.microfactories", factory)
    return row is not None and row["operator_id"] == asking.me


def _my_order(order: str, asking: Asking) -> bool:
    row = asking.world.row("production.orders", order)
    return row is not None and (row["customer_id"] == asking.me or _of_my_factory(row["microfactory_id"], asking))


def line_on_show(row: Row, asking: Asking) -> bool:
    period = asking.world.row("impact.reporting_periods", row["period_id"])
    return period is not None and period["status"] == "published"


REPORTING = staff("finance", "compliance", "analyst", "auditor")

TABLES = {
    "records": Table(reads=[members(lambda row, asking: is_mine(row["subject_id"], asking)), staff("analyst", "auditor")]),
    "goals": Table(reads=[members(lambda row, asking: is_mine(row["owner_id"], asking)), staff("analyst", "auditor")]),
    "baselines": Table(reads=[staff("analyst", "auditor")]),
    "claims": Table(
        reads=[public(lambda row, asking: row["status"] == "verified"), staff("moderator", "compliance", "analyst", "auditor")],
        secret=["asserted_by", "metadata"],
    ),
    **dict.fromkeys(["claim_records", "verifications"], Table(reads=[staff("compliance", "auditor")])),
    "reporting_periods": Table(
        reads=[anybody(lambda row, asking: row["status"] == "published"), REPORTING], secret=["closed_by", "published_by"]
    ),
    "report_lines": Table(reads=[anybody(line_on_show), REPORTING]),
    "offsets": Table(reads=[staff("finance", "auditor")]),
    "retirements": Table(reads=[staff("finance", "analyst", "auditor")]),
    **dict.fromkeys(["emission_factors", "metrics", "units"], REFERENCE),
    **dict.fromkeys(["record_keys", "region_parents", "reservations", "restatement_list"], CLOSED),
}
