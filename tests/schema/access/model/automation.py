"""Room automation: owners of hooks see what was sent to them, agents their runs and the prompts that are shared and in use."""

from __future__ import annotations

from ..rules import CLOSED, Asking, Row, Table, anybody, form, members, own, staff, who


def of_own_hook(row: Row, asking: Asking) -> bool:
    hook = asking.world.row("core.webhooks", row["webhook_id"])
    return hook is not None and hook["owner_id"] == asking.me


def prompt_for_members(row: Row, asking: Asking) -> bool:
    return bool(row["visibility"] != "private" or row["owner_id"] == asking.me)


def prompt_for_agents(row: Row, asking: Asking) -> bool:
    return row["visibility"] != "private" and row["active_version_id"] is not None


def _shared(prompt: str, asking: Asking) -> bool:
    row = asking.world.row("automation.prompts", prompt)
    return row is not None and row["visibility"] != "private" and asking.reads("automation.prompts", row)


def version_for_members(row: Row, asking: Asking) -> bool:
    return row["author_id"] == asking.me or (row["status"] != "draft" and _shared(row["prompt_id"], asking))


def version_for_agents(row: Row, asking: Asking) -> bool:
    return row["status"] == "approved" and _shared(row["prompt_id"], asking)


def run_by_agent(row: Row, asking: Asking) -> bool:
    return row["agent_id"] is not None and row["agent_id"] == asking.actor.claims.get("agent_id")


RUNNING = staff("admin", "auditor")
SENT = Table(reads=[members(of_own_hook), RUNNING])
TESTS = Table(reads=[staff("moderator", "auditor")])

TABLES = {
    "event_types": Table(reads=[anybody(lambda row, asking: row["is_public"]), RUNNING]),
    "subscriptions": Table(
        reads=SENT.reads, adds=[form(members(of_own_hook), "webhook_id", "event_pattern", "filter")], drops=[members(of_own_hook)]
    ),
    "deliveries": SENT,
    "delivery_attempts": Table(reads=SENT.reads, secret=["request_headers"]),
    "signing_keys": Table(reads=SENT.reads, secret=["secret_sealed"]),
    **dict.fromkeys(["asset_jobs", "inbound_events", "outbox", "renditions"], Table(reads=[RUNNING])),
    "prompts": Table(reads=[members(prompt_for_members), who("agent", test=prompt_for_agents), staff("auditor")]),
    "prompt_versions": Table(reads=[members(version_for_members), who("agent", test=version_for_agents), staff("auditor")]),
    "prompt_runs": Table(reads=[own("user_id"), who("agent", test=run_by_agent), staff("auditor")]),
    **dict.fromkeys(["eval_cases", "evaluations"], TESTS),
    **dict.fromkeys(["aggregate_heads", "inbound_handlers", "inbound_keys"], CLOSED),
}
