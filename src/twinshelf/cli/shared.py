"""What the groups of commands have in common: how they get a connection, complain and end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column

if TYPE_CHECKING:
    from twinshelf.accounts.models import Account
    from twinshelf.connections.models import Connection

Open = Callable[[str], AbstractContextManager["tuple[Account, Connection]"]]
"""Gives the connection of a name, ready to ask for work; the only one where no name is given."""

Complain = Callable[[str, str], int]
"""Says what is wrong and what helps; the exit code of a command that could not be begun."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Named = Annotated[
    str, typer.Option("--connection", metavar="NAME", help="Name of the connection; needed where there are several.")
]

WRONG = 2
"""The exit code of a command that was called wrongly."""


def whole(header: str) -> Column:
    """A column whose values are copied into other commands, such as order numbers: the others give way to it."""
    return Column(header, no_wrap=True)
