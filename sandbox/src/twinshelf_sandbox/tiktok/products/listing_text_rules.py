"""What TikTok Shop demands of a product's title and description."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from twinshelf_sandbox.tiktok.products import uploads
from twinshelf_sandbox.tiktok.products.listing_outcome import Checked, Known
from twinshelf_sandbox.tiktok.products.product_bodies import Product
from twinshelf_sandbox.tiktok.state import Shop

CHINESE: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_ENTITY: Final = re.compile(r"&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
EMOJI: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u20e3\U000e0020-\U000e007f]")
_REPEATED: Final = re.compile(r"(\S)\1{9,}")
_TAGS: Final = frozenset(
    (
        *(
            "p",
            "div",
            "span",
            "br",
            "b",
            "strong",
            "i",
            "em",
            "u",
            "s",
            "ul",
            "ol",
            "li",
            "hr",
            "sub",
            "sup",
            "small",
            "big",
        ),
        *(
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "img",
            "table",
            "thead",
            "tbody",
            "tfoot",
            "tr",
            "td",
            "th",
            "caption",
            "col",
        ),
        *(
            "a",
            "blockquote",
            "pre",
            "code",
            "font",
            "section",
            "article",
            "center",
            "dl",
            "dt",
            "dd",
            "figure",
            "figcaption",
        ),
        *("colgroup", "mark", "del", "ins"),
    )
)
_VOID: Final = frozenset(("br", "hr", "img", "col"))
_ATTRIBUTES: Final = frozenset(
    (
        *("src", "width", "height", "alt", "style", "class", "id", "href", "title", "align", "border", "cellpadding"),
        *(
            "cellspacing",
            "colspan",
            "rowspan",
            "color",
            "size",
            "face",
            "target",
            "rel",
            "dir",
            "lang",
            "name",
            "valign",
        ),
        *("bgcolor", "start", "type"),
    )
)
_MAX_DEPTH: Final = 50


def is_ill_formed(text: str) -> bool:
    """Whether a text has halves of characters, which cannot be sent."""
    return bool(_ENTITY.search(text) or CONTROL.search(text) or EMOJI.search(text) or _REPEATED.search(text))


def check_title(out: Checked, shop: Shop, body: Product, known: Known) -> None:
    """The title: its length and its characters."""
    title = (body.title or "").strip()
    low, high = shop.region.title
    low = shop.switch("title_minimum") or low
    if not title:
        if not known.draft:
            out.add(12052261)
        return
    if CHINESE.search(title) and shop.facts["region"] != "JP":
        out.add(12052262)
    if len(title) > high or (len(title) < low and not known.draft):
        out.add(12052051, f"The title must have {low} to {high} characters.")
    if is_ill_formed(title) or not any(ch.isalnum() for ch in title):
        out.add(12052931)
    if title[0] in ".,;:!?*-_":
        out.add(12052263)


class _Html(HTMLParser):
    """Walks the description and notes what is wrong with it."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(convert_charrefs=True)
        self._shop, self.open, self.images = shop, [], 0  # type: tuple[Shop, list[str], int]
        self.codes: list[int] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.codes.append(12052345)
        if any(name not in _ATTRIBUTES and not name.startswith("data-") for name, _ in attrs) or any(
            n.startswith("on") for n, _ in attrs
        ):
            self.codes.append(12052350)
        if tag == "img":
            self._image({name: value or "" for name, value in attrs})
        if tag in _VOID:
            return
        if tag == "a" and "a" in self.open:
            self.codes.append(12052349)
        self.open.append(tag)
        if len(self.open) > _MAX_DEPTH:
            self.codes.append(12052352)

    def _image(self, attributes: dict[str, str]) -> None:
        self.images += 1
        if not all(attributes.get(name) for name in ("src", "width", "height")):
            self.codes.append(12052348)
            return
        uri = attributes["src"].split("?", 1)[0].split("/_tiktok/cdn/", 1)[-1].split("~", 1)[0]
        if (
            "/_tiktok/cdn/" not in attributes["src"]
            or uploads.find(self._shop.platform, self._shop.seller_id, uri) is None
        ):
            self.codes.append(12052340)
        for name in ("width", "height"):
            number = attributes[name].removesuffix("px")
            if not number.isascii() or not number.isdigit():
                self.codes.append(12052348)
            elif int(number[:9]) >= 4000:
                self.codes.append(12052341)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag not in self.open:
            self.codes.append(12052344)
            return
        # <p> and <li> may be closed by what follows them; other tags must be closed in order.
        while self.open and (closed := self.open.pop()) != tag:
            if closed not in ("p", "li", "td", "tr", "th", "dt", "dd", "tbody", "thead"):
                self.codes.append(12052344)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def check_description(out: Checked, shop: Shop, body: Product, known: Known) -> None:
    """The description: its length, its characters and its HTML."""
    description = body.description or ""
    if not description.strip():
        if not known.draft:
            out.add(12052015)
        return
    if len(description) > 10_000:
        out.add(12052013)
    parser = _Html(shop)
    parser.feed(description)
    parser.close()
    text = "".join(parser.text)
    if CHINESE.search(text) and shop.facts["region"] != "JP":
        out.add(12052346)
    if EMOJI.search(text) or CONTROL.search(text):
        out.add(12052932)
    if parser.images > 30:
        out.add(12052056)
    if [tag for tag in parser.open if tag not in ("p", "li", "td", "tr", "th", "tbody")]:
        parser.codes.append(12052344)
    for code in dict.fromkeys(parser.codes):
        out.add(code)
