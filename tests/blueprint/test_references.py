"""Names are found wherever SQL can hide them, and `needs` are held against what is used."""

from __future__ import annotations

import pytest

from hingecraft.blueprint.references import References, references, undeclared
from hingecraft.blueprint.task import Task

USES = {
    "select * from core.users": {"relation core.users"},
    "select core.me()": {"function core.me"},
    "create table core.t (a core.email, b uuid default core.next(), c int references core.users)": {
        "type core.email", "function core.next", "relation core.users", "relation core.t",
    },
    "create table core.t (a int check (core.fits(a)))": {"function core.fits", "relation core.t"},
    "create policy p on core.users to hc_member using (owner = (select core.me()))": {
        "relation core.users", "role hc_member", "function core.me",
    },
    "create trigger t after insert on core.users for each row execute function core.touch()": {
        "relation core.users", "function core.touch",
    },
    "comment on column core.users.name is 'Name'": {"relation core.users"},
    "comment on function core.f(core.email) is 'F'": {"function core.f", "type core.email"},
    "comment on schema core is 'Core'": {"schema core"},
    "grant select on core.users to hc_anon": {"relation core.users", "role hc_anon"},
    "grant hc_anon to hc_member": {"role hc_anon", "role hc_member"},
    "grant usage on schema core to hc_anon": {"schema core", "role hc_anon"},
    "grant select on all tables in schema core to hc_anon": {"schema core", "role hc_anon"},
    "alter table core.users owner to hc_owner": {"relation core.users", "role hc_owner"},
    "alter function core.f(int) owner to hc_owner": {"function core.f", "role hc_owner"},
    "alter type core.mood rename to temper": {"type core.mood"},
    "alter domain core.email set not null": {"type core.email"},
    "drop function core.f(int), core.g": {"function core.f", "function core.g"},
    "drop view core.v": {"relation core.v"},
    "set local role hc_member": {"role hc_member"},
    "set local role none": set(),
    "select 'core.users'::regclass, 'hc_a'::regrole, 'core'::regnamespace": {
        "relation core.users", "role hc_a", "schema core",
    },
    "select 'core.f(int)'::regprocedure": {"function core.f"},
    "select nextval('core.numbers'), to_regclass('core.users')": {"object core.numbers", "object core.users"},
    "select 'core.users is a name in a text'": set(),
    "create index i on core.t (a extensions.gin_trgm_ops)": {"relation core.t", "object extensions.gin_trgm_ops"},
    "select 1 from core.t where a operator(extensions.%) b": {"relation core.t", "object extensions.%"},
    "select core.users.name from core.users": {"relation core.users", "object core.users"},
    "select * from pg_catalog.pg_class, information_schema.tables, users": set(),
    "select blueprint.raises($$ insert into core.users values (core.me()) $$, '23505')": {
        "function blueprint.raises", "relation core.users", "function core.me",
    },
    "select blueprint.raises(sql, state) from (values ('delete from core.users', '23503')) t(sql, state)": {
        "function blueprint.raises", "relation core.users",
    },
}  # fmt: skip

BODIES = {
    "create function core.f() returns int language sql as 'select core.g(x.id) from core.users x'": {
        "function core.g", "relation core.users",
    },
    "create function core.f() returns int language sql begin atomic select core.g(); end": {"function core.g"},
    """create function core.f(a core.email) returns setof core.users language plpgsql as $$
    declare row core.users%rowtype; address core.email := core.fallback();
    begin
      for row in select * from core.people loop perform core.note(row.id); end loop;
      execute 'delete from core.gone';
      execute format('insert into core.log (at) values (%L)', now());
      -- core.comment is only mentioned
      raise exception 'core.text is only text';
    end $$""": {
        "type core.email", "type core.users", "object core.users", "object core.email", "object core.fallback",
        "object core.people", "object core.note", "object row.id", "relation core.gone", "object core.log",
    },
    "do $$ begin perform core.work(); end $$": {"object core.work"},
}  # fmt: skip


@pytest.mark.parametrize("sql", [*USES, *BODIES])
def test_every_used_name_is_found(sql: str) -> None:
    assert {name.label for name in references(sql).uses} == {**USES, **BODIES}[sql]


CREATES = {
    "create table core.users (id int)": {"relation core.users"},
    "create temporary table found (id int)": set(),
    "create index users_idx on core.users (id)": {"index core.users_idx"},
    "create view core.v as select 1": {"relation core.v"},
    "create materialized view core.m as select 1": {"relation core.m"},
    "create sequence core.s": {"relation core.s"},
    "create function core.f() returns int return 1": {"function core.f"},
    "create aggregate core.a(int) (sfunc = int4pl, stype = int)": {"function core.a"},
    "create domain core.email as text": {"type core.email"},
    "create type core.mood as enum ()": {"type core.mood"},
    "create type core.pair as (a int)": {"type core.pair"},
    "create schema core": {"schema core"},
    "create role hc_a": {"role hc_a"},
    "create extension citext": {"extension citext"},
    "do $$ begin create role hc_a; end $$": {"role hc_a"},
    "select blueprint.open_room('core', 1)": {"schema core"},
    "select blueprint.ensure_role(name) from (values ('hc_a', 'nologin')) roles(name, attributes)": {"role hc_a"},
}


