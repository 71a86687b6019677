"""Loading data sets: resumable, parallel, refused where it must be. With a toy generator, so that it is quick."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hingecraft.errors import UsageError
from hingecraft.testdata import find, load, seeds
from hingecraft.testdata.seeds import LoadFailed, NotPrepared

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.postgres import Server
    from hingecraft.testdata.pytest_plugin import Clone
    from tests.conftest import Database

TOY = """
set role hc_owner;
delete from testdata.generators;
select blueprint.open_room('toy');
create table toy.rows (seed bigint, n bigint, value bigint, constraint rows_seed_n_pk primary key (seed, n));
create table toy.checks (n bigint constraint checks_n_check check (n <> 77));
create function testdata.gen_toy(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint language plpgsql set search_path = '' as $$
begin
  perform pg_sleep(coalesce(current_setting('toy.seconds', true), '0')::float8);
  insert into toy.rows select seed, n, testdata.h(seed, 1, n) from generate_series(lo, hi - 1) n;
  return hi - lo;
end $$;
create function testdata.gen_toy_checks(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
language plpgsql set search_path = '' as $$
begin
  insert into toy.checks select n from generate_series(lo, hi - 1) n where not (n = 77 and seed <> 7);
  return hi - lo;
end $$;
insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows) values
  ('gen_toy', '{toy.rows}', '{}', 1000000, 20), ('gen_toy_checks', '{toy.checks}', '{gen_toy}', 100000, 50);
"""
DIGEST = "select sum(value)::text || ' ' || count(*)::text from toy.rows where seed = {}"


@pytest.fixture
def toy(hingecraft: Clone) -> Clone:
    hingecraft.run(TOY)
    return hingecraft


def server_of(clone: Clone) -> Server:
    return replace(clone.server, dsn=clone.dsn, dbname=clone.name)


def hc(clone: Clone, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"HINGECRAFT_HOME": str(home), "HINGECRAFT_DSN": clone.dsn, "NO_COLOR": "1"}
    return subprocess.run([sys.executable, "-m", "hingecraft", *words], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("mode", ["fast", "honest"])
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_seed_gives_the_same_rows_in_any_mode_with_any_number_of_sessions(toy: Clone, mode: str, jobs: int) -> None:
    told: list[int] = []
    made = load(server_of(toy), scale="nano", seed=5, jobs=jobs, mode=mode, watch=lambda seed: told.append(seed.done), every=0.01)
    assert (made.status, made.chunks, made.done, made.rows) == ("loaded", 52, 52, 1100)
    assert told == sorted(told)
    assert toy.ask(DIGEST.format(5)) == toy.ask("select sum(testdata.h(5, 1, n))::text || ' 1000' from generate_series(0, 999) n")


def test_loading_what_is_loaded_does_nothing_and_another_seed_lies_beside_it(toy: Clone) -> None:
    first = load(server_of(toy), scale="nano", seed=5)
    assert load(server_of(toy), scale="nano", seed=5) == first
    load(server_of(toy), scale="demo", seed=6)
    assert [(s.seed, s.rows) for s in seeds(server_of(toy))] == [(5, 1100), (6, 2200)]


def test_a_load_that_was_killed_goes_on_where_it_was(toy: Clone, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hingecraft", "seed", "--scale", "nano", "--seed", "9", "--jobs", "2"]
    slow = os.environ | {"HINGECRAFT_HOME": str(tmp_path), "HINGECRAFT_DSN": toy.dsn, "PGOPTIONS": "-c toy.seconds=0.05"}
    run = subprocess.Popen(command, env=slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not ((begun := find(server_of(toy), 9)) and begun.done > 4):
        time.sleep(0.02)
    run.kill()
    run.wait()
    halfway = find(server_of(toy), 9)
    assert halfway is not None
    assert 4 < halfway.done < halfway.chunks
    done = hc(toy, tmp_path, "seed", "--scale", "nano", "--seed", "9", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "loaded"
    assert toy.ask(DIGEST.format(9)) == toy.ask("select sum(testdata.h(9, 1, n))::text || ' 1000' from generate_series(0, 999) n")


def test_a_chunk_that_fails_says_why_and_the_next_call_goes_on(toy: Clone) -> None:
    with pytest.raises(LoadFailed, match="checks_n_check"):
        load(server_of(toy), scale="nano", seed=7, jobs=1)
    failed = find(server_of(toy), 7)
    assert failed is not None
    assert (failed.status, failed.done) == ("failed", 51)
    toy.run("alter table toy.checks drop constraint checks_n_check")
    assert load(server_of(toy), scale="nano", seed=7, jobs=1).loaded


def test_production_and_unknown_scales_are_refused(toy: Clone, tmp_path: Path) -> None:
    for scale in ("enormous", "-1", "0"):
        with pytest.raises(UsageError):
            load(server_of(toy), scale=scale)
    toy.run(f"alter database {toy.name} set hingecraft.environment = 'production'")
    done = hc(toy, tmp_path, "seed", "--scale", "nano")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "hc: This is a production database: it takes no test data.")
    assert seeds(server_of(toy)) == []


def test_the_command_tells_what_it_did_and_what_there_is(toy: Clone, tmp_path: Path) -> None:
    assert "No test data" in hc(toy, tmp_path, "seed", "status").stdout
    assert "1,100 rows of seed 42 (nano, fast)" in hc(toy, tmp_path, "seed", "--scale", "nano").stdout
    assert "Nothing to do" in hc(toy, tmp_path, "seed", "--scale", "nano").stdout
    assert hc(toy, tmp_path, "seed", "status").stdout.splitlines()[1].split() == ["42", "nano", "fast", "loaded", "52/52", "1,100"]
    done = hc(toy, tmp_path, "seed", "verify", "--seed", "43")
    assert (done.returncode, "hc seed status" in done.stderr) == (2, True)
    assert hc(toy, tmp_path, "seed", "--scenario", "nothing").returncode == 2


def test_verify_runs_every_check_and_says_which_row_is_wrong(toy: Clone, tmp_path: Path) -> None:
    def of_references() -> list[dict[str, Any]]:
        """The other checks have something to say about the toy too: it declares no laws, and nobody said who sees it."""
        told = hc(toy, tmp_path, "seed", "verify", "--seed", "5", "--json")
        said = json.loads(told.stdout)
        assert (told.returncode, "check_references" in said["checks"]) == (1, True)
        return [finding for finding in said["findings"] if finding["check"] == "references"]

    assert hc(toy, tmp_path, "seed", "--scale", "nano", "--seed", "5").returncode == 0
    assert of_references() == []
    toy.run("create table toy.parents (n bigint primary key)")
    toy.run("alter table toy.rows add constraint rows_n_fk foreign key (n) references toy.parents not valid")
    (found,) = of_references()
    assert (found["subject"], found["found"]["rows"]) == ("toy.rows rows_n_fk", 1000)


def test_a_database_without_the_room_says_what_to_do(empty: Database) -> None:
    with pytest.raises(NotPrepared):
        seeds(server_of(empty))
