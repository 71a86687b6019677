"""The proof itself: what it lets pass, and how it tells what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hingecraft.blueprint.mutate import Mutator, mutate
from hingecraft.blueprint.prove import Proof, Prover, prove
from hingecraft.blueprint.step import Context
from tests.conftest import block

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Database, Workspace

TABLE = "create table blueprint.probe (a int constraint probe_a_check check (a > 0));"
HOLDS = "select count(*) = 0 from blueprint.probe;"


def proof_of(database: Database, workspace: Workspace, *blocks: str) -> Proof:
    blueprint = workspace(*blocks)
    with database.engine(Prover) as prover:
        return prove(blueprint, prover, [t for t in blueprint.order if t.number > 1000])


def test_a_task_that_is_red_green_red_green_and_clean_is_proven(empty: Database, workspace: Workspace) -> None:
    proof = proof_of(empty, workspace, block(1001, TABLE, HOLDS))
    assert proof.proven == ["BUILD_1001"]
    assert proof.holds


def test_a_verify_that_passes_without_the_task_proves_nothing(empty: Database, workspace: Workspace) -> None:
    proof = proof_of(empty, workspace, block(1001, TABLE, "select 1 = 1;"))
    assert [(i, stage) for i, stage, _ in proof.unproven] == [("BUILD_1001", "before")]


def test_a_revert_that_does_nothing_is_seen_by_the_verify(empty: Database, workspace: Workspace) -> None:
    proof = proof_of(empty, workspace, block(1001, TABLE, HOLDS, revert="select 1;"))
    assert [stage for _, stage, _ in proof.unproven] == ["clean revert", "full revert"]
    assert any("probe" in str(left) for left in proof.left)


def test_a_revert_that_leaves_something_behind_is_not_clean(empty: Database, workspace: Workspace) -> None:
    deploy = f"{TABLE}\ncreate function blueprint.left_over() returns int language sql return 1;"
    proof = proof_of(empty, workspace, block(1001, deploy, HOLDS, revert="drop table blueprint.probe;"))
    assert [stage for _, stage, _ in proof.unproven] == ["clean revert", "full revert"]
    assert "left_over" in proof.unproven[0][2]


def test_a_verify_that_the_revert_does_not_turn_red_proves_nothing(empty: Database, workspace: Workspace) -> None:
    """What is reverted is clean, but the task's rows in another's table are what the verify looks at."""
    deploy = f"{TABLE}\ninsert into blueprint.seen values (1);"
    seen = block(1001, "create table blueprint.seen (n int);", "select count(*) >= 0 from blueprint.seen;")
    task = block(1002, deploy, "select count(*) = 1 from blueprint.seen;", needs="BUILD_1001", revert="drop table blueprint.probe;")
    proof = proof_of(empty, workspace, seen, task)
    assert [(i, stage) for i, stage, _ in proof.unproven] == [("BUILD_1002", "after revert")]


class Marker:
    """A Python step that leaves a row in a table of another task."""

    def deploy(self, ctx: Context) -> None:
        self._run(ctx, "insert into blueprint.probe values (2)")

    def verify(self, ctx: Context) -> bool:
        return self._run(ctx, "select from blueprint.probe where a = 2") == 1

    def revert(self, ctx: Context) -> None:
        self._run(ctx, "delete from blueprint.probe where a = 2")

    @staticmethod
    def _run(ctx: Context, sql: str) -> int:
        with ctx.connect() as connection:
            return connection.execute(sql.encode()).rowcount


marker = Marker()


def test_a_python_step_is_proven_too(empty: Database, workspace: Workspace, tmp_path: Path) -> None:
    step = block(1002, f"-- step: {__name__}:marker", "", needs="BUILD_1001").replace("\n-- verify\n", "")
    blueprint = workspace(block(1001, TABLE, "select count(*) >= 0 from blueprint.probe;"), step)
    with empty.engine(Prover) as prover:
        prover.step_context = lambda task: Context(task=task, home=tmp_path, connect=empty.connect)
        proof = prove(blueprint, prover, [blueprint["BUILD_1002"]])
    assert proof.unproven == []
    assert proof.proven == ["BUILD_1002"]


def test_a_task_declared_irreversible_says_why(empty: Database, workspace: Workspace) -> None:
    text = block(1001, "create type blueprint.mood as enum ('a');", "select 'a'::blueprint.mood is not null;")
    proof = proof_of(empty, workspace, text.replace("-- needs:", "-- irreversible: values stay\n-- needs:"))
    assert proof.irreversible == [("BUILD_1001", "values stay")]


def test_a_task_without_a_transaction_is_proven_too(empty: Database, workspace: Workspace) -> None:
    index = block(
        1002,
        "create index concurrently probe_a_idx on blueprint.probe (a);",
        "select indisvalid from pg_catalog.pg_index where indexrelid = 'blueprint.probe_a_idx'::regclass;",
        needs="BUILD_1001",
        marks="no-transaction",
    )
    proof = proof_of(empty, workspace, block(1001, TABLE, HOLDS), index)
    assert sorted(proof.proven) == ["BUILD_1001", "BUILD_1002"]
    assert proof.holds


def test_a_mutant_that_the_verify_does_not_look_at_survives(empty: Database, workspace: Workspace) -> None:
    deploy = f"{TABLE}\ncreate index probe_a_idx on blueprint.probe (a);\nalter table blueprint.probe enable row level security;"
    verify = (
        "do $$ begin insert into blueprint.probe values (0); raise 'not refused'; exception when check_violation then null; end $$;\n"
        "select relrowsecurity from pg_catalog.pg_class where oid = 'blueprint.probe'::regclass;"
    )
    blueprint = workspace(block(1001, deploy, verify))
    with empty.engine(Mutator) as mutator:
        score = mutate(blueprint, mutator, [blueprint["BUILD_1001"]])
    assert [survivor.label for survivor in score.survivors] == ["index blueprint.probe_a_idx dropped"]
    assert score.killed >= 3
