"""The pytest plugin, used as its users would: from a folder that knows nothing of this project."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.testdata.pytest_plugin import Clone

THEIRS = """
import pytest

ADA = "insert into core.users (handle, email, status) values ('ada', 'ada@example.org', 'active') returning id"

@pytest.mark.parametrize("run", range(6))
def test_each_has_a_database_of_its_own(hingecraft, run):
    ada = hingecraft.ask(ADA)
    with hingecraft.acting(ada) as connection:
        assert connection.execute("select count(*) from core.users").fetchone() == (1,)
"""


@pytest.fixture
def ada(hingecraft: Clone) -> str:
    return str(hingecraft.ask("insert into core.users (handle, email, status) values ('ada', 'ada@example.org', 'active') returning id"))


def test_tests_of_somebody_else_run_with_the_plugin_alone(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(THEIRS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "hingecraft.testdata.pytest_plugin", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert re.search(r"^6 passed", done.stdout, re.MULTILINE), done.stdout + done.stderr


def test_acting_is_the_persons_rights_and_no_more(hingecraft: Clone, ada: str) -> None:
    with hingecraft.acting(ada) as connection:
        assert connection.execute("select core.current_user_id()::text").fetchone() == (ada,)
        connection.execute("update core.users set display_name = 'Ada'")
    assert hingecraft.ask("select display_name from core.users") == "Ada"
    with pytest.raises(psycopg.errors.InsufficientPrivilege), hingecraft.acting(ada) as connection:
        connection.execute("update core.users set status = 'suspended'")


def test_an_error_rolls_back_what_was_done_while_acting(hingecraft: Clone, ada: str) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), hingecraft.acting(ada) as connection:
        connection.execute("update core.users set display_name = 'Ada' where 1 / 0 is null")
    assert hingecraft.ask("select display_name is null from core.users")


def test_anonymous_and_extra_claims(hingecraft: Clone, ada: str) -> None:
    with hingecraft.acting(role="hc_anon") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select from core.users")
    with hingecraft.acting(ada, claims={"aal": "aal2"}) as connection:
        assert connection.execute("select core.auth_level()").fetchone() == ("aal2",)


def test_plain_claims_are_passed_as_they_are(hingecraft: Clone, ada: str) -> None:
    with hingecraft.acting(ada, plain=True) as connection:
        found = connection.execute("select current_setting('request.jwt.claims')::jsonb ->> 'sub'").fetchone()
    assert found == (ada,)
