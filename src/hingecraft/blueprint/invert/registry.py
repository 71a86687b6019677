"""Which function undoes which kind of statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hingecraft.blueprint.invert.draft import Draft

Handler = Callable[[Draft, Any], None]

HANDLERS: dict[str, Handler] = {}


def undoes(*kinds: str) -> Callable[[Handler], Handler]:
    """Register a handler for statement kinds, as CreateStmt."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(kinds, handler))
        return handler

    return register
