"""`hc bench seed`: filling the database from a seed, against COPY of the same rows and against Faker with executemany.

Each side begins with its partitions made, and ends with its tables analyzed.
"""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from hingecraft.postgres import Server, connect
from hingecraft.testdata import analyze, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from hingecraft.testdata import Seed

SCALE, HONEST_SCALE = "0.05", "0.01"
SESSIONS = 2
EVENTS = ("core.analytics", "core.status_changes", "community.messages", "production.telemetry")
FAKED_ROWS = 2000

_TABLES = (Path(__file__).parent / "seeded_tables.sql").read_bytes()
_INSERTS = """select sum(total_exec_time) / 1000 from extensions.pg_stat_statements s join pg_database d on d.oid = s.dbid
  where d.datname = current_database() and not toplevel and query ~* %s"""
_CORE = """select sum(rows)::float8 * 1000 / sum(ms)::float8 from testdata.chunks c
  join testdata.generators g on g.name = c.generator where g.targets[1] like 'core.%'"""


class Seeding:
    """One filled database and what it is measured against. `clone(name)` makes a database that is built and empty."""

    def __init__(self, server: Server, clone: Callable[[str], None], folder: Path) -> None:
        self._server, self._clone, self._folder = server, clone, folder
        self.peak_mib = 0.0

    def on(self, dbname: str) -> Server:
        return replace(self._server, dsn=self._server.dsn_of(dbname), dbname=dbname)

    def ours(self, *, scale: str = SCALE, mode: str = "fast", dbname: str = "ours") -> tuple[Seed, float]:
        """The seed that was loaded into a clone that had its partitions, and the seconds it took."""
        self._plan(dbname, scale, mode)
        self.peak_mib = 0.0
        began = time.perf_counter()
        seed = load(self.on(dbname), scale=scale, seed=7, jobs=SESSIONS, mode=mode, watch=lambda _: self._look())
        return seed, time.perf_counter() - began

    def _look(self) -> None:
        with connect(self._server, dbname="postgres") as admin:
            pids = admin.execute("select pid from pg_stat_activity where query like 'call testdata.work%'").fetchall()
        for (pid,) in pids:
            status = Path(f"/proc/{pid}/status")
            if status.exists():
                kib = next((int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("RssAnon")), 0)
                self.peak_mib = max(self.peak_mib, kib / 1024)

    def core_rate(self, dbname: str = "ours") -> float:
        """Rows a second and session of the generators that fill the core tables."""
        with connect(self.on(dbname)) as connection:
            (rate,) = connection.execute(_CORE).fetchone() or (0.0,)
            return float(rate)

    def event_rates(self, dbname: str = "ours") -> dict[str, float]:
        """Rows a second and session of the statements that fill the tables of events, by table, in a load of its own."""
        found = {}
        with connect(self._server, dbname="postgres") as admin:
            admin.execute("alter system set pg_stat_statements.track = 'all'")
            admin.execute("select pg_reload_conf()")
        self.ours(dbname=dbname)
        with connect(self.on(dbname)) as connection:
            for table in EVENTS:
                (rows,) = connection.execute(sql.SQL("select count(*) from {}").format(_name(table))).fetchone() or (0,)
                (seconds,) = connection.execute(_INSERTS, (rf"insert into {table}\M",)).fetchone() or (None,)
                found[table] = rows / seconds if seconds else 0.0
        with connect(self._server, dbname="postgres") as admin:
            admin.execute("alter system reset pg_stat_statements.track")
            admin.execute("select pg_reload_conf()")
        return found

    def copied(self) -> tuple[int, float]:
        """Rows and seconds of COPY FROM of the rows in `ours` into another clone, under the same settings, in as many sessions."""
        self._plan("theirs")
        with connect(self.on("theirs")) as connection:
            tables = [
                (table, columns, predicate)
                for table, columns, predicate in connection.execute(_TABLES).fetchall()
                if predicate != "true" or not connection.execute(sql.SQL("select from {} limit 1").format(_name(table))).fetchone()
            ]
        files = [(table, columns, self._export(table, columns, predicate)) for table, columns, predicate in tables]
        files.sort(key=lambda file: -file[2].stat().st_size)
        began = time.perf_counter()
        with ThreadPoolExecutor(SESSIONS) as pool:
            rows = sum(pool.map(lambda file: self._import(*file), files))
        analyze(self.on("theirs"), SESSIONS)
        return rows, time.perf_counter() - began

    def _plan(self, dbname: str, scale: str = SCALE, mode: str = "fast") -> None:
        """A clone with the partitions of the window."""
        self._clone(dbname)
        with connect(self.on(dbname)) as connection:
            connection.execute("set testdata.allow = on; set role hc_owner")
            connection.execute("select testdata.plan('sf1', 7, %s, %s::numeric)", (mode, scale))

    def _export(self, table: str, columns: list[str], predicate: str) -> Path:
        path = self._folder / f"{table}.copy"
        query = sql.SQL("copy (select {} from {} t where {}) to stdout (format binary)").format(
            _names(columns), _name(table), sql.SQL(predicate)
        )
        with connect(self.on("ours")) as connection, connection.cursor() as cursor, path.open("wb") as out, cursor.copy(query) as copy:
            out.writelines(copy)
        return path

    def _import(self, table: str, columns: list[str], path: Path) -> int:
        query = sql.SQL("copy {} ({}) from stdin (format binary)").format(_name(table), _names(columns))
        with connect(self.on("theirs")) as connection, connection.cursor() as cursor:
            cursor.execute("set session_replication_role = replica")
            with path.open("rb") as source, cursor.copy(query) as copy:
                while block := source.read(1 << 20):
                    copy.write(block)
            return cursor.rowcount

    def faked(self) -> dict[str, float]:
        """Rows a second of Faker with executemany, by table, in one session under the same settings."""
        self._plan("theirs")
        found = {}
        with connect(self.on("theirs"), autocommit=False) as connection, connection.cursor() as cursor:
            cursor.execute("set session_replication_role = replica")
            for table, row in fakes().items():
                began = time.perf_counter()
                rows = [row(n) for n in range(FAKED_ROWS)]
                values = sql.SQL(", ").join(map(sql.Placeholder, rows[0]))
                cursor.executemany(sql.SQL("insert into {} ({}) values ({})").format(_name(table), _names(list(rows[0])), values), rows)
                connection.commit()
                found[table] = FAKED_ROWS / (time.perf_counter() - began)
        return found


