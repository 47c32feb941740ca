"""What a person may do to a thing, as data: a page, the API and a command offer the same.

The rules stand in the domains' `queries.actions_for`. Where an action leads, and how its button looks, is for the
interface to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from django.utils.functional import Promise


class Permission(StrEnum):
    """What a person's role must grant."""

    VIEW = "view"
    """See products, orders, connections and what was done."""
    OPERATE = "operate"
    """Change them."""
    PEOPLE = "people"
    """See who is in the account."""
    SECURITY = "security"
    """See the security log."""
    GLOBAL_STORE = "global_store"
    """See the pages of Global Stores."""
    OWN = "own"
    """What only the owner of the account may: change users and roles, confirm authorizations."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing to do. `args` say to what; `sent` goes along with the request."""

    id: str
    """`<kind of thing>.<verb>`, such as `task.cancel`: an interface has one route for each."""
    label: str | Promise
    about: str = ""
    """What the thing is called, for those who hear the label without its row."""
    args: tuple[Any, ...] = ()
    sent: tuple[tuple[str, Any], ...] = ()
    method: Literal["post", "get"] = "post"
    """`get` only looks or opens; `post` does it."""
    tone: Literal["", "primary", "danger"] = ""
    permission: Permission = Permission.OPERATE
    confirm: str | Promise = ""
    """What to read before it is done; "" where nothing needs to be confirmed."""
    reasons: tuple[tuple[str, str], ...] = ()
    """(value, words) of the reasons of which one must be sent along as `reason`; empty: none is asked for."""
    opened: bool = False
    """What is to be read before it is done shows at once: somebody asked for it a moment ago."""
    refused: str | Promise = ""
    """Why it cannot be done now; "" where it can."""

    @property
    def opens(self) -> bool:
        """Whether it only looks or opens something, so that a link is enough."""
        return self.method == "get"

    @property
    def enabled(self) -> bool:
        """Whether it can be done now."""
        return not self.refused
