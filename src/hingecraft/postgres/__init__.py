"""Where the server comes from (embedded or DSN), and connections to it; heavy imports wait until they are needed."""

from ._cluster import EmbeddedCluster, Status
from ._connect import connect
from ._copy import copy_database
from ._places import checkout, home
from ._scratch import scratch_server
from ._server import DATABASE, Server, open_server

__all__ = [
    "DATABASE",
    "EmbeddedCluster",
    "Server",
    "Status",
    "checkout",
    "connect",
    "copy_database",
    "home",
    "open_server",
    "scratch_server",
]
