"""Room production: a factory's people see and run its floor, customers see their orders, rivals see nothing of one another."""

from __future__ import annotations

from ..rules import REFERENCE, Asking, Row, Table, anybody, form, members, staff


def runs_factory(factory: str | None, asking: Asking) -> bool:
    """Is its operator, or has the role operator in it at present."""
    row = asking.world.row("core.microfactories", factory)
    if row is None:
        return False
    roles = asking.world.where("identity.user_roles", user_id=asking.me, scope_kind="microfactory", scope_id=factory, role_code="operator")
    return row["operator_id"] == asking.me or any(asking.world.is_now(role["during"]) for role in roles)


def of_factory(row: Row, asking: Asking) -> bool:
    return runs_factory(row["microfactory_id"], asking)


def by_machine(row: Row, asking: Asking) -> bool:
    """Whoever sees a machine."""
    return asking.sees("production.machines", row["machine_id"])


def by_order(row: Row, asking: Asking) -> bool:
    return asking.sees("production.orders", row["order_id"])


def by_run(row: Row, asking: Asking) -> bool:
    return asking.sees("production.runs", row["run_id"])


def checks_run(row: Row, asking: Asking) -> bool:
    """Whoever sees a run checks it, in the own name."""
    return by_run(row, asking) and row["inspector_id"] in (None, asking.me)


def by_lot(row: Row, asking: Asking) -> bool:
    return asking.sees("production.stock_lots", row["lot_id"])


def by_shipment(row: Row, asking: Asking) -> bool:
    return asking.sees("production.shipments", row["shipment_id"])


def of_machine_on_show(row: Row, asking: Asking) -> bool:
    """A machine in use of a factory that is active."""
    machine = asking.world.row("production.machines", row["machine_id"])
    factory = asking.world.row("core.microfactories", machine and machine["microfactory_id"])
    return machine is not None and factory is not None and machine["status"] != "retired" and factory["status"] == "active"


def my_order(row: Row, asking: Asking) -> bool:
    return row["customer_id"] == asking.me or of_factory(row, asking)


def my_quote(row: Row, asking: Asking) -> bool:
    order = asking.world.row("production.orders", row["order_id"])
    return of_factory(row, asking) or (order is not None and order["customer_id"] == asking.me)


def work_of_factory(row: Row, asking: Asking) -> bool:
    order = asking.world.row("production.orders", row["order_id"])
    return order is not None and of_factory(order, asking)


ABILITY = (
    *("machine_id", "process_term_id", "during", "materials", "envelope_mm", "tolerance_mm", "min_feature_mm", "max_load_kg", "parameters"),
)
MACHINE = ("model", "kind", "hourly_rate_usd", "power_w", "ideal_rate_per_h", "settings")
CHECK = (
    *("run_id", "inspector_id", "stage", "sample_no", "characteristic", "nominal", "lower_limit", "upper_limit", "measured", "gauge"),
    "evidence_asset_id",
)
AUDIT = staff("auditor")

TABLES = {
    "machines": Table(
        reads=[members(of_factory), AUDIT],
        adds=[form(members(of_factory), "microfactory_id", "serial", *MACHINE)],
        edits=[form(members(of_factory), "status", *MACHINE)],
        secret=["telemetry_key_sha256"],
    ),
    "machine_capabilities": Table(
        reads=[anybody(of_machine_on_show), members(by_machine), AUDIT],
        adds=[form(members(by_machine), *ABILITY)],
        edits=[form(members(by_machine), *ABILITY)],
        drops=[members(by_machine)],
    ),
    "machine_windows": Table(
        reads=[members(by_machine), AUDIT], adds=[form(members(by_machine), "machine_id", "kind", "during")], drops=[members(by_machine)]
    ),
    **dict.fromkeys(["bookings", "runs", "telemetry"], Table(reads=[members(by_machine), AUDIT])),
    "quality_checks": Table(reads=[members(by_run), AUDIT], adds=[form(members(checks_run), *CHECK)]),
    "orders": Table(reads=[members(my_order), staff("finance", "auditor")], secret=["ship_to_sealed"]),
    **dict.fromkeys(["order_items", "shipments"], Table(reads=[members(by_order), AUDIT])),
    "shipment_items": Table(reads=[members(by_shipment), AUDIT]),
    "quotes": Table(reads=[members(my_quote), staff("finance", "auditor")]),
    "work_orders": Table(
        reads=[members(work_of_factory), AUDIT],
        edits=[form(members(work_of_factory), "machine_id", "planned", "priority", "instructions", "assigned_to")],
    ),
    "projects": Table(reads=[anybody(lambda row, asking: row["status"] in ("funded", "running", "completed")), members(of_factory), AUDIT]),
    "stock_lots": Table(
        reads=[members(of_factory), AUDIT],
        adds=[
            form(
                members(of_factory),
                "microfactory_id",
                "material_id",
                "lot_code",
                "received_on",
                "expires_on",
                "certificate_asset_id",
                "origin",
            )
        ],
    ),
    "stock_movements": Table(
        reads=[members(by_lot), AUDIT], adds=[form(members(by_lot), "lot_id", "kind", "quantity", "run_id", "order_id", "reason")]
    ),
    "materials": Table(reads=[members(lambda row, asking: True), AUDIT], secret=["supplier"]),
    **dict.fromkeys(["cancellation_fees", "metrics"], REFERENCE),
}
