"""`hc bench`: each benchmark runs its two sides in turn, on a cluster of its own with fsync on, and prints the ratio."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.analysis import Analyst
from hingecraft.blueprint.engine import OWNER, Engine, Options
from hingecraft.blueprint.load import Blueprint, load
from hingecraft.blueprint.prove import Prover
from hingecraft.blueprint.prove import prove as run_prove
from hingecraft.blueprint.run import Report, build, revert, verify
from hingecraft.blueprint.task import LEDGER_TASKS
from hingecraft.blueprint.wire import Wire
from hingecraft.errors import UsageError
from hingecraft.postgres import EmbeddedCluster, Server, connect, copy_database, scratch_server
from hingecraft.postgres._server import open_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Measured:
    """Seconds of both sides, pair by pair. `ratio` is the median of the pairs' ratios."""

    name: str
    baseline: str
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return median(a / b for a, b in zip(self.ours, self.theirs, strict=True)) if self.theirs else None

    def as_json(self) -> dict[str, Any]:
        ratio = self.ratio
        return {
            "name": self.name,
            "baseline": self.baseline,
            "ratio": round(ratio, 3) if ratio is not None else None,
            "runs": [{"ours": round(a, 4), "baseline": round(b, 4)} for a, b in zip(self.ours, self.theirs or self.ours, strict=True)],
            "unit": "seconds",
            **self.facts,
        }


