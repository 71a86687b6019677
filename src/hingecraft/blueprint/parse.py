"""Task blocks: from a component file to tasks.

A file is plain SQL. A marker is a comment line at column 0; the same text inside a string, a function body or a
block comment is text. After the title comes the header, then the deploy SQL, then `-- verify` and, where the
engine cannot infer it, `-- revert`:

    -- task: BUILD_0043 create_indexes [critical|high|medium] [superuser] [no-transaction] [drill]
    -- title: ...
    -- does: ...            a header may go on in lines that start with two dashes and three spaces
    -- proves: ...
    -- needs: BUILD_0042, BUILD_0014
    -- step: package.module:object      instead of SQL: an object with deploy(ctx), verify(ctx), revert(ctx)
    -- irreversible: why                instead of a revert that cannot exist
    -- lint: allow <rule>: <reason>
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hingecraft.blueprint.errors import BlueprintError, did_you_mean
from hingecraft.blueprint.task import FLAGS, PRIORITIES, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADERS = ("title", "does", "proves", "needs", "step", "irreversible", "lint")
TASK_ID = re.compile(r"BUILD_\d{4}")

_SECTION = re.compile(r"-- (?:task:(.*)|(verify|revert)[ \t]*)$")
_HEADER = re.compile(r"-- ([a-z]+):(.*)$")
_WAIVER = re.compile(r"allow ([\w-]+): (\S.*)")


@dataclass
class _Block:
    file: str
    line: int
    words: list[str]
    headers: dict[str, str] = field(default_factory=dict)
    waivers: dict[str, str] = field(default_factory=dict)
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)  # name -> first line, line after the last

    def error(self, message: str, line: int | None = None) -> BlueprintError:
        return BlueprintError(self.file, line or self.line, message)


def parse(text: str, file: str, category: str, component: str) -> list[Task]:
    """Read one component file.

    Raises BlueprintError with file and line for whatever does not fit the format.
    """
    lines = text.split("\n")
    sections = [(n, m) for n in _comment_lines(text, file) if (m := _SECTION.match(lines[n - 1]))]
    ends = [*(n for n, _ in sections[1:]), len(lines) + 1][: len(sections)]
    blocks: list[_Block] = []
    for (number, section), end in zip(sections, ends, strict=True):
        name = section[2]
        if name is None:
            block = _Block(file, number, section[1].split())
            blocks.append(block)
            block.parts["deploy"] = (_read_headers(block, lines, end), end)
        elif not blocks:
            raise BlueprintError(file, number, f"'-- {name}' stands before the first '-- task:'")
        elif name in blocks[-1].parts:
            raise blocks[-1].error(f"{' '.join(blocks[-1].words[:1])} has a second '-- {name}'", number)
        else:
            blocks[-1].parts[name] = (number + 1, end)
    return [_task(block, lines, category, component) for block in blocks]


def _read_headers(block: _Block, lines: list[str], end: int) -> int:
    """Read the comment lines after the title; returns the number of the first line that is no header."""
    last: str | None = None
    for number in range(block.line + 1, end):
        line = lines[number - 1]
        header = _HEADER.match(line)
        if last and line.startswith("--   "):
            block.headers[last] += " " + line[2:].strip()
        elif header is None:
            return number
        elif header[1] == "lint":
            last = None
            _waive(block, header[2], number)
        elif header[1] not in HEADERS:
            raise block.error(f"unknown header '{header[1]}:'{did_you_mean(header[1], HEADERS)}", number)
        elif header[1] in block.headers:
            raise block.error(f"a second '{header[1]}:' in {' '.join(block.words[:1])}", number)
        else:
            last = header[1]
            block.headers[last] = header[2].strip()
    return end


def _waive(block: _Block, value: str, number: int) -> None:
    waiver = _WAIVER.fullmatch(value.strip())
    if waiver is None:
        raise block.error("write '-- lint: allow <rule>: <reason>'", number)
    block.waivers[waiver[1]] = waiver[2]


def _task(block: _Block, lines: list[str], category: str, component: str) -> Task:
    if not block.words:
        raise block.error("'-- task:' needs an id and an action, as BUILD_0043 create_indexes")
    task_id, *words = block.words
    if not TASK_ID.fullmatch(task_id):
        raise block.error(f"'{task_id}' is no task id: BUILD_ and four digits")
    if not words:
        raise block.error(f"{task_id} names no action, as create_indexes")
    action, *marks = words
    for mark in marks:
        if mark not in PRIORITIES + FLAGS:
            raise block.error(f"{task_id}: unknown word '{mark}'{did_you_mean(mark, PRIORITIES + FLAGS)}")
    for required in ("title", "does", "proves"):
        if not block.headers.get(required):
            raise block.error(f"{task_id} has no '-- {required}:'")
    deploy, deploy_line = _part(block, "deploy", lines)
    verify, verify_line = _part(block, "verify", lines)
    revert, revert_line = _part(block, "revert", lines)
    if not deploy and "step" not in block.headers:
        raise block.error(f"{task_id} has no SQL to deploy")
    return Task(
        id=task_id,
        action=action,
        title=block.headers["title"],
        category=category,
        component=component,
        does=block.headers["does"],
        proves=block.headers["proves"],
        needs=_needs(block),
        priority=next((m for m in marks if m in PRIORITIES), "high"),
        flags=tuple(m for m in marks if m in FLAGS),
        step=block.headers.get("step"),
        irreversible=block.headers.get("irreversible"),
        waivers=block.waivers,
        deploy=deploy,
        verify=verify,
        revert=revert if "revert" in block.parts else None,
        file=block.file,
        line=block.line,
        deploy_line=deploy_line,
        verify_line=verify_line,
        revert_line=revert_line,
    )


def _needs(block: _Block) -> tuple[str, ...]:
    needs = [word for word in re.split(r"[,\s]+", block.headers.get("needs", "")) if word]
    for need in needs:
        if not TASK_ID.fullmatch(need):
            raise block.error(f"{block.words[0]} needs '{need}', which is no task id")
    return tuple(dict.fromkeys(needs))


def _part(block: _Block, name: str, lines: list[str]) -> tuple[str, int]:
    """The text of a part without blank lines around it, and the line of the file it starts on."""
    first, end = block.parts.get(name, (0, 0))
    while first < end and not lines[first - 1].strip():
        first += 1
    while end > first and not lines[end - 2].strip():
        end -= 1
    return "\n".join(lines[first - 1 : end - 1]) if first < end else "", first


def _comment_lines(text: str, file: str) -> Iterator[int]:
    """Numbers of the lines that are a comment from column 0 on, as PostgreSQL's own scanner sees them."""
    from pglast.parser import ParseError, scan

    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    try:
        tokens = scan(text)
    except ParseError as error:
        message, *position = error.args
        raise BlueprintError(file, bisect_right(starts, position[0] if position else 0), message) from error
    for token in tokens:
        if token.name == "SQL_COMMENT":
            number = bisect_right(starts, token.start)
            if starts[number - 1] == token.start:
                yield number
