"""Whole seeds with all generators: what they come to, that every check is content with them, and that they leave no trace.

When a generator changes, so does what its seeds come to. HINGECRAFT_REGENERATE=1 writes what is made now into the task block that
holds it (testdata.golden): look at the difference before it is committed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.load import database_folder
from hingecraft.testdata import find, load, remove, verify
from hingecraft.testdata.seeds import CheckFailed, LoadFailed

from .test_seeds import hc, server_of

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.testdata.pytest_plugin import Clone

GOLDEN = database_folder() / "test_data" / "12_checks" / "determinism.sql"
REGENERATE = os.environ.get("HINGECRAFT_REGENERATE") == "1"
LINES = r"""
select string_agg(concat_ws(' ', d.relation, d.rows, d.digest, testdata.version_of(d.relation)), e'\n' order by d.relation)
from testdata.digest(42) d
"""
TABLES = """
select c.oid::regclass::text from pg_class c
where c.relkind in ('r', 'p') and not c.relispartition
  and c.relnamespace::regnamespace::text in (select schema_name from blueprint.rooms where schema_name <> 'blueprint')
"""


def contents(clone: Clone) -> dict[str, str]:
    """What every table of every room adds up to, and the partitions there are."""
    with clone.connect() as connection:
        tables = [table for (table,) in connection.execute(TABLES).fetchall()]
        found = {
            table: str(connection.execute(f"select count(*), sum(hashtextextended(t::text, 0)) from {table} t".encode()).fetchone())
            for table in tables
        }
        partitions = connection.execute("select c.oid::regclass::text from pg_class c where c.relispartition order by 1").fetchall()
        return found | {"partitions": str(partitions)}


def recorded(profile: str) -> str:
    """The lines of a profile in the task block."""
    lines = re.search(rf"\('{profile}', \$\$\n(.*?)\n\$\$\)", GOLDEN.read_text(encoding="utf-8"), re.DOTALL)
    assert lines is not None
    return lines[1]


@pytest.mark.parametrize("profile", ["nano", "demo"])
def test_a_seed_is_as_recorded_passes_every_check_and_goes_without_a_trace(hingecraft: Clone, profile: str) -> None:
    before = contents(hingecraft)
    seed = load(server_of(hingecraft), scale=profile, seed=42, mode="fast", jobs=1)
    made = hingecraft.ask(LINES)
    if REGENERATE:
        text = GOLDEN.read_text(encoding="utf-8")
        GOLDEN.write_text(text.replace(f"('{profile}', $$\n{recorded(profile)}\n$$)", f"('{profile}', $$\n{made}\n$$)"), encoding="utf-8")
    else:
        assert made.splitlines() == recorded(profile).splitlines()
        if profile == "demo":  # nano is put to them below, with the same rows
            checks, findings = verify(server_of(hingecraft), seed)
            assert "check_golden" in checks
            assert findings == []
    remove(server_of(hingecraft), seed)
    assert contents(hingecraft) == before


@pytest.mark.skipif(REGENERATE, reason="what is recorded is being written")
def test_an_honest_load_that_was_killed_comes_to_the_same_and_leaves_nothing(hingecraft: Clone, tmp_path: Path) -> None:
    before = contents(hingecraft)
    command = [sys.executable, "-m", "hingecraft", "seed", "--scale", "nano", "--mode", "honest"]
    environment = os.environ | {"HINGECRAFT_HOME": str(tmp_path), "HINGECRAFT_DSN": hingecraft.dsn}
    run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not ((begun := find(server_of(hingecraft), 42)) and begun.done > 5):
        time.sleep(0.02)
    run.kill()
    run.wait()
    halfway = find(server_of(hingecraft), 42)
    assert halfway is not None
    assert 5 < halfway.done < halfway.chunks
    assert load(server_of(hingecraft), scale="nano", seed=42, mode="honest", jobs=4).loaded
    assert hingecraft.ask(LINES).splitlines() == recorded("nano").splitlines()
    assert hingecraft.ask("select count(*) > 1000 from automation.aggregate_heads where testdata.is_test_id(aggregate_id)")
    checked = hc(hingecraft, tmp_path, "seed", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.endswith(" checks, 0 findings.\n")
    assert hc(hingecraft, tmp_path, "seed", "remove", "--yes").stdout == "Seed 42 is gone.\n"
    assert contents(hingecraft) == before


@pytest.mark.parametrize("number", [5, 111, *(pytest.param(number, marks=pytest.mark.drill) for number in range(112, 142))])
def test_whatever_the_seed_every_check_passes(hingecraft: Clone, number: int) -> None:
    seed = load(server_of(hingecraft), scale="nano", seed=number)
    assert verify(server_of(hingecraft), seed)[1] == []


def test_a_real_row_in_a_seed_is_named_and_nothing_is_taken_away(hingecraft: Clone) -> None:
    hingecraft.run("set role hc_owner; delete from testdata.generators where name <> 'gen_users'")
    seed = load(server_of(hingecraft), scale="nano", seed=8, jobs=1)
    hingecraft.run("""
        insert into core.users (handle) values ('ada');
        insert into community.follows (follower_id, kind, target_id)
        select a.id, 'user', e.id from core.users a, testdata.entities e where a.handle = 'ada' and e.kind = 'user' and e.n = 3""")
    before = contents(hingecraft)
    with pytest.raises(LoadFailed, match=r"real rows stand on this seed: community\.follows"):
        remove(server_of(hingecraft), seed)
    assert contents(hingecraft) == before


def test_a_check_that_cannot_be_carried_out_is_named(hingecraft: Clone) -> None:
    hingecraft.run("""
        set role hc_owner;
        delete from testdata.generators where name <> 'gen_legal_documents';
        create or replace function testdata.check_keys(seed_id uuid) returns bigint language sql as 'select 1 / 0'""")
    seed = load(server_of(hingecraft), scale="nano", seed=8, jobs=1)
    with pytest.raises(CheckFailed, match="check_keys: division by zero"):
        verify(server_of(hingecraft), seed)
