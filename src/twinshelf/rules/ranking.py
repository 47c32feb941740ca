"""Which TikTok category fits a product, told from names: those of the tree, and those of products sorted already. Pure.

Two sources, and one answer. `Names` compares the words of a title with the words of every category's path; words that
shops use and the tree does not are translated by `data/words.txt`. `Examples` knows titles whose category a person has
confirmed: what resembles them goes where they went. A wrong category is a reason for TikTok to refuse a product, so
below `SURE` there is no answer, only some that may be.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
import snowballstemmer

from twinshelf.rules.categories import Leaf

SURE = 0.42
"""From this confidence on fewer than one answer in ten is wrong (`make bench ARGS=categories` measures it)."""


class Confidence(StrEnum):
    """How far a suggestion can be trusted."""

    SURE = "sure"
    LIKELY = "likely"
    """The names are not sure; TikTok Shop itself recommends it."""
    UNSURE = "unsure"
    NONE = "none"


class Suggested(msgspec.Struct, frozen=True, kw_only=True):
    """What fits some products: `category_id` "" unless it is sure or likely; `maybe` are the best few in any case."""

    category_id: str = ""
    confidence: Confidence = Confidence.NONE
    agreed: int = 0
    of: int = 0
    """So many of so many titles that were looked at, each by itself, have this category first."""
    maybe: tuple[str, ...] = ()


# -- words ------------------------------------------------------------------------------------------------------------

_WORD = re.compile(r"\w+")
_OWNED = re.compile(r"['’`\u00b4]s?\b")
_LEFT_OUT = frozenset({"and", "for", "with", "the", "a", "an", "of", "in", "to", "on", "by", "from"})
_AUDIENCE_WORDS: Mapping[str, tuple[str, ...]] = {
    "men": ("man", "men", "mens", "male", "gents", "him", "menswear"),
    "women": ("woman", "women", "womens", "female", "ladies", "lady", "her", "womenswear"),
    "boys": ("boy", "boys"),
    "girls": ("girl", "girls"),
    "kids": ("kid", "kids", "child", "children", "junior", "toddler"),
    "babies": ("baby", "babies", "infant", "newborn", "maternity"),
    "pets": ("dog", "dogs", "puppy", "cat", "cats", "kitten", "pet", "pets"),
}
_AUDIENCES = {word: audience for audience, words in _AUDIENCE_WORDS.items() for word in words}
_YOUNG = frozenset({"boys", "girls", "kids"})
_GROWN = frozenset({"men", "women"})
_stemmer = snowballstemmer.stemmer("english")


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return str(_stemmer.stemWord(word))


def _words(text: str) -> list[str]:
    """In lower case, without accents and possessives."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = _OWNED.sub("", plain).replace("t-shirt", "tshirt").replace("t shirt", "tshirt")
    return _WORD.findall(plain)


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in _words(text) if word not in _LEFT_OUT and not word.isdigit()]


def _audience(text: str) -> frozenset[str]:
    return frozenset(_AUDIENCES[word] for word in _words(text) if word in _AUDIENCES)


_AUDIENCE_STEMS = frozenset(_stem(word) for word in _AUDIENCES)


