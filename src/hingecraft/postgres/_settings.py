"""The configuration of our own clusters: the settings every state directory has from its first day."""

from __future__ import annotations

import pwd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._account import Account

SETTINGS_FILE = "hingecraft.conf"
SUPERUSER = "hingecraft"

DURABLE: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "wal_level": "logical",
    "summarize_wal": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "2GB",
    "shared_preload_libraries": "pg_stat_statements,auto_explain",
    "max_locks_per_transaction": "512",
    "max_prepared_transactions": "64",
    "track_io_timing": "on",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
}

# Nothing of a scratch cluster is meant to survive: it may lose everything, and is fast for that.
SCRATCH: Mapping[str, str] = {
    **DURABLE,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "logging_collector": "off",
}


def settings_file(settings: Mapping[str, str]) -> str:
    """Render the file that postgresql.conf includes."""
    lines = [f"{name} = '{_quoted(value)}'" for name, value in settings.items()]
    head = "# Written at every start. Settings of your own belong in ALTER SYSTEM, which wins over this file."
    return "\n".join([head, *lines, ""])


def host_based_access(account: Account) -> tuple[str, str]:
    """Render pg_hba.conf and pg_ident.conf.

    Through the private socket, whoever may stop the server may be any role of it; everybody else gives a password.
    """
    access = """\
# type  database     user  address       method
local   all          all                 peer map=operator
local   replication  all                 peer map=operator
host    all          all   127.0.0.1/32  scram-sha-256
host    all          all   ::1/128       scram-sha-256
host    replication  all   127.0.0.1/32  scram-sha-256
host    replication  all   ::1/128       scram-sha-256
"""
    names = dict.fromkeys([account.name, pwd.getpwuid(0).pw_name])
    return access, "".join(f'operator "{name}" all\n' for name in names)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
