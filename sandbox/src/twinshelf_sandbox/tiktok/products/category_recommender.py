"""Which category fits a title: words count by how rare they are in the tree, over the whole path, or nothing fits.

At times wrong, as the real one; where it does not know, it says so.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from typing import Final

from twinshelf_sandbox.tiktok.products.category_tree import Category, Tree

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_ENDINGS: Final = (
    ("ives", "ife"), ("lves", "lf"), ("aves", "af"), ("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"),
    ("xes", "x"), ("ss", "ss"), ("s", ""),
)  # fmt: skip
_SAY_NOTHING: Final = frozenset(
    {"all", "and", "accessories", "accessory", "for", "from", "into", "new", "non", "one", "other", "others", "our"}
    | {"pack", "set", "sets", "size", "supplies", "supply", "that", "the", "this", "with", "without", "you", "your"}
)
_HEAD_ENDS: Final = re.compile(r"\s(?:in|with|for|from|of|by|on|at|to|and)\s|[,;:()\[\]|/–—&+]|\s-\s")
_MALE: Final = frozenset({"men", "man", "boy", "male"})
_FEMALE: Final = frozenset({"women", "woman", "lady", "girl", "female"})

# Weights, tuned on titles with a known category.
_ABOVE, _DESCRIBED, _HEAD, _NOT_NAMED = 0.55, 0.3, 0.6, 0.2
_UNKNOWN = 0.4  # of the weight of the rarest word: a title is full of names that no tree knows
_BAR = 0.8  # of the weight of the rarest word
_COVERED = 0.45  # of a title whose main word is not in the path


def recommend(tree: Tree, title: str, description: str = "") -> Category | None:
    """The leaf whose path has the words of the title that are rare in the tree, its main word first; None if unsure."""
    return _index(tree).best(title, description)


@lru_cache(maxsize=8)
def _index(tree: Tree) -> _Index:
    return _Index(tree)


class _Index:
    """The words of a tree, with what each weighs and the leaves that have it."""

    def __init__(self, tree: Tree) -> None:
        self._own: dict[str, frozenset[str]] = {}
        self._above: dict[str, frozenset[str]] = {}
        self._leaves: dict[str, list[Category]] = {}
        counts: Counter[str] = Counter()
        for leaf in (category for category in tree.all.values() if category.is_leaf):
            own = frozenset(_words(leaf.name))
            above = frozenset(_words(tree.path(leaf.id))) - own
            self._own[leaf.id], self._above[leaf.id] = own, above
            counts.update(own | above)
            for word in own | above:
                self._leaves.setdefault(word, []).append(leaf)
        number = len(self._own)
        self._weight = {word: math.log(1 + number / count) for word, count in counts.items()}
        self._rarest = math.log(1 + number)

    def best(self, title: str, description: str) -> Category | None:
        known, head = frozenset(_words(title)), _head(title)
        told = frozenset(_words(re.sub(r"<[^>]*>", " ", description))) - known
        whole = sum(self._weight.get(word, _UNKNOWN * self._rarest) for word in known)
        best: tuple[float, str, Category] | None = None
        for leaf in {leaf.id: leaf for word in known for leaf in self._leaves.get(word, ())}.values():
            own, above = self._own[leaf.id], self._above[leaf.id]
            met = (own | above) & known
            if not (own & met) - _MALE - _FEMALE or _for_others(known, own | above):
                continue
            score = self._sum(own & met) + _ABOVE * self._sum(above & met)
            if head in met:
                score += _HEAD * self._weight[head]
            elif len(met - _MALE - _FEMALE) < 2 or self._sum(met) < _COVERED * whole:
                continue
            if score < _BAR * self._rarest:
                continue
            score += _DESCRIBED * self._sum((own | above) & told) - _NOT_NAMED * self._sum(own - known - told)
            if best is None or (score, leaf.id) > best[:2]:
                best = score, leaf.id, leaf
        return None if best is None else best[2]

    def _sum(self, words: frozenset[str]) -> float:
        return sum(self._weight[word] for word in words)


def _for_others(words: frozenset[str], path: frozenset[str]) -> bool:
    """Whether a title names one sex and a path only the other."""
    male, female = bool(words & _MALE), bool(words & _FEMALE)
    theirs = bool(path & _MALE), bool(path & _FEMALE)
    return male != female and theirs[0] != theirs[1] and (male, female) != theirs


def _head(title: str) -> str:
    """The word that says what it is: the last one before "in", "with" or a comma."""
    for part in _HEAD_ENDS.split(title):
        if words := _words(part):
            return words[-1]
    return ""


def _words(text: str) -> list[str]:
    plain = text.casefold().replace("’", "'").replace("'s", "")
    return [_stem(word) for word in _WORD.findall(plain) if word not in _SAY_NOTHING]


def _stem(word: str) -> str:
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    return word