def _name(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def _names(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def fakes() -> dict[str, Callable[[int], dict[str, Any]]]:
    """What makes row n of a table, about as rich as the rows a seed makes."""
    from faker import Faker

    fake, dice = Faker(["en_US", "de_DE", "fr_FR", "es_ES"]), random.Random(7)
    Faker.seed(7)
    people: list[str] = []

    def user(n: int) -> dict[str, Any]:
        people.append(fake.uuid4())
        return {
            "id": people[-1],
            "handle": f"maker-{fake.hexify('^^^^')}-{n}",
            "email": f"{n}-{fake.ascii_safe_email()}",
            "display_name": fake.name(),
            "status": "active",
            "locale": "en",
            "country": fake.country_code(),
            "created_at": fake.date_time_this_year(tzinfo=UTC),
        }

    def design(n: int) -> dict[str, Any]:
        pin = dice.uniform(2, 12)
        return {
            "owner_id": dice.choice(people),
            "slug": f"{fake.slug()[:60]}-{n}",
            "title": fake.sentence(nb_words=5)[:140],
            "summary": fake.text(200),
            "kind": dice.choice(["hinge", "part", "assembly"]),
            "created_at": fake.date_time_this_year(tzinfo=UTC),
            "spec_summary": Jsonb({"pin_mm": round(pin, 2), "load_n": round(40 * pin * pin), "material": fake.word()}),
        }

    def asset(_: int) -> dict[str, Any]:
        return {
            "owner_id": dice.choice(people),
            "sha256": dice.randbytes(32),
            "storage_key": f"faked/{fake.uuid4()}",
            "filename": fake.file_name(extension="stl"),
            "media_type": "model/stl",
            "byte_size": int(dice.lognormvariate(12, 2)) + 1,
            "status": "uploaded",
            "created_at": fake.date_time_this_year(tzinfo=UTC),
        }

    def event(_: int) -> dict[str, Any]:
        at = fake.date_time_this_year(tzinfo=UTC)
        return {
            "occurred_at": at,
            "received_at": at,
            "subject_key": fake.sha256(),
            "event_name": dice.choice(["page.view", "search.run", "design.view"]),
            "path": "/" + fake.uri_path(),
            "referrer_host": fake.safe_domain_name(),
            "country": fake.country_code(),
            "props": Jsonb({"campaign": fake.word()}),
        }

    def text(n: int) -> dict[str, Any]:
        blocks = [{"type": "paragraph", "text": fake.paragraph(5)} for _ in range(6)]
        return {
            "author_id": dice.choice(people),
            "kind": "article",
            "slug": f"{fake.slug()[:60]}-{n}",
            "title": fake.sentence(nb_words=6)[:200],
            "locale": "en",
            "summary": fake.text(160),
            "body_blocks": Jsonb(blocks),
            "created_at": fake.date_time_this_year(tzinfo=UTC),
        }

    return {"core.users": user, "core.designs": design, "core.assets": asset, "core.analytics": event, "core.content": text}
