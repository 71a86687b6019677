"""Room testdata: nobody's business but the owner's."""

from __future__ import annotations

from ..rules import CLOSED, Table

TABLES: dict[str, Table] = {}

REST = CLOSED
