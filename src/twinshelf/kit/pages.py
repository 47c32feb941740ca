"""Reading a platform's long list page by page: the one loop that does, so that none is without an end."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

from twinshelf.errors import PlatformDown

P = TypeVar("P")
C = TypeVar("C", bound=Hashable)

MOST_PAGES = 20_000
"""More than the longest list that we serve has: 500,000 orders are 5,000 pages of TikTok's."""


def every_page(
    read: Callable[[C], P],
    start: C,
    *,
    following: Callable[[P], C | None],
    rows: Callable[[P], Any] = lambda _page: None,
    platform: str,
) -> Iterator[P]:
    """The page that `read` gives at `start`, and those after it while `following` names a place to go on at.

    Raises PlatformDown where the platform leads in a circle: to a place (a token, an id, a number) that was read
    before, to the same `rows` twice in a row where there are any, or through more than MOST_PAGES pages. What was read
    until then has been handed out; a watermark must not move after it.
    """
    place, seen, before = start, {start}, None
    for _ in range(MOST_PAGES):
        page = read(place)
        now = rows(page)
        if now and now == before:
            break
        yield page
        after = following(page)
        if after is None:
            return
        if after in seen:
            break
        seen.add(after)
        place, before = after, now
    msg = f"{platform} leads in a circle: a list has no end"
    raise PlatformDown(msg)
