"""The data dictionary: every room's tables, rules and functions as pages and pictures, read from the database's own comments."""

from hingecraft.dictionary.pages import write
from hingecraft.dictionary.read import Room, read

__all__ = ["Room", "read", "write"]
