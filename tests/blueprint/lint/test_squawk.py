"""squawk speaks at the block's own lines, and only of what can hold here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.lint import Finding, lint
from hingecraft.blueprint.lint.squawk import NEVER, _program

from .test_rules import block

if TYPE_CHECKING:
    from hingecraft.blueprint.task import Task

pytestmark = pytest.mark.skipif(
    _program() is None and not os.environ.get("HINGECRAFT_REQUIRE_ALL"),
    reason="squawk is not installed (pip install squawk-cli)",
)


def squawks(*tasks: Task) -> list[Finding]:
    return [finding for finding in lint(tasks) if finding.rule.startswith("squawk-")]


def test_a_finding_stands_at_the_line_of_the_block() -> None:
    found = squawks(block("select 1;\n\ncreate table core.t (\n  a int,\n  b char(3)\n);"))
    assert [(each.rule, each.task, each.line) for each in found] == [("squawk-ban-char-field", "BUILD_0016", 1614)]


def test_a_table_of_the_same_build_has_no_rows_to_lock() -> None:
    index = block("create index users_name_idx on core.users (name);", number=17)
    table = block("create table core.users (name text);")
    assert [each.rule for each in squawks(index)] == ["squawk-require-concurrent-index-creation"]
    assert squawks(table, index) == []


def test_what_the_engine_does_itself_is_left_out() -> None:
    deploy = "create table core.users (n int); alter table core.other add column n text;"
    assert {each.rule.removeprefix("squawk-") for each in squawks(block(deploy))}.isdisjoint(NEVER)


def test_a_block_outside_a_transaction_may_build_concurrently() -> None:
    deploy = "select 1; create index concurrently users_name_idx on core.users (name);"
    assert [each.rule for each in squawks(block(deploy))] == ["squawk-ban-concurrent-index-creation-in-transaction"]
    assert squawks(block(deploy, flags=("no-transaction",))) == []


def test_a_waiver_names_the_rule_with_its_prefix() -> None:
    waivers = {"squawk-ban-char-field": "fixed-width codes of a bank"}
    assert squawks(block("create table core.t (b char(3));", waivers=waivers)) == []
