"""What finds products and variants of one store without reading them all."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from twinshelf_sandbox.bigcommerce.catalog.product_rows import Product
from twinshelf_sandbox.bigcommerce.tables import SortedIds, Timeline
from twinshelf_sandbox.world import Entity, Key

if TYPE_CHECKING:
    from twinshelf_sandbox.bigcommerce.store import Store


class _Facts(msgspec.Struct):
    name: str
    sku: str
    inventory_tracking: str
    date_modified: str


class _VariantFacts(msgspec.Struct):
    id: int
    sku: str


@lru_cache(maxsize=256)
def _second(modified: str) -> int:
    return int(datetime.fromisoformat(modified).timestamp())


_facts = msgspec.json.Decoder(_Facts).decode
_variant_facts = msgspec.json.Decoder(_VariantFacts).decode


class Index:
    """What finds products and variants of one store without reading them all."""

    def __init__(self, store: Store) -> None:
        self._rows = store.rows("products")
        self.rebuild()

    def rebuild(self) -> None:
        """Read all products once."""
        self.products, self.variants = SortedIds(), SortedIds()
        self.items = SortedIds()
        """Variants that stand for an inventory item: all, but only the first of a product with stock of its own."""
        self.product_of: dict[int, int] = {}
        self.changed = Timeline()
        self._skus: dict[str, int | tuple[int, ...]] = {}
        self._names: dict[str, int] = {}
        self._known: dict[int, tuple[str, tuple[tuple[str, int], ...], tuple[int, ...], tuple[int, ...]]] = {}
        for key in sorted(map(int, self._rows.keys())):
            self.add(key, self._rows.table[key])

    def refresh(self, key: Key) -> None:
        """Correct everything about one product after its row changed, appeared or went."""
        product_id = int(key)
        row = self._rows.table.get(product_id)
        self._forget(product_id)
        if row is not None:
            self.add(product_id, row)

    def touch(self, product_id: int, modified: float) -> None:
        """Only the date of change moved."""
        self.changed.note(product_id, int(modified))

    def add(self, product_id: int, row: Entity) -> None:
        """Note a product that is new."""
        skus = [(v.sku, v.id) for v in map(_variant_facts, row["v"])]
        self._note(product_id, _facts(row["m"]), skus)

    def add_made(self, product: Product) -> None:
        """Note a product that is new, of the working copy it was made in: nothing needs to be decoded."""
        main = product.main
        facts = _Facts(main["name"], main["sku"], product.tracking, main["date_modified"])
        self._note(product.id, facts, [(v["sku"], v["id"]) for v in product.variants])

    def _note(self, product_id: int, facts: _Facts, skus: list[tuple[str, int]]) -> None:
        name, own_sku = facts.name.casefold(), facts.sku.casefold()
        ids = tuple(variant_id for _, variant_id in skus)
        owners = tuple((sku.casefold(), variant_id) for sku, variant_id in skus if sku)
        # A product with options may have a SKU of its own, which then belongs to no variant.
        if own_sku and not any(sku == own_sku for sku, _ in owners):
            owners = (*owners, (own_sku, -product_id))
        items = ids if facts.inventory_tracking == "variant" else ids[:1]
        self._known[product_id] = (name, owners, ids, items)
        self.products.add(product_id)
        self._names.setdefault(name, product_id)
        self.changed.note(product_id, _second(facts.date_modified))
        for sku, owner in owners:
            held = self._skus.get(sku)
            if held is None:
                self._skus[sku] = owner
            else:
                self._skus[sku] = (*(held if isinstance(held, tuple) else (held,)), owner)
        for variant_id in ids:
            self.product_of[variant_id] = product_id
            self.variants.add(variant_id)
        for variant_id in items:
            self.items.add(variant_id)

    def _forget(self, product_id: int) -> None:
        known = self._known.pop(product_id, None)
        if known is None:
            return
        name, owners, ids, items = known
        self.products.discard(product_id)
        self.changed.forget(product_id)
        if self._names.get(name) == product_id:
            del self._names[name]
        for sku, owner in owners:
            held = self._skus.get(sku)
            if isinstance(held, tuple) and len(held) > 1:
                rest = tuple(other for other in held if other != owner)
                self._skus[sku] = rest if len(rest) > 1 else rest[0]
            else:
                self._skus.pop(sku, None)
        for variant_id in ids:
            self.product_of.pop(variant_id, None)
            self.variants.discard(variant_id)
        for variant_id in items:
            self.items.discard(variant_id)

    def by_name(self, name: str) -> int | None:
        """The product of that name, whatever the case of its letters."""
        return self._names.get(name.casefold())

    def owners_of(self, sku: str) -> tuple[int, ...]:
        """Variant ids with that SKU; minus the product id where it is a product's own. Several only in broken data."""
        held = self._skus.get(sku.casefold())
        if held is None:
            return ()
        return held if isinstance(held, tuple) else (held,)

    def variants_with(self, sku: str) -> list[int]:
        """Variants with that SKU, whatever the case of its letters."""
        return [owner for owner in self.owners_of(sku) if owner > 0]

    def search(self, text: str) -> list[int]:
        """Products whose name or a SKU contains `text`, whatever the case of its letters, in order of id."""
        wanted = text.casefold()
        found = {product_id for product_id, known in self._known.items() if wanted in known[0]}
        for sku, held in self._skus.items():
            if wanted in sku:
                owners = held if isinstance(held, tuple) else (held,)
                found |= {-owner if owner < 0 else self.product_of[owner] for owner in owners}
        return sorted(found)

    def products_with(self, sku: str) -> list[int]:
        """Products whose main SKU it is."""
        found = []
        for owner in self.owners_of(sku):
            product_id = -owner if owner < 0 else self.product_of[owner]
            row = self._rows.get(product_id)
            if row is not None and _facts(row["m"]).sku.casefold() == sku.casefold():
                found.append(product_id)
        return found

    @property
    def modified(self) -> dict[int, int]:
        """Product → when it last changed, in Unix seconds."""
        return self.changed.at

    def page(self, ids: list[int], low: int | None, high: int | None) -> tuple[int, int]:
        """The slice of sorted `ids` between `low` and `high`, both included; None is open."""
        start = 0 if low is None else bisect_left(ids, low)
        end = len(ids) if high is None else bisect_left(ids, high + 1)
        return start, max(start, end)
