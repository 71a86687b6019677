"""psql, the way the operator would call it: the right program, the right database, the password out of sight."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from hingecraft.errors import ServerError

from ._connect import parsed
from .errors import NoBinaries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._cluster import EmbeddedCluster


def psql_command(cluster: EmbeddedCluster, dsn: str | None, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the words and the environment to run psql with, on a DSN or on our own cluster (started if need be).

    A password never becomes a word of the command line, where every user of the system could read it.
    """
    if not dsn:
        from ._server import open_cluster

        server = open_cluster(cluster)
        # PGSERVICE, PGHOSTADDR and their like say where other servers are.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG") or name == "PGTZ"}
        return [str(cluster.programs()["psql"]), server.dsn, *arguments], environment
    from psycopg.conninfo import make_conninfo

    environment, facts = dict(os.environ), parsed(dsn)
    if password := facts.pop("password", None):
        environment["PGPASSWORD"] = str(password)
    return [_any_psql(cluster), make_conninfo("", **facts), *arguments], environment


def _any_psql(cluster: EmbeddedCluster) -> str:
    """Prefer ours, whose version is known; without it the system's will do."""
    try:
        return str(cluster.programs()["psql"])
    except ServerError as missing:
        if found := shutil.which("psql"):
            return found
        raise NoBinaries("There is no psql here.", hint="Run `apt-get install postgresql-client`.") from missing
