"""Room testdata: nobody's business but the owner's."""

from __future__ import annotations

from ..rules import CLOSED

TABLES = dict.fromkeys(
    ["calendar", "chunks", "entities", "findings", "generators", "places", "profiles", "seeds", "walks", "words"], CLOSED
)
