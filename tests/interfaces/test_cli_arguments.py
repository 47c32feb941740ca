"""Whatever is written at the prompt is answered by a sentence: every option of every command, with values it refuses.

One process tries each list of command lines: `_TRIED` below, in a folder and with settings of its own.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperGroup

from twinshelf.cli.app import app

NUMBERS = ("-5", "99999999999999999999", "x", "nan")
TEXTS = ("", "a\n’[/red]" * 300)
PATHS = ("/dev/null/x", "/")


def commands(group, before=()):
    for name, command in group.commands.items():
        yield (*before, name), command
        if isinstance(command, TyperGroup):
            yield from commands(command, (*before, name))


def options():
    """(command, its parameter) for everything that takes a value."""
    found = []
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for words, command in commands(group):
        if isinstance(command, TyperGroup) and words != ("sandbox",):
            continue
        found += [(words, one, command) for one in command.params if not getattr(one, "is_flag", False)]
    return found


def test_every_command_argument_and_option_says_what_it_is_for():
    group = typer.main.get_command(app)
    silent = [" ".join(words) for words, command in commands(group) if not (command.help or "").strip()]
    silent += [
        f"{' '.join(words)} {one.name}"
        for words, command in commands(group)
        for one in command.params
        if not (getattr(one, "help", None) or "").strip()
    ]

    assert silent == []


def _value(kind: str) -> str:
    return {"int": "1", "float": "1", "datetime": "2026-01-01"}.get(kind, "x")


def _bad(kind: str) -> tuple[str, ...]:
    return {"int": NUMBERS, "float": NUMBERS, "Path": PATHS, "datetime": NUMBERS}.get(kind, TEXTS)


def tries(port: int) -> list[list[str]]:
    """Command lines with one bad value each; those that would start something find its port taken."""
    lines = []
    for words, bad, command in options():
        others = []
        for one in command.params:
            if one is not bad and one.required:
                others += ([] if isinstance(one, TyperArgument) else [one.opts[0]]) + [_value(one.bare_type())]
        ends = {
            "serve": ["--port", str(port)],
            "web": ["--port", str(port)],
            "demo": ["--port", str(port), "--sandbox-port", str(port)],
        }
        if words in {
            ("sandbox",),
            ("worker",),
            ("connect",),
        }:  # the first is tried below, the last makes what is missing
            continue
        others = ends.get(words[0], []) + others
        for value in _bad(bad.bare_type()):
            given = ["--", value] if isinstance(bad, TyperArgument) else [f"{bad.opts[0]}={value}"]
            lines.append([*words, *others, *given])
    return lines


_TRIED = """
import contextlib, io, json, resource, sys
import typer
from twinshelf.cli import app

resource.setrlimit(resource.RLIMIT_AS, (4 * 1024**3, 4 * 1024**3))  # no value may take more memory
app.app = typer.main.get_command(app.app)  # once, not for each line

for line in json.load(sys.stdin):
    said = io.StringIO()
    sys.argv = ["twinshelf", *line]
    code = 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            app.main()
        except SystemExit as end:
            code = end.code or 0
        except BaseException as error:
            code = f"{type(error).__name__}: {error}"
    print(json.dumps([line, code, said.getvalue()]))
"""


def tried(lines: list[list[str]], folder: Path, **more: str) -> list[tuple[list[str], int | str, str]]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHELF_")}
    inherited.pop("DJANGO_SETTINGS_MODULE", None)
    nowhere = {"TWINSHELF_SANDBOX": "http://127.0.0.1:9"}  # commands that drive one reach none
    environment = {**inherited, **nowhere, "COLUMNS": "200", "NO_COLOR": "1", "TWINSHELF_LOG_LEVEL": "ERROR", **more}
    done = subprocess.run(
        [sys.executable, "-c", _TRIED], input=json.dumps(lines), cwd=folder, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def wrong(results: list[tuple[list[str], int | str, str]]) -> list[tuple[list[str], int | str, str]]:
    """Those that did not end with a code of ours, or said nothing, or what nobody can read."""
    return [
        (line, code, said[-600:])
        for line, code, said in results
        if code not in {0, 1, 2, 3} or "Traceback" in said or not said.strip()
    ]


def test_no_argument_of_any_command_ends_in_a_trace_or_makes_an_installation(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        results = tried(tries(taken.getsockname()[1]), tmp_path)

    assert len(results) > 100
    assert wrong(results) == []
    assert [line for line, code, _said in results if code == 0] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == []


NAMED = [
    (["tasks", "--limit", "-5"], "'--limit': Input should be greater than or equal to 1"),
    (["orders", "--limit", "1001"], "'--limit': Input should be less than or equal to 1000"),
    (["serve", "--port", "99999"], "'--port': Input should be less than or equal to 65535"),
    (["demo", "--products", "-5"], "'--products': Input should be greater than or equal to 0"),
    (["demo", "--catalog", "nowhere.csv"], "file 'nowhere.csv' does not exist"),
    (["demo", "--port", "8844", "--sandbox-port", "8844"], "Twinshelf and the sandbox need a port each"),
    (["--env", "nowhere.env", "orders"], "nowhere.env cannot be read: No such file or directory"),
    (["templates", "run-query"], "Name a template, or give some: --where"),
    (["problems", "--retry"], "Give its code, as in: twinshelf problems E-LST-IMG --retry"),
    (["sandbox", "clock", "--advance", "nan"], "--advance nan: a finite number"),
    (["sandbox", "--latency", "nan"], "--latency nan: 0 to 600,000 milliseconds"),
]


def test_what_is_wrong_is_named(tmp_path):
    results = tried([line for line, _says in NAMED], tmp_path)

    for (line, says), (_line, code, said) in zip(NAMED, results, strict=True):
        assert (line, code in {1, 2}, says in said) == (line, True, True)


SANDBOX = [["--host="], ["--state=/dev/null/x"], ["--snapshot=/dev/null"], ["--latency=nan"], ["--clock=nan"]]


def test_a_sandbox_that_cannot_start_says_why(tmp_path):
    """One that started all the same finds its port taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        rest = ["--products", "1", "--port", str(taken.getsockname()[1])]
        ended = tried([["sandbox", *rest, *bad] for bad in SANDBOX], tmp_path)

    assert wrong(ended) == []
    assert [line[-1] for line, code, said in ended if code == 0 or "in use" in said] == []