@cache
def _translations() -> Mapping[str, Sequence[tuple[tuple[str, ...], tuple[str, ...]]]]:
    """By the first of them: stems that shops use, and those of the tree that mean the same."""
    found: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = defaultdict(list)
    text = (files(__package__) / "data" / "words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        ours, _, theirs = line.partition("#")[0].partition("=")
        for phrase in ours.split(","):
            if stems := tuple(_stems(phrase)):
                found[stems[0]].append((stems, tuple(_stems(theirs))))
    return found


# -- by the names of the tree -----------------------------------------------------------------------------------------

_OWN, _PARENT, _ROOT = 1.0, 0.45, 0.25
"""What a word counts in a category's own name, in those between, and in the first."""
_APART = ("Pre-Owned", "Collectibles", "Muslim Fashion", "Jewelry Accessories", "Virtual Products")
"""Branches that repeat the names of others for goods of a kind that a title would mention."""
_STRONG = 1.6
"""The score of a title that names a category in full, by the rarity of a word that one category has."""


class _Named(msgspec.Struct, frozen=True):
    id: str
    weights: Mapping[str, float]
    length: int
    audience: frozenset[str]
    apart: bool


class Names:
    """The words of every category's path, to be searched by the words of a title."""

    def __init__(self, leaves: Iterable[Leaf]) -> None:
        self._leaves = [_named(leaf) for leaf in leaves]
        self._index: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, leaf in enumerate(self._leaves):
            for stem, weight in leaf.weights.items():
                self._index[stem].append((number, weight))
        every = len(self._leaves)
        self._rarity = {stem: math.log(1 + every / len(there)) for stem, there in self._index.items()}
        self.strong = _STRONG * math.log(1 + every)
        """The score from which on a category is named in full."""

    def rank(self, text: str, most: int = 40) -> list[tuple[str, float]]:
        """The categories that fit, best first, each with its score; none where no word is known."""
        audience = _audience(text)
        scores: dict[int, float] = defaultdict(float)
        hits: Counter[int] = Counter()
        for stem, factor in self._query(text).items():
            for number, weight in self._index.get(stem, ()):
                scores[number] += factor * self._rarity[stem] * weight
                hits[number] += weight == _OWN
        found = []
        for number, score in scores.items():
            leaf = self._leaves[number]
            covered = min(1.0, hits[number] / leaf.length)
            found.append((score * (0.55 + 0.45 * covered) * _fit(audience, leaf), len(leaf.weights), leaf.id))
        found.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
        return [(category_id, score) for score, _length, category_id in found[:most]]

    def _query(self, text: str) -> dict[str, float]:
        """Stems to look for, with what each counts: a title names its thing near the end."""
        stems, found = _stems(text), dict[str, float]()

        def add(stem: str, factor: float) -> None:
            found[stem] = max(found.get(stem, 0.0), factor)

        for at, stem in enumerate(stems):
            if stem in _AUDIENCE_STEMS:
                continue
            factor = 0.7 + 0.6 * (at + 1) / len(stems)
            add(stem, factor)
            for phrase, meant in _translations().get(stem, ()):
                if tuple(stems[at : at + len(phrase)]) == phrase:
                    for each in meant:
                        add(each, factor * (1.15 if len(phrase) > 1 else 0.95))
            if at + 1 < len(stems):  # “hand bag”
                joined = _stem(stem + stems[at + 1])
                if joined in self._rarity:
                    add(joined, factor)
                for phrase, meant in _translations().get(joined, ()):
                    if phrase == (joined,):
                        for each in meant:
                            add(each, factor)
        return found


def _named(leaf: Leaf) -> _Named:
    first, *between = leaf.path.split(" > ")
    own = between.pop() if between else first
    weights: dict[str, float] = {}
    for text, weight in ((own, _OWN), (" ".join(between), _PARENT), (first, _ROOT)):
        for stem in _stems(text):
            if stem not in _AUDIENCE_STEMS:
                weights.setdefault(stem, weight)
    length = sum(weight == _OWN for weight in weights.values()) or 1
    apart = leaf.path.startswith(_APART) or "Dressmaking" in leaf.path
    return _Named(leaf.id, weights, length, _audience(leaf.path), apart)


def _fit(wanted: frozenset[str], leaf: _Named) -> float:
    """How well a category's audience fits that of the title, as a factor."""
    there, factor = leaf.audience, 0.45 if leaf.apart else 1.0
    if "babies" in there and "babies" not in wanted:
        factor *= 0.35
    if "pets" in there ^ wanted:
        factor *= 0.4
    for_young, for_grown = there & _YOUNG, there & _GROWN
    all_young = "kids" in wanted | for_young
    if bool(for_young) != bool(wanted & _YOUNG) or (for_young and not all_young and not for_young & wanted):
        factor *= 0.3
    if for_young:
        return factor
    asked = wanted & _GROWN
    if for_grown and not for_grown & asked:
        factor *= 0.4 if asked else 0.88
    elif asked:
        factor *= 1.15 if for_grown else 0.8
    return factor


# -- by what a person has confirmed -----------------------------------------------------------------------------------

NEIGHBOURS = 25


class Examples:
    """Titles whose categories are known; any of several may be right."""

    def __init__(self, known: Iterable[tuple[str, Sequence[str]]]) -> None:
        self._categories: list[Sequence[str]] = []
        documents = []
        for text, category_ids in known:
            documents.append(_features(text))
            self._categories.append(category_ids)
        every = Counter(ids[0] for ids in self._categories if ids)
        most = max(every.values(), default=1)
        self.share = {category_id: number / most for category_id, number in every.most_common()}
        """How much of the examples each category has, against the one that has most: those come first."""
        counts = Counter(feature for document in documents for feature in document)
        self._rarity = {feature: math.log(1 + len(documents) / number) for feature, number in counts.items()}
        self._unseen = math.log(1 + len(documents))
        self._index: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, document in enumerate(documents):
            weights = {feature: self._rarity[feature] * factor for feature, factor in document.items()}
            length = _length(weights)
            for feature, weight in weights.items():
                self._index[feature].append((number, weight / length))

    def near(self, text: str, most: int = NEIGHBOURS) -> list[tuple[float, Sequence[str]]]:
        """The most similar titles: (0 to 1, their categories)."""
        weights = {
            feature: self._rarity.get(feature, self._unseen) * factor for feature, factor in _features(text).items()
        }
        length = _length(weights)
        scores: dict[int, float] = defaultdict(float)
        for feature, weight in weights.items():
            for number, there in self._index.get(feature, ()):
                scores[number] += weight / length * there
        best = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))[:most]
        return [(score, self._categories[number]) for number, score in best]


