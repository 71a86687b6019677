"""Scripts fall into statements at the right places, and canonical text tells a change from a new layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pglast import parse_sql

from hingecraft.blueprint.syntax import SqlSyntaxError, canonical, script, statements, walk

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint

SCRIPT = """\
-- héhé
/* outer /* inner */ still; */ create table core.t (x int);


create function core.f() returns int language sql
begin atomic
  select 1;
  select 2;
end;
select ';', $$ ; $$;;
select 'é', core.f()"""


def test_statements_start_where_they_start() -> None:
    found = [(each.kind, each.line, each.text.split()[0]) for each in statements(SCRIPT)]
    assert found == [
        ("CreateStmt", 2, "create"),
        ("CreateFunctionStmt", 5, "create"),
        ("SelectStmt", 10, "select"),
        ("SelectStmt", 11, "select"),
    ]
    assert all(SCRIPT[each.start :].startswith(each.text) for each in statements(SCRIPT))


def test_a_node_knows_its_line() -> None:
    parsed = script(SCRIPT)
    call = next(node for node in parsed.statements[-1].nodes if type(node).__name__ == "FuncCall")
    assert parsed.line(call.location) == 11


def test_a_walk_goes_in_source_order() -> None:
    tree = statements("select a from core.t where b = core.f(c) order by d")[0].node
    names = [node.fields[0].sval for node in walk(tree) if type(node).__name__ == "ColumnRef"]
    assert names == ["a", "b", "c", "d"]


def test_an_error_says_which_line() -> None:
    with pytest.raises(SqlSyntaxError, match='line 2: syntax error at or near "from"') as caught:
        statements("select 1;\nselect from from")
    assert caught.value.line == 2


def test_canonical_text_ignores_layout_and_comments() -> None:
    assert canonical("select  1 -- one\n , 2") == canonical("SELECT 1, 2")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alter table core.t alter x set default 1", "alter table core.t alter x set default 2"),
        ("create function f() returns int return 1", "create function f() returns int return 2"),
        ("comment on table core.t is 'a'", "comment on table core.t is 'b'"),
    ],
)
def test_canonical_text_tells_a_change(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_the_fast_parse_is_pglasts_own(blueprint: Blueprint) -> None:
    for task in blueprint.tasks.values():
        for sql in (task.deploy, task.verify):
            trees = tuple(statement.node for statement in statements(sql))
            assert trees == tuple(raw.stmt for raw in parse_sql(sql))