@dataclass
class Bench:
    """What every benchmark needs: the blueprint, a server, and warm caches as on any machine that built once."""

    blueprint: Blueprint
    server: Server
    folder: Path
    programs: Path
    runs: int

    @contextmanager
    def engine(self, kind: type[Engine] = Engine, dbname: str = "ours", *, fresh: bool = True) -> Iterator[Engine]:
        if fresh:
            self.recreate(dbname)
        wire = Wire(connect(self.server, dbname=dbname), lambda: connect(self.server, dbname=dbname))
        try:
            yield kind(wire, Analyst(self.folder / "analysis.json"), Options())
        finally:
            wire.close()

    def recreate(self, dbname: str, template: str = "template1") -> None:
        with connect(self.server, dbname="postgres") as admin:
            admin.execute(f'drop database if exists "{dbname}" with (force)')
            admin.execute(f'create database "{dbname}" template "{template}"')
            admin.execute("checkpoint")

    def built(self, dbname: str = "ours") -> Report:
        with self.engine(dbname=dbname) as engine:
            report = build(self.blueprint, engine, self.blueprint.order)
        if report.error:
            raise report.error
        return report

    def psql(self, script: Path, dbname: str) -> float:
        self.recreate(dbname)
        began = time.perf_counter()
        command = [
            str(self.programs / "psql"),
            "-X",
            "-q",
            "-1",
            "-v",
            "ON_ERROR_STOP=1",
            "-o",
            "/dev/null",
            "-f",
            str(script),
            self.server.dsn_of(dbname),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UsageError(f"psql: {done.stderr.strip()}")
        return time.perf_counter() - began


_IDS = """insert into blueprint.tasks (id, component, category, action, title, details, seq)
  select 'BUILD_' || lpad(n::text, 4, '0'), 'c', 'c', 'a', 'title ' || n, '{"behaviour": "b", "verify": "v"}', n
  from generate_series(1, 1000) n;"""
"""The least that verifies of the ledger expect of it; psql itself keeps none."""


def same_sql(blueprint: Blueprint) -> str:
    """Deploy and verify of every task as one script for `psql -1`: what the engine runs, without ledger and verdict."""
    parts = ["set search_path = '';", "set client_min_messages = warning;"]
    for task in blueprint.order:
        if task.step or not task.transactional:
            continue
        role = "reset role;" if task.superuser or task.id == LEDGER_TASKS[0] else f"set role {OWNER};"
        parts += [
            role,
            task.deploy,
            ";",
            "savepoint v;",
            task.verify,
            ";",
            "rollback to savepoint v;",
            "release savepoint v;",
        ]
        if task.id == LEDGER_TASKS[-1]:
            parts.append(_IDS)
    return "\n".join(parts)


def bench_build(bench: Bench) -> Measured:
    """The whole build with ledger and attribution, against psql -1 fed the same deploy and verify SQL."""
    measured = Measured("build", "psql -1 -f of the same deploy and verify SQL")
    script = bench.folder / "same.sql"
    script.write_text(same_sql(bench.blueprint), encoding="utf-8")
    bench.built()
    bench.psql(script, "theirs")
    for _ in range(bench.runs):
        measured.ours.append(bench.built().seconds)
        measured.theirs.append(bench.psql(script, "theirs"))
    measured.facts["tasks"] = len(bench.blueprint.order)
    return measured


def bench_noop(bench: Bench) -> Measured:
    """A build that finds nothing to do: the engine's own time, and a whole `hc build` process."""
    measured = Measured("noop", "none: absolute seconds of a whole process")
    bench.built()
    engine_seconds = []
    command = [sys.executable, "-m", "hingecraft", "build", "--dsn", bench.server.dsn_of("ours")]
    subprocess.run(command, capture_output=True, check=True)
    for _ in range(bench.runs):
        began = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        measured.ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        blueprint = load(cache=bench.folder / "blocks.json")
        with bench.engine(fresh=False) as engine:
            build(blueprint, engine, blueprint.order)
        engine_seconds.append(time.perf_counter() - began)
    measured.facts["engine_seconds"] = round(median(engine_seconds), 4)
    return measured


def bench_verify(bench: Bench) -> Measured:
    """Every verify again, against psql running the same verify SQL."""
    measured = Measured("verify", "psql -f of the same verify SQL")
    bench.built()
    script = bench.folder / "verify.sql"
    tasks = [t for t in bench.blueprint.order if not t.step]
    role = {t.id: "reset role;" if t.superuser or t.id == LEDGER_TASKS[0] else f"set role {OWNER};" for t in tasks}
    script.write_text(
        "set search_path = '';\n" + "\n".join(f"begin; {role[t.id]}\n{t.verify}\n; rollback;" for t in tasks),
        encoding="utf-8",
    )
    times: dict[str, list[float]] = {}
    for _ in range(bench.runs):
        with bench.engine(fresh=False) as engine:
            report = verify(engine, bench.blueprint.order)
        if bad := report.having("failed"):
            raise UsageError(f"{bad[0].task.id} does not hold: {bad[0].reason}")
        for outcome in report.outcomes:
            times.setdefault(outcome.task.id, []).append(outcome.ms)
        measured.ours.append(report.seconds)
        began = time.perf_counter()
        command = [
            str(bench.programs / "psql"),
            "-X",
            "-q",
            "-o",
            "/dev/null",
            "-f",
            str(script),
            bench.server.dsn_of("ours"),
        ]
        subprocess.run(command, capture_output=True, check=True)
        measured.theirs.append(time.perf_counter() - began)
    each = {i: median(ms) for i, ms in times.items()}
    slowest = max(each, key=lambda i: each[i])
    measured.facts |= {
        "median_ms": round(median(each.values()), 2),
        "slowest": slowest,
        "slowest_ms": round(each[slowest], 1),
    }
    return measured


def bench_prove(bench: Bench) -> Measured:
    """The whole proof with the final full revert, against one apply."""
    measured = Measured("prove", "one apply of the same tasks")
    bench.built()
    for _ in range(bench.runs):
        with bench.engine(Prover, "proof") as prover:
            assert isinstance(prover, Prover)
            proof = run_prove(bench.blueprint, prover, bench.blueprint.order)
        measured.ours.append(proof.seconds)
        measured.theirs.append(bench.built().seconds)
        measured.facts |= {"proven": len(proof.proven), "total": proof.total, "clean_revert": not proof.left}
    return measured


def bench_revert(bench: Bench) -> Measured:
    """A full revert, against one apply."""
    measured = Measured("revert", "one apply of the same tasks")
    for _ in range(bench.runs):
        measured.theirs.append(bench.built().seconds)
        with bench.engine(fresh=False) as engine:
            report = revert(bench.blueprint, engine, bench.blueprint.tasks)
        if report.error:
            raise report.error
        measured.ours.append(report.seconds)
    return measured


def bench_seed(bench: Bench) -> Measured:
    """A seed of scale factor 0.05 in fast mode and two sessions, against COPY of the same rows; Faker with executemany beside it."""
    from benchmarks.seeding import HONEST_SCALE, SESSIONS, Seeding

    measured = Measured("seed", "COPY (binary) of the same rows, in two sessions too")
    bench.built("built")

    def clone(dbname: str) -> None:
        bench.recreate(dbname, template="built")

    seeding = Seeding(bench.server, clone, bench.folder)
    for _ in range(bench.runs):
        seed, seconds = seeding.ours()
        core, memory = seeding.core_rate(), seeding.peak_mib
        copied, copying = seeding.copied()
        measured.ours.append(seconds / seed.rows * 1e6)
        measured.theirs.append(copying / copied * 1e6)
    fakes = seeding.faked()
    measured.facts |= {
        "unit": "microseconds a row",
        "rows": seed.rows,
        "rows_copied": copied,
        "rows_per_second": round(seed.rows / seconds),
        "core_rows_per_second": round(core * SESSIONS),
        "peak_worker_mib": round(memory),
        "faker_rows_per_second": {table: round(rate) for table, rate in fakes.items()},
        "times_faker": round(seed.rows / seconds / median(fakes.values()), 1),
    }
    honest, honest_seconds = seeding.ours(scale=HONEST_SCALE, mode="honest")
    measured.facts["honest_rows_per_second"] = round(honest.rows / honest_seconds)
    measured.facts["honest_core_rows_per_second"] = round(seeding.core_rate() * SESSIONS)
    measured.facts["honest_peak_worker_mib"] = round(seeding.peak_mib)
    measured.facts["event_rows_per_second"] = {table: round(rate * SESSIONS) for table, rate in seeding.event_rates().items()}
    return measured


def bench_clone(bench: Bench) -> Measured:
    """A test's own copy of the built database with a first connection, as the plugin makes it, against the server's default; in memory."""
    measured = Measured("clone", "create database ... strategy wal_log, the default")
    with scratch_server(name="bench") as server, connect(server, dbname="postgres") as admin:
        admin.execute("create database built")
        wire = Wire(connect(server, dbname="built"), lambda: connect(server, dbname="built"))
        report = build(bench.blueprint, Engine(wire, Analyst(bench.folder / "analysis.json"), Options()), bench.blueprint.order)
        wire.close()
        if report.error:
            raise report.error
        for number in range(10 * bench.runs):
            for seconds, strategy in ((measured.ours, "file_copy"), (measured.theirs, "wal_log")):
                began = time.perf_counter()
                copy_database(admin, "built", f"{strategy}_{number}", strategy=strategy)
                connect(server, dbname=f"{strategy}_{number}").close()
                seconds.append(time.perf_counter() - began)
                admin.execute(f"drop database {strategy}_{number} with (force)")
    return measured


BENCHES: dict[str, Callable[[Bench], Measured]] = {
    "build": bench_build,
    "noop": bench_noop,
    "verify": bench_verify,
    "prove": bench_prove,
    "revert": bench_revert,
    "seed": bench_seed,
    "clone": bench_clone,
}


@contextmanager
def workbench(runs: int) -> Iterator[Bench]:
    """A durable cluster on disk for as long as the benchmark runs."""
    folder = Path(tempfile.mkdtemp(prefix="hingecraft-bench-"))
    folder.chmod(0o755)
    cluster = EmbeddedCluster(folder / "cluster", programs=EmbeddedCluster().programs())
    try:
        server = open_cluster(cluster)
        yield Bench(load(cache=folder / "blocks.json"), server, folder, Path(cluster.programs().bin), runs)
    finally:
        cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def main(name: str, *, runs: int, as_json: bool) -> None:
    """Run one benchmark on a cluster of its own and print what it measured."""
    if name not in BENCHES:
        raise UsageError(f"There is no benchmark {name}.", hint=", ".join(BENCHES))
    with workbench(runs) as bench:
        measured = BENCHES[name](bench)
    document = measured.as_json()
    if as_json:
        print(json.dumps(document, indent=2))
        return
    unit = measured.facts.get("unit", "s")
    print(f"{name}: {median(measured.ours):.3f} {unit} (median of {runs})")
    if measured.ratio is not None:
        print(f"{measured.baseline}: {median(measured.theirs):.3f} {unit}; ratio {measured.ratio:.2f}")
    for key, value in measured.facts.items():
        print(f"{key}: {value}")
