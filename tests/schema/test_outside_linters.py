"""Linters of other people find nothing: dblint (Supabase's splinter) and schemalint, both from npm, on the built database.

They are looked for on the PATH and in .tools/node_modules/.bin: `npm install --prefix .tools @postgres-language-server/cli schemalint`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from hingecraft.blueprint.load import database_folder
from hingecraft.postgres import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Database

TOOLS = database_folder().parent / ".tools" / "node_modules" / ".bin"
STANDARD_ROLES = {"anon": "hc_anon", "authenticated": "hc_member", "service_role": "hc_owner"}
"""The roles splinter knows, and whose rights they are given here."""

LINTER = "outside_linter"

SCHEMALINT = """
module.exports = {
  connection: {connectionString: process.env.DSN},
  schemas: %s.map(name => ({name})),
  rules: {
    'row-level-security': ['error', {enforced: true}], 'require-primary-key': ['error', {}], 'index-referencing-column': ['error'],
    'prefer-jsonb-to-json': ['error'], 'prefer-timestamptz-to-timestamp': ['error'], 'prefer-text-to-varchar': ['error'],
    'prefer-identity-to-serial': ['error']},
};
"""


def program(name: str) -> str:
    found = shutil.which(name, path=f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        missing = f"{name} comes with npm: see {__name__}"
        if os.environ.get("HINGECRAFT_REQUIRE_ALL"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def url(database: Database) -> str:
    """The address of a test's database, for who cannot take its private socket."""
    with database.connect() as connection:
        return f"postgresql://{LINTER}:{LINTER}@127.0.0.1:{connection.info.port}/{database.name}"


@pytest.fixture
def rooms(built: Database) -> Iterator[list[str]]:
    """The schemas to be looked at, with the roles splinter asks for."""
    with built.connect() as connection:
        names = [name for (name,) in connection.execute("select schema_name from blueprint.rooms order by 1").fetchall()]
        connection.execute(f"create role {LINTER} superuser login password '{LINTER}'".encode())
        for role, like in STANDARD_ROLES.items():
            connection.execute(f"create role {role} nologin; grant {like} to {role}".encode())
        connection.execute(f"alter database {built.name} set pgrst.db_schemas = '{','.join(names)}'".encode())
    yield names
    with connect(built.server, dbname=built.name) as connection:
        for role in [LINTER, *STANDARD_ROLES]:
            connection.execute(f"drop role {role}".encode())


def test_splinter_finds_no_error_and_no_warning(built: Database, rooms: list[str]) -> None:
    command = [
        program("postgres-language-server"),
        "dblint",
        "--connection-string",
        url(built),
        "--max-diagnostics=none",
        "--reporter=json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    document = json.loads(done.stdout[done.stdout.index("{") :])
    found = [d for d in document["diagnostics"] if d["severity"] in ("error", "warning")]
    assert len(document["diagnostics"]) > 0, "it tells at least of unused indexes, or it has seen nothing"
    assert [d["message"] for d in found if not _known(built, d)] == []


def _known(database: Database, diagnostic: dict[str, Any]) -> bool:
    """What splinter cannot know.

    An SQL-standard body is bound when it is made, an aggregate and a procedure that commits may have no SET clause, and a view
    may say why it runs as its owner.
    """
    name = str((re.search(r"`([^`\\]+)", diagnostic["message"]) or [None, ""])[1])
    room, _, short = name.partition(".")
    match diagnostic["category"].rsplit("/", 1)[-1]:
        case "functionSearchPathMutable":
            bound = "prosqlbody is not null or prokind = 'a' or (prokind = 'p' and obj_description(oid) like '%commits%')"
            sql = f"select bool_or({bound}) from pg_proc where pronamespace = '{room}'::regnamespace and proname = '{short}'"
            return bool(database.ask(sql))
        case "securityDefinerView":
            return "runs as its owner on purpose" in str(database.ask(f"select obj_description('{name}'::regclass)")).lower()
    return False


def test_schemalint_finds_nothing(built: Database, rooms: list[str], tmp_path: Path) -> None:
    (tmp_path / ".schemalintrc.js").write_text(SCHEMALINT % json.dumps(rooms), encoding="utf-8")
    done = subprocess.run(
        [program("schemalint")], env=os.environ | {"DSN": url(built)}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    found = re.findall(r"^(\S+): error (\S+) : (.*)", done.stdout + done.stderr, re.MULTILINE)
    assert [f for f in found if not _partitioned_with_key(built, f)] == []
    assert done.returncode == int(bool(found)), done.stdout + done.stderr


def _partitioned_with_key(database: Database, finding: tuple[str, str, str]) -> bool:
    """schemalint does not see the primary key of a partitioned table."""
    sql = f"""select exists (select from pg_constraint k join pg_class c on c.oid = k.conrelid
      where c.oid = '{finding[0]}'::regclass and c.relkind = 'p' and k.contype = 'p')"""
    return finding[1] == "require-primary-key" and bool(database.ask(sql))
