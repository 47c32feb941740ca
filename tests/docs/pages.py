"""Reading the pages of `docs/`, and writing those that are made from the code.

    .venv/bin/python -m tests.docs.pages        write the generated pages anew

A generated page is a row of GENERATED: its path and the function that gives its text. `test_reference_pages.py` fails
while a page differs from what its function gives. Pages that are written by hand are read by `table`, and their tests
compare the rows with the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from twinshelf.cli.app import app
from twinshelf.messages import MESSAGES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"


def table(text: str, *, columns: tuple[str, ...], heading: str | None = None) -> list[dict[str, str]]:
    """The rows of every Markdown table that has exactly these columns, below `heading` if one is given.

    Cells come without the spaces around them; `\\|` is a bar. Raises LookupError where there is no such table.
    """
    if heading is not None:
        _, found, text = text.partition(f"\n{heading}\n")
        if not found:
            raise LookupError(f"no heading {heading!r}")
        text = re.split(rf"\n#{{1,{heading.index(' ')}}} ", text, maxsplit=1)[0]
    rows: list[dict[str, str]] = []
    seen = reading = False
    for line in text.splitlines():
        cells = _cells(line)
        if cells is None:
            reading = False
        elif tuple(cells) == columns:
            seen = reading = True
        elif reading and not set("".join(cells)) <= set("-: "):
            rows.append(dict(zip(columns, cells, strict=True)))
    if not seen:
        raise LookupError(f"no table with the columns {', '.join(columns)}")
    return rows


def _cells(line: str) -> list[str] | None:
    if not line.startswith("|"):
        return None
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def code(cell: str) -> str:
    """What stands between backticks in a cell that holds nothing else."""
    if not re.fullmatch(r"`[^`]+`", cell):
        raise LookupError(f"{cell!r} is not one piece of code")
    return cell[1:-1]


def anchors(text: str) -> set[str]:
    """The ids of a page that can be linked to: `<a id="PRC-2">`."""
    return set(re.findall(r'<a id="([^"]+)">', text))


def row(*cells: str) -> str:
    """One row of a table; a bar inside a cell does not end it."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


# -- generated pages --------------------------------------------------------------------------------------------------

_COMMANDS = """\
# Commands

Every command of `twinshelf`, as `twinshelf --help` tells it. This page is generated:
`.venv/bin/python -m tests.docs.pages` writes it. The commands below `twinshelf sandbox` are described in the
documentation of the sandbox. `twinshelf --version` prints the version.

A command exits with 0 when it did what was asked; with 1 when it failed or, for `prove` and `doctor`, something was found
wrong; with 2 when it was called wrongly, or where there is no installation; with 3 when a part of what was asked failed and
the rest was done. Results go to standard output, problems and their remedies to standard error.

A command works with the installation of the environment (`TWINSHELF_DATA`, `TWINSHELF_DATABASE_URL`) or of
`twinshelf --env FILE`, else with the one in `./data`, else with the demo's in `./data/demo`. Only `serve`, `web`, `worker`,
`connect` and `demo` make one.

Products are named by SKU, or by the number that BigCommerce gives them: the last part of a product's address in its control
panel. A number goes before a SKU that looks like one.

## What `--json` prints

Amounts are texts with as many decimals as their currency has (`"47.63"`), times are ISO 8601 in UTC.

| command | prints |
| --- | --- |
| `plan` | a list, an entry per product and kind: `kind` (`listing`, `price` or `stock`), `connection` (its name), `key` (the number of the product in BigCommerce), `changes` (each with its `type`), `findings` (`code`, `facts`, `text`, `remedy`, `blocking`, `waits_for`) |
| `push` `pull` `activate` `deactivate` | the task: `id`, `title`, `state`, `total`, `succeeded`, `failed`, `skipped`, `summary` |
| `tasks` | a list of tasks |
| `orders` | a list: `order_id`, `status`, `store_order_id`, `total`, `currency`, `reason` |
| `returns list` | a list: `return_id`, `order_id`, `type`, `stage`, `status`, `total`, `currency`, `deadline`, `refund`, `stock`, `reason` |
| `returns show` | the same of one, with `items`, `decisions` and `problems` |
| `problems` | a list, an entry per kind and code: `code`, `kind`, `count`, `title`, `text`, `remedy`; with a code, an entry per problem: `code`, `kind`, `key`, `text`, `remedy`, `blocking`, `opened_at` |
| `products pull` `products push` `products refresh` | the task, as `push` |
| `products status` | a list: `product`, `sku`, `title`, `synced`, `pending`, `state`, `tiktok_id`, `tiktok_status`, `problems` (`code`, `text`, `remedy`) |
| `users` | a list: `account`, `email`, `name`, `role` (`owner`, `admin`, or the name of the account's own), `invited` |
| `doctor` | a list: `what`, `ok`, `text`, `remedy` |
"""  # noqa: E501 - rows of a table


