"""The flows of a connection: its listings and their prices, brought to what they should be.

`listing` creates and edits listings and records what review made of them. `price` sets prices. What is compared comes
from the neighbours: the store's products from `snapshot`, what the shop shows from `scanning`, what it should show from
`desiring`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import uuid4

from django.db import transaction

from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.connections.queries import working_connection
from twinshelf.documents import (
    AnyChange,
    CreateListing,
    DeactivateListing,
    EditContent,
    Finding,
    Listing,
    Money,
    Plan,
    Product,
    SetPrices,
    ShopListing,
)
from twinshelf.errors import NeedsPerson, NotFound, Refused, Transient
from twinshelf.goods import snapshot
from twinshelf.kit.upsert import update_rows
from twinshelf.kit.words import counted
from twinshelf.listings import desiring, linking
from twinshelf.listings import observing as scanning
from twinshelf.listings import plan as planning
from twinshelf.listings.models import Link, ListingRow, ListingState
from twinshelf.listings.pictures import Pictures
from twinshelf.sync.actions import confirmed
from twinshelf.sync.flows import Ask, Batches, LaneRef
from twinshelf.sync.preview import PREVIEW
from twinshelf.tiktok.errors import PriceLocked
from twinshelf.tiktok.regions import region as region_of

Quantities = Callable[[Connection, Sequence[int]], Mapping[int, int]]
"""(connection, product ids) → units to offer by variant id. Handed in by wiring: it is inventory's to say."""

_PRICE_LOCKED_WAIT_SECONDS = 900.0


def apply_nothing(_lane: LaneRef, _key: str, change: AnyChange) -> str:
    """Raises TypeError: a plan with this change was made for another kind of lane, which is a bug."""
    msg = f"{type(change).__name__} is not a change of this lane"
    raise TypeError(msg)


# -- listings -------------------------------------------------------------------------------------------------------


