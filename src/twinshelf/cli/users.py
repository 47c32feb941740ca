"""`twinshelf users`: who may sign in, and adding, renaming and removing users as an account's owner does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli.shared import WRONG, Complain, Json

if TYPE_CHECKING:
    from twinshelf.accounts.models import Account, Membership
    from twinshelf.accounts.people import Chosen, Invited

Asking = Callable[[], AbstractContextManager[None]]
Email = Annotated[str, typer.Argument(help="The address that the user signs in with.")]
RoleName = "Owner, Admin, or a role of the account's own."
Of = Annotated[
    str, typer.Option("--account", metavar="NAME", help="Name of the account; needed where there are several.")
]


def mount(app: typer.Typer, console: Console, asking: Asking, complain: Complain) -> None:
    """Add `users` to the commands of `app`. `asking` sets everything up."""
    commands = typer.Typer(name="users", help="Show who may sign in; add, rename and remove users.")
    _mount_list(commands, console, asking)
    desk = _Desk(console, asking, complain)
    _mount_inviting(commands, desk)
    _mount_changing(commands, desk)
    _mount_second_steps(commands, desk)
    app.add_typer(commands)


@dataclass(frozen=True)
class _Desk:
    """Finds what the words of a command mean, and says what came of it."""

    console: Console
    asking: Asking
    complain: Complain

    @contextmanager
    def account(self, name: str) -> Iterator[Account]:
        from django_scopes import scope

        with self.asking():
            from twinshelf.accounts.queries import accounts_named

            found = accounts_named(name)
            if len(found) != 1:
                what = f"There is no account “{name}”." if not found else "There are several such accounts."
                self.complain(what, "See all, and name one: twinshelf users; --account NAME")
                raise typer.Exit(WRONG)
            with scope(account=found[0]):
                yield found[0]

    def member(self, account: Account, email: str) -> Membership:
        from twinshelf.accounts.queries import members_of

        for each in members_of(account):
            if each.user.email == email.strip().lower():
                return each
        self.complain(f"{email} is not in the account {account}.", "See all: twinshelf users")
        raise typer.Exit(WRONG)

    def role(self, account: Account, name: str) -> Chosen:
        from twinshelf.accounts import queries

        choices = queries.role_choices(account)
        for value, words in choices:
            if words.casefold() == name.casefold():
                return queries.chosen(value)
        names = ", ".join(words for _value, words in choices)
        self.complain(f"There is no role “{name}”.", f"Choose one of: {names}")
        raise typer.Exit(WRONG)

    def deliver(self, invited: Invited) -> None:
        from twinshelf.accounts import letters

        link, email = letters.deliver(invited, by=COMMAND_LINE), invited.membership.user.email
        if not link:
            self.say(f"Sent to {email}.")
        elif invited.token:
            self.say(f"No email was sent. Hand this link to {email}; it works once:\n{link}")
        else:
            self.say(f"{email} is in again, with the password they had.")

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)


def _mount_list(commands: typer.Typer, console: Console, asking: Asking) -> None:
    @commands.callback(invoke_without_command=True)
    def users(context: typer.Context, *, json_: Json = False) -> None:
        """Show who may sign in, with their roles; add, rename and remove users."""
        if context.invoked_subcommand is None:
            with asking():
                _print(console, as_json=json_)

    @commands.command(name="list")
    def list_(*, json_: Json = False) -> None:
        """Show who may sign in, and who is invited, with their roles."""
        with asking():
            _print(console, as_json=json_)


def _mount_inviting(commands: typer.Typer, desk: _Desk) -> None:
    @commands.command()
    def add(
        email: Email,
        name: Annotated[str, typer.Option(help="The user's name.")],
        role: Annotated[str, typer.Option(help=RoleName)] = "Admin",
        account: Of = "",
    ) -> None:
        """Invite a user: by email, or by a link to hand over where the installation sends none.

        Somebody who was removed is in again at once.

        For example: twinshelf users add adam@example.com --name "Adam Osei"
        """
        with desk.account(account) as chosen:
            from twinshelf.accounts import actions

            wanted = desk.role(chosen, role)
            desk.deliver(actions.invite(chosen, email=email, name=name, chosen=wanted, by=COMMAND_LINE))

    @commands.command()
    def link(email: Email, account: Of = "") -> None:
        """Make a new link for a user who is invited. The one before works no more."""
        with desk.account(account) as chosen:
            from twinshelf.accounts import actions

            desk.deliver(actions.invite_again(chosen, desk.member(chosen, email).user_id, by=COMMAND_LINE))


def _mount_changing(commands: typer.Typer, desk: _Desk) -> None:
    @commands.command()
    def rename(email: Email, name: Annotated[str, typer.Argument(help="The new name.")], account: Of = "") -> None:
        """Change the name of a user. An email cannot be changed."""
        with desk.account(account) as chosen:
            from twinshelf.accounts import actions

            actions.rename_user(chosen, desk.member(chosen, email).user_id, name=name, by=COMMAND_LINE)
            desk.say(f"{email} is called {name} now.")

    @commands.command()
    def role(email: Email, role: Annotated[str, typer.Argument(help=RoleName)], account: Of = "") -> None:
        """Give a user another role."""
        with desk.account(account) as chosen:
            from twinshelf.accounts import actions

            user_id = desk.member(chosen, email).user_id
            actions.set_role(chosen, user_id, desk.role(chosen, role), by=COMMAND_LINE)
            desk.say(f"{email} is {role} now.")

    @commands.command()
    def remove(email: Email, account: Of = "") -> None:
        """Take a user out of an account at once. Adding the same email lets them in again."""
        with desk.account(account) as chosen:
            from twinshelf.accounts import actions

            actions.remove_user(chosen, desk.member(chosen, email).user_id, by=COMMAND_LINE)
            desk.say(f"{email} is out of the account {chosen}.")


def _mount_second_steps(commands: typer.Typer, desk: _Desk) -> None:
    @commands.command(name="reset-second-step")
    def reset(email: Email) -> None:
        """Take a user's authenticator app, keys and recovery codes away, where they were lost. The password stays."""
        with desk.asking():
            from twinshelf.accounts import actions

            try:
                taken = actions.take_second_steps(email.strip(), by=COMMAND_LINE)
            except actions.NoSuchUser:
                raise typer.Exit(desk.complain(f"Nobody signs in as {email}.", "See all: twinshelf users")) from None
            desk.say(f"{email} signs in with the password alone now." if taken else f"{email} has no second step.")


def _print(console: Console, *, as_json: bool) -> None:
    from django_scopes import scopes_disabled

    with scopes_disabled():
        from twinshelf.accounts.queries import every_member

        rows = every_member()
        if as_json:
            print(json.dumps([  # noqa: T201
                {"account": row.account.name, "email": row.user.email, "name": row.user.name,
                 "role": str(row.custom_role or row.role), "invited": row.accepted_at is None} for row in rows
            ]))  # fmt: skip
            return
        table = Table("Account", "Email", "Name", "Role")
        for row in rows:
            words = row.role_name if row.accepted_at else f"{row.role_name} (invited)"
            table.add_row(escape(row.account.name), escape(row.user.email), escape(row.user.name), escape(words))
        console.print(table)