@pytest.mark.parametrize("sql", CREATES)
def test_what_a_script_makes_is_found(sql: str) -> None:
    assert {name.label for name in references(sql).creates} == CREATES[sql]


def test_or_replace_may_be_of_another_task() -> None:
    found = references("create or replace function core.f() returns int return 1; create or replace view core.v as select 1")
    assert found.creates == ()
    assert {name.label for name in found.replaces} == {"function core.f", "relation core.v"}


def test_lines_count_from_the_script_also_inside_bodies() -> None:
    sql = "select 1;\n\ndo $$\nbegin\n  perform core.work();\nend $$;\nselect\n  core.me();"
    assert {name.label: name.line for name in references(sql).uses} == {"object core.work": 5, "function core.me": 8}


def test_references_survive_a_cache() -> None:
    found = references("create table core.t (a core.email); create or replace view core.v as select 1 from core.u")
    assert References.from_json(found.to_json()) == found


def _task(number: int, deploy: str, *needs: int, verify: str = "") -> Task:
    return Task(
        id=f"BUILD_{number:04d}", action="x", title=str(number), category="c", component="r",
        deploy=deploy, verify=verify, needs=tuple(f"BUILD_{need:04d}" for need in needs),
        file="room.sql", line=number * 100, deploy_line=number * 100 + 5, verify_line=number * 100 + 50,
    )  # fmt: skip


USERS = _task(1, "create table core.users (id int);")
ME = _task(2, "create function core.me() returns int return 1;", 1)


def _found(*tasks: Task) -> list[tuple[str, str, int]]:
    return [(finding.rule, finding.message, finding.line) for finding in undeclared(tasks)]


def test_an_undeclared_use_names_both_tasks_the_object_and_the_line() -> None:
    third = _task(3, "select 1;\nselect * from core.users;")
    assert _found(USERS, third) == [("undeclared-need", "BUILD_0003 uses relation core.users of BUILD_0001, which it does not need", 306)]


def test_a_use_in_the_verify_counts() -> None:
    third = _task(3, "select 1;", verify="select 2;\n\nselect core.me() = 1;")
    assert ("undeclared-need", "BUILD_0003 uses function core.me of BUILD_0002, which it does not need", 352) in _found(
        USERS, _task(2, ME.deploy), third
    )


def test_a_need_of_a_need_is_enough() -> None:
    assert [rule for rule, *_ in _found(USERS, ME, _task(3, "select core.me() from core.users;", 2))] == ["superfluous-need"]


def test_a_need_that_brings_another_is_not_superfluous() -> None:
    assert _found(USERS, _task(2, "select 1 from core.users;", 1), _task(3, "select 1 from core.users;", 2)) == []


def test_a_need_of_which_nothing_is_used_is_a_hint() -> None:
    third = _task(3, "select * from core.users;", 1, 2)
    found = undeclared([USERS, _task(2, ME.deploy), third])
    assert [(finding.severity, finding.message) for finding in found] == [("hint", "BUILD_0003 needs BUILD_0002, but uses nothing of it")]


def test_an_object_belongs_to_the_first_task_that_creates_it() -> None:
    replacing = _task(3, "create or replace function core.me() returns int return 2;", 2)
    fourth = _task(4, "select core.me();", 2)
    assert "undeclared-need" not in {rule for rule, *_ in _found(USERS, ME, replacing, fourth)}


def test_what_nobody_made_by_name_belongs_to_who_opened_its_schema() -> None:
    first = _task(1, "create schema extensions; create extension pg_trgm schema extensions;")
    second = _task(2, "create index users_idx on core.users using gin (name extensions.gin_trgm_ops);")
    assert _found(first, second) == [
        ("undeclared-need", "BUILD_0002 uses object extensions.gin_trgm_ops of BUILD_0001, which it does not need", 205)
    ]


def test_a_need_whose_effect_counts_is_no_hint() -> None:
    second = _task(2, "alter table core.users add constraint users_id_pk primary key (id);", 1)
    assert _found(USERS, second, _task(3, "select 1 from core.users;", 1, 2)) == []


def test_what_a_verify_makes_for_itself_is_not_another_tasks() -> None:
    second = _task(2, "create table core.probe (id int);")
    third = _task(3, "select 1;", verify="create table core.probe (id int); select count(*) = 0 from core.probe;")
    assert _found(second, third) == []


def test_judgement_waits_for_needs_that_are_not_there_yet() -> None:
    assert _found(USERS, _task(3, "select * from core.users;", 7)) == []