def _length(weights: Mapping[str, float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0


def _features(text: str) -> dict[str, float]:
    stems, found = _stems(text), dict[str, float]()
    for at, stem in enumerate(stems):
        found[stem] = max(found.get(stem, 0.0), 0.6 + 0.6 * (at + 1) / len(stems))
        if at + 1 < len(stems):
            found[f"{stem} {stems[at + 1]}"] = 0.6
    found.update((f"for {each}", 0.8) for each in _audience(text))
    return found


# -- the answer -------------------------------------------------------------------------------------------------------

_OF_NAMES = 0.3
"""What the best category by name counts beside a neighbour that is the same title."""


class Ranking(msgspec.Struct, frozen=True):
    """The categories that fit, best first, each with its score, and how sure the first one is (0 to 1)."""

    scores: Sequence[tuple[str, float]]
    confidence: float


_NAMES_ALONE = 0.6
"""A name in full is wrong more often than a title like one that was confirmed."""
_OF_SHARE = 0.01
_COMMONEST = 12
"""Categories that a shop has much of are a guess where a title says nothing, and decide between equals."""


def rank(text: str, names: Names, examples: Examples | None = None) -> Ranking:
    """Rank the categories for a title, with the store's own category at its end where there is one."""
    votes: dict[str, float] = defaultdict(float)
    near = examples.near(text) if examples is not None else []
    for similarity, category_ids in near:
        for category_id in category_ids:
            votes[category_id] += similarity * similarity / len(category_ids)
    named = names.rank(text)
    strength = min(1.0, named[0][1] / names.strong) if named else 0.0
    for category_id, score in named:
        votes[category_id] += _OF_NAMES * score / named[0][1] * min(1.0, 1.5 * strength)
    if examples is not None:
        for category_id in votes:
            votes[category_id] *= 1 + 5 * _OF_SHARE * examples.share.get(category_id, 0.0)
        for category_id in list(examples.share)[:_COMMONEST]:
            votes[category_id] += _OF_SHARE * examples.share[category_id]
    best = sorted(votes.items(), key=lambda entry: (-entry[1], entry[0]))
    if not best:
        return Ranking([], 0.0)
    margin = 1.0 - (best[1][1] / best[0][1] if len(best) > 1 else 0.0)
    return Ranking(best, margin * max(_NAMES_ALONE * strength, min(1.0, 2 * near[0][0]) if near else 0.0))


_NEAR = 0.4
"""What fits less than so much of what fits best is not worth a look."""


def suggest(titles: Sequence[str], category: str, names: Names, examples: Examples | None = None) -> Suggested:
    """What fits a category of the store, from some titles of its products, each counting the same."""
    sums: dict[str, float] = defaultdict(float)
    firsts: Counter[str] = Counter()
    confidence = 0.0
    for title in titles:
        found = rank(f"{title} {category}", names, examples)
        if not found.scores:
            continue
        firsts[found.scores[0][0]] += 1
        confidence += found.confidence / len(titles)
        for category_id, score in found.scores[:20]:
            sums[category_id] += score / found.scores[0][1] / len(titles)
    best = sorted(sums.items(), key=lambda entry: (-entry[1], entry[0]))
    if not best:
        return Suggested(of=len(titles))
    first = best[0][0]
    agreed = firsts[first]
    sure = confidence * agreed / len(titles) >= SURE if len(titles) > 1 else confidence >= SURE
    return Suggested(
        category_id=first if sure else "",
        confidence=Confidence.SURE if sure else Confidence.UNSURE,
        agreed=agreed,
        of=len(titles),
        maybe=tuple(category_id for category_id, score in best[:5] if score >= _NEAR * best[0][1]),
    )


def combined(ours: Suggested, recommended: str) -> Suggested:
    """Our answer beside the category that TikTok recommends ("" for none): sure where both name the same."""
    if ours.confidence is Confidence.SURE or not recommended:
        return ours
    agree = bool(ours.maybe) and ours.maybe[0] == recommended
    others = tuple(each for each in ours.maybe if each != recommended)
    return msgspec.structs.replace(
        ours,
        category_id=recommended,
        confidence=Confidence.SURE if agree else Confidence.LIKELY,
        maybe=(recommended, *others)[:5],
    )
