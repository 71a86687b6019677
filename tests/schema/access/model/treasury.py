"""Room treasury: money is for finance and audit; what is about persons is for compliance; nobody else, and nobody writes."""

from __future__ import annotations

from ..rules import Table, staff

MONEY = Table(reads=[staff("finance", "auditor")])
SUSPICION = Table(reads=[staff("compliance", "auditor")])
BOTH = Table(reads=[staff("finance", "compliance", "auditor")])

TABLES = {
    **dict.fromkeys(
        [
            *("accounts", "budgets", "chain_checkpoints", "closed_months", "intent_payments", "month_events", "payment_intents", "payouts"),
            *("postings", "rate_overrides", "reconciliation_items", "reconciliations"),
        ],
        MONEY,
    ),
    **dict.fromkeys(["aml_screenings", "cleared_matches", "sanctions_entries", "sanctions_names"], SUSPICION),
    **dict.fromkeys(["allowed_addresses", "entries", "exchange_rates", "funds", "proposals", "wallet_signers"], BOTH),
    "approvals": Table(reads=BOTH.reads, secret=["signature"]),
}
