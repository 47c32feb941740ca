"""sandbox/docs/sandbox.md: its examples run, in order, against a sandbox process; its tables name all there is."""

from __future__ import annotations

import inspect
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
import typer
from typer.testing import CliRunner

from twinshelf_sandbox import command
from twinshelf_sandbox.app import build
from twinshelf_sandbox.bigcommerce import switches as store_switches
from twinshelf_sandbox.faults import Fault, Kind, rules_of
from twinshelf_sandbox.tiktok import switches as shop_switches
from twinshelf_sandbox.tiktok.regions import REGIONS

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "sandbox.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    language: str
    text: str
    line: int


def blocks() -> list[Block]:
    return [Block(m[1], m[2], PAGE[: m.start()].count("\n") + 2) for m in BLOCK.finditer(PAGE)]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """(command, what it should print) of a console block."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield line, output


def matches(expected: str, printed: str) -> bool:
    """Whether a text is as shown: `…` stands for anything, also for many lines."""
    return re.fullmatch(re.escape(expected.strip()).replace("…", ".*"), printed.strip(), re.DOTALL) is not None


class Reader:
    """Someone who follows the page from top to bottom."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        self.names: dict[str, object] = {}
        self.process: subprocess.Popen[str] | None = None

    def here(self, text: str) -> str:
        return text.replace("8790", self.port)

    def start(self, arguments: list[str]) -> str:
        assert self.process is None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "twinshelf_sandbox", *arguments, "--port", self.port],
            cwd=self.folder, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        printed = ""
        for line in self.process.stdout:
            printed += line
            if "listens on" in line:
                break
        return printed

    def say(self, line: str) -> str:
        program, *arguments = line.split()
        assert program == "twinshelf-sandbox"
        if not set(arguments) & set(command_names()):
            return self.start(arguments)
        address = f"http://127.0.0.1:{self.port}"
        result = CliRunner().invoke(command.app, arguments, env={"TWINSHELF_SANDBOX": address, "COLUMNS": "160"})
        assert result.exit_code == 0, f"{line}\n{result.output}"
        return result.output

    def follow(self, block: Block) -> None:
        if block.language == "console":
            for line, expected in commands(block.text):
                printed = self.say(line)
                assert matches(self.here(expected), printed), f"line {block.line}: {line} printed\n{printed}"
        elif block.language == "python":
            code = compile("\n" * (block.line - 1) + self.here(block.text), "docs/sandbox.md", "exec")
            exec(code, self.names)
        elif block.language == "toml":
            assert [rule.action for rule in rules_of(tomllib.loads(block.text))] == ["status", "lose"]
        else:
            raise AssertionError(block.language)

    def end(self) -> int | None:
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.mark.covers("BEY-06")
@pytest.mark.skipif(os.name != "posix", reason="the page ends the sandbox by a signal")
def test_every_example_does_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reader = Reader(tmp_path)
    try:
        for block in blocks():
            reader.follow(block)
    finally:
        code = reader.end()
    assert code == 0
    assert {block.language for block in blocks()} == {"console", "python", "toml"}


def command_names() -> list[str]:
    return list(typer.main.get_group(command.app).commands)


def test_the_page_names_every_command_and_option():
    click = typer.main.get_command(command.app)
    options = {option for one in click.params for option in one.opts if option != "--help"} - {
        "--region", "--install-completion", "--show-completion",
    }  # fmt: skip
    assert {option for option in options if f"`{option}" not in PAGE} == set()
    assert {name for name in command_names() if f"twinshelf-sandbox {name}" not in PAGE} == set()


def test_the_page_names_every_kind_of_fault_and_every_field():
    assert {kind for kind in get_args(Kind) if f"`{kind}`" not in PAGE} == set()
    fields = {name for name in Fault.__dataclass_fields__ if name not in {"id", "seen", "struck", "since", "action"}}
    assert {name for name in fields if f"`{name}`" not in PAGE} == set()


@pytest.mark.parametrize("switches", [store_switches.SWITCHES, shop_switches.SWITCHES], ids=["store", "shop"])
def test_the_page_lists_every_switch_as_it_is(switches):
    rows = [f"| `{name}` | `{json.dumps(value)}` | {text} |" for name, (value, text) in switches.items()]
    assert [row for row in rows if row not in PAGE] == []


def test_the_page_names_only_actions_and_regions_there_are():
    sandbox = build()
    named = set(re.findall(r"\b(?:bc|tt|shopper)\.[a-z_]+\b", PAGE))
    assert named - set(sandbox.world.actions) == set()
    assert {region for region in REGIONS if not re.search(rf"\b{region}\b", PAGE)} == set()
    buy = inspect.signature(sandbox.world.actions["shopper.buy"]).parameters
    used = {"pay", "seller_discount", "platform_discount", "shipping_fee", "tax", "sample", "cod", "must_split"}
    assert used <= set(buy)
    sandbox.close()
