"""What `hc doctor` looks at."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from hingecraft.errors import HingecraftError


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found, and what to do when it is not well."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def checkup(dsn: str | None) -> Iterator[Check]:
    """Every check in order; what cannot be looked at because something before it failed is left out."""
    yield Check("python", sys.version_info >= (3, 11), platform.python_version(), "3.11 or newer is needed")
    from hingecraft.postgres import home

    free = shutil.disk_usage(next(p for p in (home(), *home().parents) if p.exists())).free / 2**30
    yield Check("disk", free > 1, f"{free:.1f} GiB free at the state directory", "make room: a build needs about 1 GiB")
    from hingecraft.blueprint.engine import Options
    from hingecraft.cli.workshop import at_work, read_blueprint

    try:
        blueprint = read_blueprint()
    except HingecraftError as error:
        yield Check("blueprint", False, "does not load", error.message)
        return
    yield Check("blueprint", True, f"{len(blueprint.order)} of {len(blueprint.catalogue)} tasks written")
    try:
        with at_work(dsn, Options(), exclusive=False) as engine:
            version = engine.connection.info.server_version
            yield Check("server", version >= 180000, f"PostgreSQL {version // 10000}.{version % 10000}", "18 or newer is needed")
            yield Check(
                "superuser",
                engine.is_superuser,
                "yes" if engine.is_superuser else "no",
                "tasks that need one will be recorded as unavailable",
            )
            setting = engine.wire.must("select current_setting('fsync') = 'on' and current_setting('full_page_writes') = 'on'")
            yield Check(
                "durability",
                setting.results[0].rows[0][0] == "t",
                "fsync and full_page_writes",
                "switch both on: a crash would lose data",
            )
            entries = engine.ledger.entries()
            applied = [i for i, e in entries.items() if e.applied]
            failed = [i for i, e in entries.items() if e.status == "failed"]
            yield Check(
                "ledger",
                not failed,
                f"{len(applied)} tasks applied" if entries else "nothing built yet",
                f"failed: {', '.join(failed)}; hc build tries again",
            )
    except HingecraftError as error:
        yield Check("server", False, error.message, error.hint or "")
