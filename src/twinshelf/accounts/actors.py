"""Who does something: a person, the command line, or the engine by itself. An actor goes with every action."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from twinshelf.accounts.models import User


class ActorKind(StrEnum):
    USER = "user"
    COMMAND_LINE = "command line"
    ENGINE = "engine"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Actor:
    """Who does it. `name` is how it is shown, and stays readable when the user is gone."""

    kind: ActorKind
    user_id: int | None
    """Whose account of the installation; None unless a signed-in person does it."""
    name: str

    @classmethod
    def of(cls, user: User) -> Actor:
        """A person who is signed in."""
        return cls(ActorKind.USER, user.pk, str(user))


def by_hand(what: str, by: Actor) -> str:
    """Why something was asked for by hand, for the record of changes: `cancel by hand: Maya`."""
    return f"{what} by hand: {by.name}"


COMMAND_LINE: Final = Actor(ActorKind.COMMAND_LINE, None, "Command line")
"""Whoever may run `twinshelf` on the machine: the operator."""
ENGINE: Final = Actor(ActorKind.ENGINE, None, "Twinshelf")
"""Timetables, lanes and webhooks: nobody asked for it just now."""
NOBODY: Final = Actor(ActorKind.NOBODY, None, "Somebody who is not signed in")
"""Whoever is at the sign-in page."""
