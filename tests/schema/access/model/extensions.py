"""Room extensions: reference data."""

from __future__ import annotations

from ..rules import REFERENCE

TABLES = dict.fromkeys(["probes", "requirements"], REFERENCE)
