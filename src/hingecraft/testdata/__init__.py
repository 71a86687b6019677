"""Test data: filling a built database from a seed, checking what was made, and taking it away again.

The rows are made inside the database (room testdata, tasks 0851-0900); here are the sessions that do the work.
"""

from hingecraft.testdata.seeds import Finding, Seed, Step, analyze, find, load, play, remove, seeds, verify

__all__ = ["Finding", "Seed", "Step", "analyze", "find", "load", "play", "remove", "seeds", "verify"]
