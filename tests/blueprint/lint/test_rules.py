"""Every rule: blocks that trip it and blocks that do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hingecraft.blueprint.lint import Finding, lint, rulebook
from hingecraft.blueprint.task import Task

NAMES = "select core.f() = 1;"


def block(deploy: str = "select 1;", verify: str = NAMES, number: int = 16, **fields: Any) -> Task:
    given: dict[str, Any] = {
        "id": f"BUILD_{number:04d}", "action": "x", "title": f"Title {number}", "category": "c", "component": "room",
        "does": "It does.", "proves": "It proves.", "deploy": deploy, "verify": verify, "file": "room.sql",
        "line": number * 100, "deploy_line": number * 100 + 10, "verify_line": number * 100 + 50,
        "revert_line": number * 100 + 80,
    }  # fmt: skip
    return Task(**(given | fields))


def found(rule: str, *tasks: Task) -> list[Finding]:
    return [finding for finding in lint(tasks, squawk=False) if finding.rule == rule]


FUNCTION = "create function core.f() returns int "
TABLE = "create table core.users (id int);"
POLICY = "create policy p on core.users to hc_a "
FK = "create table core.orders (user_id int constraint orders_user_id_fk references core.users, n int);"
TAKES = "create or replace function core.f() returns int return 2;"

# rule -> (tasks that trip it, tasks that do not), each a list of (deploy, verify) or tasks
CASES: dict[str, tuple[list[Task | list[Task]], list[Task | list[Task]]]] = {
    "empty-verify": (
        [block(verify=""), block(verify="-- nothing\n")],
        [block(), block("", "", step="hingecraft.deployment:render")],
    ),
    "constant-verify": (
        [
            block(verify="select true;"),
            block(verify="select 1 = 1, now() is not null;"),
            block(verify="select length(x) = 1 from (values ('a')) v(x);"),
            block(verify="set local work_mem = '5MB';"),
            block(verify="do $$ begin null; end $$;"),
        ],
        [
            block(verify="select count(*) = 1 from core.users;"),
            block(verify="select core.f() = 1;"),
            block(verify="select has_table_privilege('hc_a', 'core.users', 'select');"),
            block(verify="select 'a'::core.email is not null;"),
            block(verify="select true; select current_setting('x.y') = 'z';"),
            block(verify="do $$ begin raise 'no'; end $$;"),
            block(verify="insert into core.users values (1);"),
        ],
    ),
    "raw-claims": (
        [
            block(verify=NAMES + "set local request.jwt.claims = '{}';"),
            block(verify=NAMES + "select set_config('request.jwt.claims', '{}', true);"),
        ],
        [
            block(verify=NAMES + "select core.act_as('00000000-0000-7000-8000-000000000012', 'hc_member');"),
            block(verify=NAMES + "set local request.headers = '{}';"),
        ],
    ),
    "unnamed-constraint": (
        [
            block("create table core.users (id int primary key);"),
            block("create table core.users (id int, check (id > 0));"),
            block("alter table core.users add foreign key (id) references core.t;"),
            block("alter table core.users add column x int unique;"),
            block("create domain core.email as text check (value <> '');"),
        ],
        [
            block("create table core.users (id int not null default 1 constraint users_id_pk primary key);"),
            block("create domain core.email as text not null constraint email_check check (value <> '');"),
            block("create temporary table found (id int primary key);"),
        ],
    ),
    "unnamed-index": (
        [block("create index on core.users (id);")],
        [block("create index users_id_idx on core.users (id);")],
    ),
    "constraint-name": (
        [
            block("create table core.users (id int constraint pk primary key);"),
            block("create table core.users (id int constraint users_id_key primary key);"),
            block("create table core.users (id int constraint people_id_pk primary key);"),
            block("create index users_id on core.users (id);"),
            block("create index users_id_key on core.users (id);"),
            block("create domain core.email as text constraint address_check check (value <> '');"),
        ],
        [
            block("create table core.users (id int constraint users_id_pk primary key,"
                  " a int constraint users_a_key unique);"),
            block("alter table core.users add constraint users_during_excl exclude using gist (during with &&);"),
            block("create unique index users_id_key on core.users (id);"
                  " create index users_a_b_idx on core.users (a, b);"),
            block("create domain core.email as text constraint email_check check (value <> '');"),
        ],
    ),
    "keyword-case": (
        [block("SELECT 1;"), block("select 1 AS x;"), block(revert="DROP table core.t;")],
        [block("select 'SELECT', \"SELECT\", $$ CREATE TABLE $$; -- IN CAPITALS")],
    ),
    "unqualified-name": (
        [
            block("create table users (id int);"),
            block("create view core.v as select * from users;"),
            block("create function f() returns int return 1;"),
            block("create table core.t (a email);"),
            block("create trigger t before update on core.users for each row execute function touch();"),
            block("comment on table users is 'x';"),
            block("drop function f(int);"),
            block(verify="select f() = 1;"),
        ],
        [
            block("create table core.t (a int, b timestamp with time zone, c jsonb[], d regclass default 'core.t');"),
            block("create view core.v as with users as (select 1 as id) select id, lower('x') from users, pg_class;"),
            block("create temporary table found (id int); insert into found select count(*) from core.users;"),
            block("comment on schema core is 'x'; drop role hc_a;"),
            block("create trigger t after insert on core.t referencing new table as rows execute function core.f();"),
            block("create view core.v as select c.id from core.t c for update of c; create temporary view w as select 1; select * from w;"),
        ],
    ),
    "missing-comment": (
        [
            block(TABLE),
            block(TABLE + "comment on table core.users is 'Users';"),
            block("alter table core.users add column name text;"),
            block(FUNCTION + "return 1;"),
            block("create view core.v as select 1;"),
            block("create materialized view core.v as select 1;"),
        ],
        [
            block(TABLE + "comment on table core.users is 'Users'; comment on column core.users.id is 'Id';"),
            [block(FUNCTION + "return 1;"), block("comment on function core.f() is 'F';", number=17)],
            block("create table core.users_1 partition of core.users default;"),
            block("create temporary table found (id int);"),
        ],
    ),
    "function-search-path": (
        [
            block(FUNCTION + "language sql as 'select 1';"),
            block(FUNCTION + "language plpgsql set search_path = core as 'begin return 1; end';"),
        ],
        [
            block(FUNCTION + "return 1;"),
            block(FUNCTION + "begin atomic select 1; end;"),
            block(FUNCTION + "language plpgsql set search_path = '' as 'begin return 1; end';"),
        ],
    ),
    "definer-reason": (
        [
            block(FUNCTION + "security definer return 1;"),
            block(FUNCTION + "security definer return 1; comment on function core.f is 'F';"),
        ],
        [
            block(FUNCTION + "return 1;"),
            block(FUNCTION + "security definer return 1;"
                  " comment on function core.f is 'F. Security definer: the key is closed.';"),
        ],
    ),
    "view-security": (
        [
            block("create view core.v as select 1;"),
            block("create view core.v with (security_invoker = false) as select 1;"),
            block("create view core.v with (security_barrier) as select 1; comment on view core.v is 'V';"),
        ],
        [
            block("create view core.v with (security_invoker) as select 1;"),
            block("create view core.v with (security_invoker = on) as select 1;"),
            block("create view core.v with (security_barrier = true) as select 1;"
                  "comment on view core.v is 'V. Reads as its owner: callers see no table.';"),
            block("create materialized view core.v as select 1;"),
        ],
    ),
    "fk-index": (
        [
            block(FK),
            block(FK + "create index orders_n_user_id_idx on core.orders (n, user_id);"),
            block(FK + "create index orders_user_id_idx on core.orders (user_id) where n > 3;"),
            block("create table core.o (a int, b int); alter table core.o add constraint o_a_b_fk foreign key (a, b)"
                  " references core.p; create index o_a_idx on core.o (a);"),
        ],
        [
            block(FK + "create index orders_user_id_n_idx on core.orders (user_id, n);"),
            block(FK + "create index orders_user_id_idx on core.orders (user_id) where user_id is not null;"),
            [block(FK), block("create index orders_user_id_idx on core.orders (user_id);", number=17)],
            block("create table core.o (a int constraint o_a_pk primary key constraint o_a_fk references core.p);"),
            block("create table core.o (a int, b int, constraint o_b_a_key unique (b, a),"
                  " constraint o_a_b_fk foreign key (a, b) references core.p);"),
            block(FK + "comment on constraint orders_user_id_fk on core.orders is 'Owner. @unindexed: 3 rows.';"),
        ],
    ),
    "rls-forced": (
        [
            block(TABLE, number=3),
            block(TABLE + "alter table core.users enable row level security;", number=3),
        ],
        [
            block(TABLE + "alter table core.users enable row level security, force row level security;", number=3),
            [block("select 1;", number=15), block(TABLE, needs=("BUILD_0015",))],
            [block("select 1;", number=15), block("select 1;", needs=("BUILD_0015",)),
             block(TABLE, number=17, needs=("BUILD_0016",))],
        ],
    ),
    "grant-to-public": (
        [
            block("grant select on core.users to public;"),
            block("alter default privileges grant select on tables to hc_a, public;"),
        ],
        [block("grant select on core.users to hc_a; revoke all on core.users from public;")],
    ),
    "secret": (
        [
            block("select 'postgres://app:" + "hunter2@db/x';"),
            block("insert into core.keys values ('AKIA" + "ABCDEFGHIJKLMNOP');"),
            block("create role hc_a password 'x';"),
            block(verify="select core.f('-----BEGIN RSA " + "PRIVATE KEY-----');"),
        ],
        [block("create role hc_a login; select 'https://example.org/a@b', 'password', 'AKIA';")],
    ),
    "if-not-exists": (
        [
            block("create table if not exists core.users (id int);"),
            block("alter table core.users add column if not exists x int;"),
            block("alter type core.mood add value if not exists 'sad';"),
            block("create extension if not exists citext;"),
        ],
        [block(TABLE), block("drop view if exists core.v;")],
    ),
    "cascade": (
        [
            block("drop table core.users cascade;"),
            block("alter table core.users drop column id cascade;"),
            block("truncate core.users cascade;"),
            block(revert="drop view core.v cascade;"),
        ],
        [block("drop table core.users; alter table core.t add constraint t_u_fk foreign key (u) references core.u"
               " on delete cascade;")],
    ),
    "or-replace": (
        [
            [block(FUNCTION + "return 1;"), block(TAKES, number=17)],
            [block("create view core.v as select 1;"), block("create or replace view core.v as select 2;", number=17)],
        ],
        [block(TAKES), [block(FUNCTION + "return 1;"), block(TAKES, number=17, waivers={"or-replace": "a slot"})]],
    ),
    "policy-role": (
        [
            block("create policy p on core.users using (true);"),
            block("create policy p on core.users to public using (true);"),
        ],
        [block(POLICY + "using (true);")],
    ),
    "policy-init-plan": (
        [
            block(POLICY + "using (owner = core.me());"),
            block(POLICY + "with check (core.has_role('hc_admin'));"),
            block("alter policy p on core.users using (owner = current_setting('a.b')::uuid);"),
        ],
        [
            block(POLICY + "using (owner = (select core.me()));"),
            block(POLICY + "using (owner = any ((select core.my_ids())::uuid[]) and lower(name) = 'x');"),
            block(POLICY + "using (core.visible(id));"),
        ],
    ),
    "one-policy": (
        [
            block(POLICY + "using (true); create policy q on core.users for select to hc_b, hc_a using (true);"),
            [block("create policy p on core.users for select to hc_a using (true);"),
             block("create policy q on core.users for select to hc_a using (false);", number=17)],
        ],
        [
            block("create policy p on core.users for select to hc_a using (true);"
                  " create policy q on core.users for insert to hc_a with check (true);"),
            block(POLICY + "using (true); create policy q on core.users to hc_b using (true);"),
            block(POLICY + "using (true); create policy q on core.users as restrictive to hc_a using (true);"),
            block(POLICY + "using (true); drop policy p on core.users;"
                  " create policy q on core.users to hc_a using (true);"),
        ],
    ),
    "missing-revert": (
        [block("do $$ begin end $$;"), block("drop table core.users;")],
        [
            block(TABLE),
            block("do $$ begin end $$;", revert="select 1;"),
            block("drop table core.users;", irreversible="its rows are gone"),
        ],
    ),
    "needless-revert": (
        [block(TABLE, revert="drop table core.users;")],
        [block(TABLE), block("do $$ begin end $$;", revert="select 1;")],
    ),
    "header": (
        [block(does=""), block(proves=" "), block(title="")],
        [block()],
    ),
    "title": (
        [[block(title="Same"), block(number=17, title="Same")]],
        [[block(), block(number=17)]],
    ),
    "syntax": (
        [block("select from from;"), block(verify="selec 1;")],
        [block()],
    ),
    "undeclared-need": (
        [[block(TABLE), block("select 1 from core.users;", number=17)]],
        [[block(TABLE), block("select 1 from core.users;", number=17, needs=("BUILD_0016",))]],
    ),
    "superfluous-need": (
        [[block(TABLE), block(number=17, needs=("BUILD_0016",))]],
        [[block(TABLE), block("select 1 from core.users;", number=17, needs=("BUILD_0016",))]],
    ),
    "unused-waiver": (
        [block(waivers={"cascade": "there was one once"})],
        [block("drop view core.v cascade;", waivers={"cascade": "its dependents are all ours"})],
    ),
    "unknown-waiver": (
        [block(waivers={"casacde": "a slip"})],
        [block(waivers={"cascade": "once", "squawk-ban-drop-table": "it is empty", "mutation": "only a time-out"})],
    ),
}  # fmt: skip


def _group(tasks: Task | list[Task]) -> list[Task]:
    return [tasks] if isinstance(tasks, Task) else tasks


@pytest.mark.parametrize(("rule", "tasks"), [(rule, each) for rule, (bad, _) in CASES.items() for each in bad])
def test_rule_finds(rule: str, tasks: Task | list[Task]) -> None:
    findings = found(rule, *_group(tasks))
    assert findings
    assert all(finding.task in {task.id for task in _group(tasks)} and finding.line > 0 for finding in findings)


@pytest.mark.parametrize(("rule", "tasks"), [(rule, each) for rule, (_, good) in CASES.items() for each in good])
def test_rule_leaves_alone(rule: str, tasks: Task | list[Task]) -> None:
    assert found(rule, *_group(tasks)) == []


def test_every_rule_is_tested_and_says_what_it_is_for() -> None:
    assert rulebook().keys() == CASES.keys()
    assert [name for name, about in rulebook().items() if not about.endswith(".") or "\n" in about] == []


def test_a_finding_stands_at_the_line_of_the_file() -> None:
    task = block("select 1;\n\ncreate function core.f() returns int\n  language sql as 'select 1';", "select 1;\n\nselect f();")
    assert {finding.rule: finding.line for finding in lint([task], squawk=False) if finding.severity == "error"} == {
        "function-search-path": 1612, "missing-comment": 1612, "unqualified-name": 1652, "constant-verify": 1650,
    }  # fmt: skip


def test_a_waiver_silences_its_rule_in_its_block_alone() -> None:
    bad = block("drop view core.v cascade;", revert="")
    waived = replace(bad, id="BUILD_0017", title="Other", waivers={"cascade": "all ours"})
    assert [finding.task for finding in found("cascade", bad, waived)] == ["BUILD_0016"]


def test_a_finding_is_a_document() -> None:
    finding = found("cascade", block("drop view core.v cascade;"))[0]
    assert finding.as_json() == {
        "rule": "cascade", "severity": "error", "task": "BUILD_0016", "file": "room.sql", "line": 1610,
        "message": "says `cascade`", "hint": "Name what goes, one by one.",
    }  # fmt: skip
