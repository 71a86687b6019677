"""What a script makes and uses, and whether a task's `needs` say so.

Names come from the syntax tree, from bodies and from strings that hold SQL; only names with a schema count.
"""

from __future__ import annotations

from functools import lru_cache

from hingecraft.blueprint.references.names import Name, References
from hingecraft.blueprint.references.needs import undeclared

__all__ = ["Name", "References", "references", "undeclared"]


@lru_cache(maxsize=4096)
def references(sql: str) -> References:
    """What a deploy or verify script makes and uses. Raises SqlSyntaxError."""
    from hingecraft.blueprint.references.reader import read

    return read(sql)