class ListingFlow:
    """The listing lane of connections. `quantities` is inventory's, so that create and stock stay one call."""

    def __init__(self, quantities: Quantities) -> None:
        self._quantities = quantities
        self._batches = Batches(_Batch.of)
        self._scans: dict[int, scanning.Scan] = {}

    def draft_many(self, lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
        """Plans for the asked products: create, edit, nothing; with all findings that stand in the way."""
        connection = working_connection(lane.owner_id)
        product_ids = [int(ask.key) for ask in asks]
        rows = _rows_of(connection, product_ids)
        told = [(row, ask) for ask in asks if (row := rows.get(int(ask.key))) and _wants_look(ask.reason, row)]
        if self._look_at(connection, told):
            rows = _rows_of(connection, product_ids)
        rows.update(_as_if_pushed(connection, rows, asks))
        products = snapshot.products_of(connection.store_id, product_ids)
        codes = {
            planning.seller_sku(product, variant)
            for product_id, product in products.items()
            if product_id in rows and not rows[product_id].tiktok_id
            for variant in product.variants
        }
        drafting = _Drafting(
            connection,
            desiring.facts_of(connection),
            self._quantities(connection, product_ids),
            snapshot.seen_by_code(connection.shop_id, codes),
            snapshot.doubled_codes(connection.store_id, codes),
        )
        plans = []
        for ask in asks:
            row = rows.get(int(ask.key))
            if row is None:
                continue
            if not (row.wanted or row.tiktok_id):
                plans.append(Plan(key=ask.key, findings=planning.deleted_findings(row.status)))
                continue
            plans.append(self._draft(drafting, ask, row, products.get(row.product_id)))
        update_rows(drafting.noted, ["state", "warnings"])
        return plans

    def _draft(self, drafting: _Drafting, ask: Ask, row: ListingRow, product: Product | None) -> Plan:
        connection = drafting.connection
        findings = planning.review_findings(row.status, row.audit_status, row.audit_reasons) if row.tiktok_id else ()
        if product is None or not row.wanted:
            # Gone from the store, or not wanted any more: the listing stays, its stock goes to 0 by the stock lane.
            return Plan(key=ask.key, findings=findings)
        listing, listing_findings = desiring.desire(
            connection, drafting.facts, product, drafting.quantities, categories=drafting.categories
        )
        if listing is not None and not row.tiktok_id:
            doubled = planning.doubled_findings(listing, drafting.doubled)
            listing, listing_findings = None if doubled else listing, (*listing_findings, *doubled)
        if ask.reason != PREVIEW and not row.tiktok_id:
            drafting.note(row, listing, listing_findings)
        told = (*findings, *_without_notices(listing_findings))
        if listing is None:
            return Plan(key=ask.key, findings=told)
        if not row.tiktok_id:
            row = self._adopted(drafting, row, listing, keep=ask.reason != PREVIEW)
        pushes = region_of(drafting.facts.region).product_push or drafting.facts.preferences.push_opt_in
        if not row.tiktok_id and not pushes:
            blocked = planning.region_finding()
            if ask.reason != PREVIEW:
                drafting.note(row, None, (blocked,))
            return Plan(key=ask.key, findings=(*told, blocked))
        if not row.tiktok_id:
            key = row.creating_key or str(uuid4())
            return Plan(key=ask.key, changes=(CreateListing(listing=listing, key=key),), findings=told)
        digest = planning.content_digest(listing)
        if not pushes or (row.sent is not None and bytes(row.sent) == digest):
            return Plan(key=ask.key, findings=told)
        if row.status in {"FREEZE", "DELETED"} or row.audit_status == "AUDITING" or row.state == ListingState.REVIEWING:
            # While TikTok reviews, further content waits and goes as one; the end of the review asks for it again.
            return Plan(key=ask.key, findings=told)
        sku_ids = tuple(
            sorted(
                Link.objects.filter(connection=connection, product_id=row.product_id).values_list(
                    "variant_id", "sku_id"
                )
            )
        )
        change = EditContent(shop_listing_id=row.tiktok_id, listing=listing, sku_ids=sku_ids)
        return Plan(key=ask.key, changes=(change,), findings=told)

    def _adopted(self, drafting: _Drafting, row: ListingRow, listing: Listing, *, keep: bool) -> ListingRow:
        """The row linked to a product the shop already has for these seller SKUs, else the row as it is.

        Without `keep` the link only shows in the row returned, and nothing is written. Looked up among the SKUs seen in
        the shop, and at the shop itself while the outcome of a create is unknown.
        """
        connection = drafting.connection
        codes = [sku.seller_sku for sku in listing.skus]
        seen = {tiktok_id for code in codes for tiktok_id in drafting.seen.get(code, ())}
        found: ShopListing | None = None
        client = clients.shop_client(connection.shop)
        if row.creating_key:
            matches = client.find_listings(codes[:10])
            found = next((m for m in matches if m.status != "DELETED"), None)
        elif len(seen) == 1:
            try:
                found = client.listing(seen.pop())
            except NotFound:
                found = None
        if found is None or found.status == "DELETED":
            return row
        pairs = planning.linkable(
            {sku.id: sku.seller_sku for sku in found.skus},
            tuple((sku.variant_id, sku.seller_sku) for sku in listing.skus),
        )
        if not pairs:
            return row
        taken = ListingRow.objects.filter(connection=connection, tiktok_id=found.id).exclude(id=row.id).exists()
        if taken:
            return row
        row.tiktok_id, row.creating_key = found.id, ""
        if keep:
            with transaction.atomic():
                linking.keep_links(connection, [linking.Paired(row.product_id, found.id, pairs, listing)])
                row.save(update_fields=["tiktok_id", "creating_key"])
                scanning.record_observed(connection, [(row, found)])
        return row

    def before(self, lane: LaneRef, plans: Sequence[Plan]) -> None:
        """Note the keys under which creates are about to go out, so that a lost answer is recognized."""
        changing = {int(plan.key): plan.changes for plan in plans if plan.changes}
        if not changing:
            return
        batch = self._batches.begin(lane)
        rows = _rows_of(batch.connection, list(changing))
        creating = []
        listings = []
        for product_id, changes in changing.items():
            for change in changes:
                if isinstance(change, CreateListing):
                    rows[product_id].creating_key, rows[product_id].state = change.key, ListingState.IN_PROGRESS
                    creating.append(rows[product_id])
                if isinstance(change, CreateListing | EditContent):
                    listings.append(change.listing)
        update_rows(creating, ["creating_key", "state"])
        batch.rows = {str(product_id): row for product_id, row in rows.items()}
        batch.pictures.look_up(listings)

    def apply(self, lane: LaneRef, key: str, change: AnyChange) -> str:
        """Make one change at the shop. Safe to repeat: creates carry a key, edits set."""
        batch = self._batches.of(lane)
        row = batch.rows.get(key) or ListingRow.objects.get(connection=batch.connection, product_id=int(key))
        match change:
            case CreateListing():
                return _create(batch, row, change)
            case EditContent():
                return _edit(batch, row, change)
            case DeactivateListing():
                clients.shop_client(batch.connection.shop).deactivate([change.shop_listing_id])
                row.state = ListingState.INACTIVE_SELLER
                batch.changed(row, "state")
                return "deactivated"
            case _:
                return apply_nothing(lane, key, change)

    def keep(self, lane: LaneRef) -> None:
        """Record what the changes of the batch made, all in a few statements.

        Lost with the process before that, a create is found again by its key and its seller SKUs.
        """
        batch = self._batches.end(lane)
        if batch is not None:
            batch.keep()

    def _look_at(self, connection: Connection, told: Sequence[tuple[ListingRow, Ask]]) -> bool:
        """Read what the shop shows of these listings and record it. Returns whether other rows than these were written.

        More than a few are read by searching what changed lately, a hundred a call; only a refusal, whose reasons a
        search does not tell, and what the search did not find are read one by one. One search answers for everything
        that was asked for before it began, also in the batches that follow.
        """
        scan = self._scans.get(connection.id)
        open_rows = [row for row, ask in told if scan is None or not scan.answers(ask)]
        scanned = len(open_rows) > _ONE_BY_ONE
        if scanned:
            scan = self._scans[connection.id] = scanning.read_changed(connection)
            open_rows = []
        for row, _ask in told:
            if row in open_rows or (scan and (row.tiktok_id in scan.refused or row.tiktok_id not in scan.seen)):
                scanning.look(connection, row)
        return scanned


def _rows_of(connection: Connection, product_ids: Sequence[int]) -> dict[int, ListingRow]:
    rows = ListingRow.objects.filter(connection=connection, product_id__in=product_ids)
    return {row.product_id: row for row in rows}


@dataclass
class _Drafting:
    """What the drafts of one batch share; `noted` are the rows whose state or notices they changed."""

    connection: Connection
    facts: planning.ShopFacts
    quantities: Mapping[int, int]
    seen: Mapping[str, set[str]]
    doubled: Mapping[str, int]
    categories: desiring.Categories = field(default_factory=dict)
    noted: list[ListingRow] = field(default_factory=list)

    def note(self, row: ListingRow, listing: Listing | None, findings: Sequence[Finding]) -> None:
        """Say on the row of a product that is not listed yet why it cannot be, or what is left out when it is sent."""
        before = row.state, row.warnings
        if listing is None:
            skipped = all(finding.code.startswith("I-") for finding in findings)
            row.state = ListingState.NOT_UPLOADED if skipped else ListingState.FAILED
        else:
            row.warnings = [finding.text for finding in findings if finding.code.startswith("N-")]
        if before != (row.state, row.warnings):
            self.noted.append(row)


@dataclass
class _Batch:
    """A batch of changes on their way: what they share, and what they made until it is kept with their outcomes."""

    connection: Connection
    pictures: Pictures
    rows: Mapping[str, ListingRow] = field(default_factory=dict)
    paired: list[linking.Paired] = field(default_factory=list)
    _changed: list[tuple[tuple[str, ...], ListingRow]] = field(default_factory=list)

    @classmethod
    def of(cls, lane: LaneRef) -> _Batch:
        connection = Connection.objects.select_related("store", "shop").get(id=lane.owner_id)
        return cls(connection, Pictures(connection.shop))

    def changed(self, row: ListingRow, *columns: str) -> None:
        """Note that these columns of the row are to be written. May be called from several threads."""
        self._changed.append((columns, row))

    def keep(self) -> None:
        """Write it all, inside the caller's transaction."""
        self.pictures.keep()
        linking.keep_links(self.connection, self.paired)
        for columns in {columns for columns, _row in self._changed}:
            update_rows([row for some, row in self._changed if some == columns], columns)
        if self.paired:
            linking.released(self.connection, [sku.seller_sku for paired in self.paired for sku in paired.listing.skus])


def _as_if_pushed(
    connection: Connection, rows: Mapping[int, ListingRow], asks: Sequence[Ask]
) -> Iterator[tuple[int, ListingRow]]:
    """For a preview: the rows that pushing these products would leave, as if they were wanted. Nothing is written."""
    for product_id in (int(ask.key) for ask in asks if ask.reason == PREVIEW):
        row = rows.get(product_id) or ListingRow(
            account_id=connection.account_id, connection=connection, product_id=product_id
        )
        row.wanted = True
        yield product_id, row


def _wants_look(reason: str, row: ListingRow) -> bool:
    """Whether to read the listing first: somebody told us that it changed, or its review is open."""
    told = reason.startswith(("webhook", "refresh", "task"))
    return bool(row.tiktok_id) and reason != PREVIEW and (told or row.observed_at is None)


_ONE_BY_ONE = 2


def _create(batch: _Batch, row: ListingRow, change: CreateListing) -> str:
    if row.tiktok_id:  # the step is being repeated and the first time got through
        return f"exists as {row.tiktok_id}"
    listing = change.listing
    client = clients.shop_client(batch.connection.shop)
    try:
        image_uris = batch.pictures.uris_of(listing)
    except (Transient, NeedsPerson) as error:  # surely nothing was created
        row.creating_key = ""
        row.state = ListingState.FAILED if isinstance(error, NeedsPerson) else row.state
        batch.changed(row, "creating_key", "state")
        raise
    try:
        created = client.create_listing(
            listing,
            image_uris=image_uris,
            key=change.key,
            region=region_of(batch.connection.shop.region),
        )
    except Transient as error:
        if not error.outcome_unknown:
            row.creating_key = ""
            batch.changed(row, "creating_key", "state")
        raise
    except Refused:
        row.creating_key, row.state = "", ListingState.FAILED
        batch.changed(row, "creating_key", "state")
        raise
    by_code = {sku.seller_sku: sku.variant_id for sku in listing.skus}
    pairs = {by_code[code]: sku_id for code, sku_id in created.sku_ids.items() if code in by_code}
    row.tiktok_id, row.creating_key, row.sent = created.id, "", planning.content_digest(listing)
    row.state, row.status, row.audit_status = ListingState.REVIEWING, "PENDING", "AUDITING"
    row.warnings = [*row.warnings, *created.warnings]
    row.price_min = min(sku.price.amount for sku in listing.skus)
    row.price_max = max(sku.price.amount for sku in listing.skus)
    row.quantity = sum(sku.quantity for sku in listing.skus)
    batch.changed(
        row, "tiktok_id", "creating_key", "sent", "state", "status", "audit_status", "warnings", "price_min",
        "price_max", "quantity",
    )  # fmt: skip
    batch.paired.append(linking.Paired(row.product_id, created.id, pairs, listing))
    return f"created as {created.id}"


def _edit(batch: _Batch, row: ListingRow, change: EditContent) -> str:
    client = clients.shop_client(batch.connection.shop)
    edited = client.edit_listing(
        change.shop_listing_id,
        change.listing,
        image_uris=batch.pictures.uris_of(change.listing),
        sku_ids=dict(change.sku_ids),
        region=region_of(batch.connection.shop.region),
    )
    row.sent = planning.content_digest(change.listing)
    row.audit_status = edited.audit_status
    batch.changed(row, "sent", "audit_status")
    by_code = {sku.seller_sku: sku.variant_id for sku in change.listing.skus}
    pairs = {by_code[code]: sku_id for code, sku_id in edited.sku_ids.items() if code in by_code}
    if pairs:
        batch.paired.append(linking.Paired(row.product_id, change.shop_listing_id, pairs, change.listing))
    return f"sent to review: {edited.audit_status or 'accepted'}"


def _without_notices(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if not finding.code.startswith("N-"))


# -- prices ---------------------------------------------------------------------------------------------------------


def draft_prices(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Plans that set every price that is not as it should be; only what is live can take a price."""
    connection = working_connection(lane.owner_id)
    product_ids = [int(ask.key) for ask in asks]
    live = dict(
        ListingRow.objects.filter(
            connection=connection, product_id__in=product_ids, state=ListingState.LIVE
        ).values_list("product_id", "tiktok_id")
    )
    products = snapshot.products_of(connection.store_id, live)
    links: dict[int, dict[int, tuple[str, Money | None]]] = {}
    for link in Link.objects.filter(connection=connection, product_id__in=live):
        seen = None if link.price is None else Money(link.price, link.currency)
        links.setdefault(link.product_id, {})[link.variant_id] = (link.sku_id, seen)
    facts = desiring.facts_of(connection)
    return [
        planning.plan_prices(
            products[int(ask.key)],
            facts,
            tiktok_id=live[int(ask.key)],
            links=links.get(int(ask.key), {}),
            confirmed=ask.reason == confirmed("E-PRC-GUARD"),
        )
        for ask in asks
        if int(ask.key) in products
    ]


@dataclass
class _PriceBatch:
    """Prices on their way: whose they are, and those that the shop has taken so far, by SKU id."""

    connection: Connection
    product_ids: list[int] = field(default_factory=list)
    taken: dict[str, Money] = field(default_factory=dict)

    @classmethod
    def of(cls, lane: LaneRef) -> _PriceBatch:
        return cls(Connection.objects.select_related("shop").get(id=lane.owner_id))


_price_batches = Batches(_PriceBatch.of)


def apply_price(lane: LaneRef, key: str, change: AnyChange) -> str:
    """Set prices. Safe to repeat. A price locked by a promotion is tried again after a while, not given up."""
    if not isinstance(change, SetPrices):
        return apply_nothing(lane, key, change)
    batch, prices = _price_batches.of(lane), dict(change.prices)
    try:
        clients.shop_client(batch.connection.shop).set_prices(change.shop_listing_id, prices)
    except PriceLocked as error:
        raise Transient("the price is locked by a promotion", wait_seconds=_PRICE_LOCKED_WAIT_SECONDS) from error
    batch.taken.update(prices)
    batch.product_ids.append(int(key))
    return f"{counted(len(prices), 'price')} set"


def keep_prices(lane: LaneRef) -> None:
    """Record the prices that the shop took, of the whole batch. Lost before that, they are set once more."""
    batch = _price_batches.end(lane)
    if batch is None or not batch.product_ids:
        return
    of_products = {"connection": batch.connection, "product_id__in": batch.product_ids}
    shown: dict[int, list[Decimal]] = {}
    moved = []
    for link in Link.objects.filter(**of_products):
        if link.sku_id in batch.taken:
            link.price, link.currency = batch.taken[link.sku_id].amount, batch.taken[link.sku_id].currency
            moved.append(link)
        if link.price is not None:
            shown.setdefault(link.product_id, []).append(link.price)
    update_rows(moved, ["price", "currency"])
    rows = list(ListingRow.objects.filter(**of_products))
    for row in rows:
        prices = shown.get(row.product_id)
        row.price_min, row.price_max = (min(prices), max(prices)) if prices else (None, None)
    update_rows(rows, ["price_min", "price_max"])
