"""Finding a TikTok category in the tree, by words or as a person names it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from twinshelf.documents import Document, ShopCategory

_WORD = re.compile(r"\w+")


class Leaf(Document, frozen=True, kw_only=True):
    """A category that products can be listed in, with the names from the root to it: "Home Supplies > Candles"."""

    id: str
    path: str
    available: bool = True
    """Whether TikTok lets this shop list in it."""


def leaves_of(categories: Iterable[ShopCategory]) -> tuple[Leaf, ...]:
    """The leaves of a tree, sorted by path. One whose ancestor is missing or its own descendant begins there."""
    by_id = {category.id: category for category in categories}
    found = []
    for category in by_id.values():
        if not category.leaf:
            continue
        names, at, seen = [category.name], category.parent_id, {category.id}
        while at in by_id and at not in seen:
            seen.add(at)
            names.append(by_id[at].name)
            at = by_id[at].parent_id
        found.append(Leaf(id=category.id, path=" > ".join(reversed(names)), available=category.available))
    return tuple(sorted(found, key=lambda leaf: leaf.path))


def find(leaves: Iterable[Leaf], text: str, *, limit: int = 20) -> list[Leaf]:
    """The leaves whose path has every word of `text`, each at the beginning of a word: those named so first.

    A number is looked for as such. Nothing typed finds nothing.
    """
    words = _words(text)
    if not words:
        return []
    found = []
    for leaf in leaves:
        if leaf.id == text.strip():
            return [leaf]
        path = _words(leaf.path)
        if all(any(name.startswith(word) for name in path) for word in words):
            own = _words(leaf.path.rpartition(" > ")[2])
            missed = sum(not any(name.startswith(word) for name in own) for word in words)
            found.append((missed, len(own), leaf.path, leaf))
    return [entry[-1] for entry in sorted(found, key=lambda entry: entry[:3])[:limit]]


def named(leaves: Mapping[str, Leaf], text: str, category_id: str = "") -> Leaf | None:
    """The leaf that a person means: the one picked (`category_id`, if `text` is still its path), its number or path."""
    text = text.strip()
    picked = leaves.get(category_id)
    if picked is not None and picked.path == text:
        return picked
    if text in leaves:
        return leaves[text]
    same = [leaf for leaf in leaves.values() if leaf.path.casefold() == text.casefold()]
    return same[0] if len(same) == 1 else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
