"""A changed task is brought to its new version in place: as if the new one had been deployed from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hingecraft.blueprint.invert import plan_revert, reapply, reapply_sql, replaceable, resolve

from .conftest import catalog, differences

if TYPE_CHECKING:
    import psycopg

SETUP = """
create role hc_a;
create role hc_b;
create schema core;
create table core.users (id int, name text);
comment on table core.users is 'Users';
grant update on core.users to hc_b;
create function core.touch() returns trigger language plpgsql as $$ begin return new; end $$;
create function core.slot() returns int language sql return 1;
alter default privileges revoke execute on functions from public;
"""

CHANGES = {
    "a function body": (
        "create function core.f() returns int language sql return 1;",
        "create function core.f() returns int language sql return 2;",
    ),
    "a function another object depends on": (
        """create function core.f() returns int language sql return 1;
        create view core.v as select core.f() as f;""",
        """create function core.f() returns int language sql return 2;
        create view core.v as select core.f() as f, 2 as g;""",
    ),
    "a grant that is gone and one that is new": (
        """create function core.f() returns int return 1;
        grant execute on function core.f to hc_a, hc_b;
        grant select on core.users to hc_a;""",
        """create function core.f() returns int return 1;
        grant execute on function core.f to hc_a;
        grant insert on core.users to hc_b;""",
    ),
    "privileges of columns of a view": (
        "create view core.v as select id, name from core.users; grant select (id) on core.v to hc_a;",
        "create view core.v as select id, name from core.users; grant select (name) on core.v to hc_b;",
    ),
    "comments": (
        """create view core.v as select 1 as x;
        comment on view core.v is 'a';
        comment on column core.v.x is 'x';
        comment on table core.users is 'b';""",
        """create view core.v as select 1 as x;
        comment on view core.v is 'c';
        comment on column core.users.id is 'd';""",
    ),
    "policies and triggers": (
        """create policy p on core.users to hc_a using (id = 1);
        comment on policy p on core.users is 'P';
        create policy q on core.users to hc_b using (true);
        create trigger t before update on core.users for each row execute function core.touch();
        create constraint trigger c after insert on core.users for each row execute function core.touch();""",
        """create policy p on core.users for select to hc_b using (id = 2);
        create trigger t after insert on core.users for each row execute function core.touch();
        create constraint trigger c after update on core.users for each row execute function core.touch();""",
    ),
    "what is gone": (
        """create function core.f() returns int return 1;
        create function core.g() returns int return core.f();
        create view core.v as select core.g() as g;""",
        "create function core.h() returns int return 1;",
    ),
    "another signature": (
        "create function core.f(int) returns int return 1;",
        "create function core.f(text) returns text return '1';",
    ),
    "another task's function": (
        "create or replace function core.slot() returns int language sql return 2;",
        "create or replace function core.slot() returns int language sql return 3;",
    ),
    "another task's function, no more": (
        """create or replace function core.slot() returns int language sql return 2;
        comment on function core.slot is 's';""",
        "create function core.f() returns int return 1;",
    ),
    "an own function made with or replace": (
        "create or replace function core.f() returns int return 1;",
        "create or replace function core.f() returns int return 2;",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_in_place_is_as_if_deployed_anew(name: str, conn: psycopg.Connection[Any]) -> None:
    old, new = CHANGES[name]
    conn.execute(SETUP.encode())
    clean = catalog(conn)
    conn.execute("savepoint anew")
    conn.execute(new.encode())
    wanted = catalog(conn)
    conn.execute("rollback to anew")

    old_revert = resolve(plan_revert(old), conn)
    conn.execute(old.encode())
    change = reapply(new, old_revert)
    assert change is not None
    conn.execute("\n".join(change.restore).encode() or b"select 1")
    new_revert = resolve(plan_revert(new), conn, change.own)
    conn.execute("\n".join(change.change).encode())
    assert differences(wanted, catalog(conn)) == []
    conn.execute(new_revert.encode())
    assert differences(clean, catalog(conn)) == []


@pytest.mark.parametrize(
    ("new", "old_revert"),
    [
        ("create table core.t (id int);", ""),
        ("create function core.f() returns int return 1; insert into core.users values (1);", ""),
        ("create function core.f() returns int return 1;", "drop table core.t;"),
        ("create function core.f() returns int return 1;", "alter table core.users drop column x;"),
        (
            "create function core.f(a int) returns int return 1;",
            "drop function core.f(integer); create or replace function core.f(a int) returns int return 2;",
        ),
    ],
)
def test_what_holds_data_is_not_changed_in_place(new: str, old_revert: str) -> None:
    assert reapply_sql(new, old_revert) is None


def test_replaceable_tells_functions_from_tables() -> None:
    assert replaceable("set local role hc_a; create view core.v as select 1 as x; comment on view core.v is 'V';")
    assert not replaceable("create index users_name_idx on core.users (name);")
    assert not replaceable("do $$ begin end $$;")
    assert not replaceable("grant select on all tables in schema core to hc_a;")