_VALUES = {
    "str": "TEXT",
    "list[str]": "TEXT …",
    "list[Path]": "PATH …",
    "int": "N",
    "float": "N",
    "Path": "PATH",
    "datetime": "TIME",
}


def commands_page() -> str:
    """The page of the command line: each command with its arguments, options and defaults."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    parts = [_COMMANDS]
    for name, command in _listed(group):
        parts.append(f"## `twinshelf {name}`\n\n{' '.join((command.help or '').split())}\n")
        if isinstance(command, TyperGroup):
            continue
        rows = [_parameter(one) for one in command.params if one.name != "help"]
        if rows:
            parts.append(
                "\n".join([row("argument or option", "default", "meaning"), row("---", "---", "---"), *rows]) + "\n"
            )
    return "\n".join(parts)


def _listed(group: TyperGroup, before: str = "") -> Iterator[tuple[str, Any]]:
    """Each command with its name, those below a command after it; the sandbox's have pages of their own."""
    for name, command in group.commands.items():
        yield f"{before}{name}", command
        if isinstance(command, TyperGroup) and name != "sandbox":
            yield from _listed(command, f"{before}{name} ")


def _parameter(one: object) -> str:
    assert isinstance(one, TyperArgument | TyperOption)
    many = one.nargs == -1 or one.multiple
    if isinstance(one, TyperArgument):
        name = f"`{(one.name or '').upper()}{' …' if many else ''}`"
    else:
        value = "" if one.is_flag else f" {_VALUES[one.bare_type()]}"
        name = ", ".join(f"`{option}{value}`" for option in one.opts)
    default = one.default() if callable(one.default) else one.default
    shown = "required" if one.required else "" if default in {None, "", False} else f"`{default}`"
    meaning = one.help or ""
    if one.envvar:
        meaning += f" May come from `{one.envvar}`."
    return row(name, shown, " ".join(meaning.split()))


_CODES = """\
# Message codes

What Twinshelf tells of a product, an order or a connection, by its code. `E-` stops the work it belongs to until
somebody acts, `W-` warns, `N-` notices, `I-` says why nothing is done. Facts stand in braces. “Where” is the page on
which it is put right.

This page is generated from `src/twinshelf/messages.py`: `.venv/bin/python -m tests.docs.pages` writes it.
"""


def codes_page() -> str:
    """The page of messages: each code with its title, text, remedy and where it is put right."""
    rows = [
        row(f"`{one.code}`", one.title, one.text, one.remedy, one.page.replace("_", " ") or "–")
        for one in sorted(MESSAGES.values(), key=lambda message: message.code)
    ]
    return "\n".join([_CODES, row("Code", "Title", "Text", "Remedy", "Where"), row(*["---"] * 5), *rows]) + "\n"


GENERATED: Mapping[str, Callable[[], str]] = {
    "docs/reference/codes.md": codes_page,
    "docs/reference/commands.md": commands_page,
}

if __name__ == "__main__":
    for place, text in GENERATED.items():
        (ROOT / place).write_text(text(), encoding="utf-8")
