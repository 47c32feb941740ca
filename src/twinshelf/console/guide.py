"""The guide and the answers to frequent questions: Markdown of this package. Nothing of it is fetched.

In it, **bold** is the label of a control, and a link is `page:` and the name of a page of the console, `guide:` and a
page of the guide, or `faq:` and an answer. Tests hold each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

from twinshelf.preferences.fields import Card

DATA: Final = Path(__file__).parent / "data"
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")

PAGES: Final = (
    "start", "setup", "dashboard", "products", "templates", "inventory", "orders", "returns", "activity", "connections",
    "skus", "settings",
)  # fmt: skip
"""The pages of the guide, in the order to read them in."""

_SECTIONS: Final[Mapping[str, str]] = {
    "setup_connect": "setup#step-1-connect",
    "setup_template": "setup#step-2-the-default-template",
    "setup_defaults": "setup#step-3-the-defaults",
    "product_edit": "products#edit-a-product-for-one-shop",
    "product_copy": "products#copy-a-product-to-another-shop",
    "product_map": "products#link-a-product-that-tiktok-has-already",
    "category_map": "templates#the-category-map",
    "template": "templates#the-default-template",
    "inventory_locations": "inventory#locations",
    "location_link": "inventory#locations",
    "inventory_warehouses": "inventory#push-rules",
    "push_rule": "inventory#push-rules",
    "push_rule_add": "inventory#push-rules",
    "oversold": "orders#cancelled-because-a-product-was-not-to-be-had",
    "sales": "orders#sales-and-customers",
    "store_orders": "orders#bigcommerces-own-orders",
    "deadlines": "orders#deadlines",
    "order_link": "orders#an-order-is-not-in-bigcommerce",
    "problems": "activity#problems",
    "doctor": "activity#doctor",
    "webhooks": "activity#webhooks",
    "changes": "activity#changes",
    "task": "activity#one-task",
    "skus": "skus",
    "preferences": "settings",
    "preferences_part": "settings",
    "search": "start#find-anything",
}
"""By the name of a page: what of the guide tells about it, where that is more than its entry of the menu says."""


_CARDS: Final[Mapping[Card, str]] = {Card.SYNC: "Sync rules"}
"""The headings of parts of the settings, where they are not called like the part."""


@dataclass(frozen=True)
class Section:
    """A heading of a page and what stands below it, as HTML and as text."""

    title: str
    anchor: str
    html: SafeString
    text: str


@dataclass(frozen=True)
class Page:
    """A page of the guide, or all answers: what stands before the first heading, then its sections."""

    name: str
    title: str
    lead: SafeString
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Hit:
    """Something a search found: its title, where it stands, and its address."""

    title: str
    where: str
    url: str


def page(name: str) -> Page:
    """A page of the guide. Raises KeyError where there is none of this name."""
    if name not in PAGES:
        raise KeyError(name)
    return _read(f"guide/{name}")


def pages() -> list[Page]:
    """The whole guide."""
    return [page(name) for name in PAGES]


def answers() -> tuple[Section, ...]:
    """The answers to frequent questions, the most asked first."""
    return _read("faq").sections


def address(place: str) -> str:
    """The address of `page` or `page#section` of the guide."""
    name, _mark, anchor = place.partition("#")
    return reverse("guide", args=[name]) + (f"#{anchor}" if anchor else "")


def section_for(url_name: str, entry: str) -> str:
    """What of the guide tells about a page of the console, by its name and its entry in the menu."""
    return _SECTIONS.get(url_name) or (entry if entry in PAGES else "start")


def for_card(card: Card) -> str:
    """The address of what the guide says about a part of the settings of a connection."""
    return address(f"settings#{slugify(_CARDS.get(card, card.value))}")


def find_answers(text: str) -> list[Section]:
    """The answers in which all of these words are; those whose question has them first. All of them for ""."""
    return _matching(answers(), text)


def find_sections(text: str) -> list[Hit]:
    """Where the guide has all of these words."""
    return [
        Hit(section.title, found.title, address(f"{found.name}#{section.anchor}"))
        for found in pages()
        for section in _matching(found.sections, text)
    ]


def find(text: str) -> list[Hit]:
    """Answers, then parts of the guide, with all of these words."""
    found = [Hit(each.title, _("FAQ"), answer_address(each)) for each in find_answers(text)]
    return found + find_sections(text)


def answer_address(section: Section) -> str:
    """The address of an answer."""
    return f"{reverse('faq')}#{section.anchor}"


def _matching(sections: Sequence[Section], text: str) -> list[Section]:
    words = re.findall(r"\w+", text.lower())
    found = [each for each in sections if all(word in each.text for word in words)]
    return sorted(found, key=lambda each: not all(word in each.title.lower() for word in words))


@cache
def _read(name: str) -> Page:
    tokens = _MARKDOWN.parse((DATA / f"{name}.md").read_text(encoding="utf-8"))
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", _target(str(child.attrGet("href"))))
    parts = list(_parts(tokens))
    title, lead = parts[0]
    return Page(
        name=name.rpartition("/")[2],
        title=title,
        lead=_html(lead),
        sections=tuple(
            Section(heading, slugify(heading), _html(body), f"{heading} {_text(body)}".lower())
            for heading, body in parts[1:]
        ),
    )


def _parts(tokens: Sequence[Token]) -> Iterator[tuple[str, list[Token]]]:
    """(heading, what follows it) of the title and of each heading of the second level."""
    heads = [i for i, token in enumerate(tokens) if token.type == "heading_open" and token.tag in {"h1", "h2"}]
    for start, end in zip(heads, [*heads[1:], len(tokens)], strict=True):
        yield tokens[start + 1].content, list(tokens[start + 3 : end])


def _html(tokens: Sequence[Token]) -> SafeString:
    html: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return mark_safe(html)  # noqa: S308 - texts of this package


def _text(tokens: Sequence[Token]) -> str:
    return " ".join(child.content for token in tokens for child in token.children or () if child.content)


def _target(link: str) -> str:
    kind, _colon, name = link.partition(":")
    match kind:
        case "page":
            return reverse(name)
        case "guide":
            return address(name)
        case "faq":
            return f"{reverse('faq')}#{name}"
        case _:
            return link
