"""`twinshelf sandbox`: the sandbox's own commands where it is installed, and how to install it where it is not.

The sandbox is a distribution of its own; Twinshelf serves without it.
"""

from __future__ import annotations

from importlib.util import find_spec

import typer

MISSING = "The sandbox is not installed: in a copy of Twinshelf's repository, run “pip install ./sandbox”."


def is_installed() -> bool:
    """Whether the sandbox can be imported."""
    return find_spec("twinshelf_sandbox") is not None


def require() -> None:
    """End the command with exit code 2 and one sentence if the sandbox is not installed."""
    if not is_installed():
        typer.echo(MISSING, err=True)
        raise typer.Exit(2)


def mount(app: typer.Typer) -> None:
    """Add `sandbox` to the commands of `app`, whether or not it is installed."""
    if is_installed():
        from twinshelf_sandbox import command

        app.add_typer(command.app, name="sandbox")
        return

    anything = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

    @app.command(name="sandbox", context_settings=anything)
    def missing() -> None:
        """Run the doubles of both platforms (the sandbox is not installed)."""
        require()
