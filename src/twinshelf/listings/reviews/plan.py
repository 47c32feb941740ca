"""What a plan would change, in words and values: field by field, before and after. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from twinshelf.documents import (
    AnyChange,
    CreateListing,
    DeleteListing,
    EditContent,
    Finding,
    Listing,
    Money,
    Plan,
    SetPrices,
    SetStock,
    SyncField,
)
from twinshelf.listings.compare import compare_content
from twinshelf.tiktok import texts

LONGEST = 300
"""Characters of a text that are shown; the whole of it is on the page of the product."""


class Verdict(StrEnum):
    """What becomes of a product."""

    NEW = "new"
    CHANGED = "changed"
    OFF = "off"
    FINDING = "finding"
    """Something stands in the way: nothing is sent of it, and the others do not wait."""
    NOTHING = "nothing"


@dataclass(frozen=True)
class Row:
    """One field that would change: `name` as a field of `Listing` or its SKUs; "" before: nothing is there."""

    name: str
    before: str
    after: str
    sku: str = ""


@dataclass(frozen=True)
class Shown:
    """What the shop has of a product, as last seen: what was sent, and price and units by TikTok's SKU id."""

    sent: Listing | None = None
    skus: Mapping[str, tuple[str, Money | None, int | None]] = field(default_factory=dict)
    """TikTok's SKU id → (seller SKU, price, units)."""


@dataclass(frozen=True)
class Line:
    """A plan as people review it. `calls` to TikTok at least; `reviewed`: TikTok looks at it before it shows."""

    key: str
    verdict: Verdict
    rows: tuple[Row, ...] = ()
    findings: tuple[Finding, ...] = ()
    calls: int = 0
    reviewed: bool = False


def line_of(plan: Plan, shown: Shown) -> Line:
    """What a plan would do, with what it costs."""
    rows = tuple(row for change in plan.changes for row in _rows(change, shown))
    return Line(
        plan.key,
        _verdict(plan),
        rows,
        plan.findings,
        calls=sum(_calls(change) for change in plan.changes),
        reviewed=any(isinstance(change, (CreateListing, EditContent)) for change in plan.changes),
    )


def _verdict(plan: Plan) -> Verdict:
    if any(isinstance(change, CreateListing) for change in plan.changes):
        return Verdict.NEW
    if any(isinstance(change, DeleteListing) for change in plan.changes):
        return Verdict.OFF
    if plan.changes:
        return Verdict.CHANGED
    return Verdict.FINDING if any(found.blocking for found in plan.findings) else Verdict.NOTHING


def _calls(change: AnyChange) -> int:
    """Calls to TikTok, pictures that it has already left out: an edit reads first."""
    return 2 if isinstance(change, EditContent) else 1


def _rows(change: AnyChange, shown: Shown) -> Iterator[Row]:
    match change:
        case CreateListing():
            yield from _new(change.listing)
        case EditContent():
            left = set(change.left)
            for name in compare_content(change.listing, shown.sent):
                if _FIELDS.get(name) not in left:
                    before = "" if shown.sent is None else _text(shown.sent, name)
                    yield Row(name, before, _text(change.listing, name))
        case SetPrices():
            for sku_id, price in change.prices:
                code, known, _units = shown.skus.get(sku_id, ("", None, None))
                yield Row("price", "" if known is None else str(known.rounded()), str(price.rounded()), code)
        case SetStock():
            for sku_id, levels in change.stock:
                code, _price, units = shown.skus.get(sku_id, ("", None, None))
                yield Row("stock", "" if units is None else str(units), str(sum(n for _place, n in levels)), code)
        case _:
            return


def _new(listing: Listing) -> Iterator[Row]:
    yield Row("title", "", _text(listing, "title"))
    yield Row("image_urls", "", _text(listing, "image_urls"))
    for sku in listing.skus:
        yield Row("price", "", str(sku.price.rounded()), sku.seller_sku)
        yield Row("stock", "", str(sku.quantity), sku.seller_sku)


_FIELDS: Mapping[str, SyncField] = {
    "title": SyncField.NAME,
    "description": SyncField.DESCRIPTION,
    "image_urls": SyncField.MEDIA,
    "weight": SyncField.WEIGHT,
    "dimensions": SyncField.WEIGHT,
}


def _text(listing: Listing, name: str) -> str:
    value = getattr(listing, name)
    match name:
        case "title":
            return _brief(value)
        case "description":
            return _brief(texts.plain(value))
        case "weight":
            return f"{value.value:f} {value.unit}"
        case "dimensions":
            sides = (value.length, value.width, value.height)
            return " × ".join("–" if side is None else f"{side:f}" for side in sides) + f" {value.unit}"
        case "image_urls":
            return str(len(value))
        case "skus":
            return _brief(", ".join(sku.seller_sku for sku in value))
        case "attributes":
            return _brief("; ".join(f"{each.id}: {', '.join((*each.value_ids, *each.value_names))}" for each in value))
        case "certificates":
            return _brief(", ".join(each.name or each.id for each in value))
        case _:
            return _brief("" if value is None else str(value))


def _brief(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
