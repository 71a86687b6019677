"""HingeCraft Database: the PostgreSQL platform under HingeCraft, built from 1,000 proven tasks."""

__version__ = "0.1.0"
