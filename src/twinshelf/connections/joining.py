"""Which of a seller's shops join an account, and what those are called. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from twinshelf.connections.models import LOCAL
from twinshelf.documents import Finding, ShopInfo, finding


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What counts when the shops of one authorization are chosen.

    `bound` and `taken` are shop ids: those that the account has, and those that another account has. `room` is how
    many more shops the account may have, None for any number. `sites` are the ticked countries, none for all.
    """

    bound: Collection[str] = ()
    taken: Collection[str] = ()
    sites: Collection[str] = ()
    room: int | None = None
    cross_border: bool = True


@dataclass(frozen=True)
class Joining:
    """The shops that join or stay, and by the id of each other shop the code that says why it does not."""

    shops: tuple[ShopInfo, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)


def choose(infos: Sequence[ShopInfo], terms: Terms) -> Joining:
    """Which shops of one authorization join, in TikTok's order. What the account has already stays, ticked or not."""
    shops: list[ShopInfo] = []
    left_out: dict[str, str] = {}
    room = terms.room
    for info in infos:
        if info.id not in terms.bound:
            if code := _refusal(info, terms, room):
                left_out[info.id] = code
                continue
            room = None if room is None else room - 1
        shops.append(info)
    return Joining(tuple(shops), left_out)


def _refusal(info: ShopInfo, terms: Terms, room: int | None) -> str:
    abroad = info.seller_type != LOCAL
    if info.id in terms.taken:
        return "E-TEN-TAKEN"
    if abroad and not terms.cross_border:
        return "E-REG-CB"
    if abroad and terms.sites and info.region not in terms.sites:
        return "E-TEN-SITE"
    return "E-TEN-LIMIT" if room is not None and room <= 0 else ""


def refusal(code: str, shops: Sequence[str], *, limit: int | None, sites: Sequence[str] = ()) -> Finding:
    """Why these shops did not join, for people."""
    named = ", ".join(shops)
    match code:
        case "E-TEN-SITE":
            return finding("E-TEN-SITE", sites=", ".join(sites))
        case "E-TEN-LIMIT":
            return finding("E-TEN-LIMIT", limit=limit, shops=named)
        case "E-REG-CB":
            return finding("E-REG-CB", shops=named)
        case _:
            return finding("E-TEN-TAKEN", shop=named)


def names(wanted: str, shops: Sequence[ShopInfo], used: Collection[str]) -> list[str]:
    """What new shops of one authorization are called: `AA01`, `AA02` for sub-stores, going on after those in use.

    The one shop of a local seller has the name as it is.
    """
    if [info.seller_type for info in shops] == [LOCAL]:
        return [wanted]
    numbers = (re.fullmatch(re.escape(wanted) + r"(\d{2,})", name) for name in used)
    first = max((int(found[1]) for found in numbers if found), default=0) + 1
    return [f"{wanted}{number:02}" for number in range(first, first + len(shops))]
