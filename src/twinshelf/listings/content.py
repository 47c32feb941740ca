"""The content flow: listings created and edited, and what review made of them.

What is compared comes from the neighbours: the store's products from `goods.snapshot`, what the shop shows from
`observing`, what it should show from `desiring`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from twinshelf import messages
from twinshelf.connections.batches import ConnectionBatch
from twinshelf.connections.models import Connection
from twinshelf.documents import (
    AnyChange,
    AuditStatus,
    CreateListing,
    DeleteListing,
    EditContent,
    Finding,
    Listing,
    ListingMethod,
    ListingState,
    ListingStatus,
    Product,
    ShopListing,
    SyncField,
    token,
)
from twinshelf.errors import NotFound, Transient
from twinshelf.goods import snapshot
from twinshelf.kit import clock
from twinshelf.kit.upsert import update_rows
from twinshelf.listings import desiring, linking, observing
from twinshelf.listings import plan as planning
from twinshelf.listings.compare import edits_of
from twinshelf.listings.desired import Desired, Shelf, ShopFacts
from twinshelf.listings.facts import choices_of, facts_of
from twinshelf.listings.models import Link, ListingRow, deleted_of, sent_as
from twinshelf.listings.pictures import Pictures
from twinshelf.rules import own
from twinshelf.rules.own import ProductChoices
from twinshelf.sync import lanes, problems
from twinshelf.sync.flows import BULK, Attempt, Closed, Flow, LaneRef, Made, Signal, no_change
from twinshelf.tiktok.errors import PartlyRefused
from twinshelf.tiktok.products import CreatedListing, EditedListing
from twinshelf.tiktok.regions import region as region_of
from twinshelf.tiktok.texts import plain

_TOLD = 120
"""Characters of a text in a change record."""


@dataclass
class ContentBatch(ConnectionBatch):
    """A batch of products of a connection, with our rows of them by key."""

    rows: dict[str, ListingRow] = field(default_factory=dict)

    @cached_property
    def pictures(self) -> Pictures:
        """The pictures that the shop has, and those uploaded by this batch."""
        return Pictures(self.connection.shop)


# -- observe --------------------------------------------------------------------------------------------------------


def observe_listings(batch: ContentBatch, keys: Sequence[str]) -> Mapping[str, planning.SeenListing]:
    """Both sides of these products: read from TikTok where somebody said that it changed there, else as last seen."""
    connection = batch.connection
    product_ids = list(keys)
    rows = _rows_of(connection, product_ids)
    if not batch.preview and observing.look_at(connection, [row for row in rows.values() if _wants_look(batch, row)]):
        rows = _rows_of(connection, product_ids)
    if batch.preview:
        rows = dict(_as_if_pushed(connection, rows, product_ids))
    batch.rows.update(rows)
    products = snapshot.products_of(connection.store_id, product_ids)
    _ = batch.currency_taken  # asked of the store first, so that the facts below know it
    around = _Around.of(batch, rows, products)
    seen = [_seen(batch, around, row, products.get(product_id)) for product_id, row in rows.items()]
    batch.pictures.look_up([each.listing for each in seen if each.listing is not None])
    return {each.key: each for each in seen}


def _rows_of(connection: Connection, product_ids: Sequence[str]) -> dict[str, ListingRow]:
    rows = ListingRow.objects.filter(connection=connection, product_id__in=product_ids)
    return {row.product_id: row for row in rows}


def _as_if_pushed(
    connection: Connection, rows: Mapping[str, ListingRow], product_ids: Sequence[str]
) -> Iterator[tuple[str, ListingRow]]:
    """For a preview: the rows that pushing these products would leave, as if they were wanted. Nothing is written."""
    for product_id in product_ids:
        row = rows.get(product_id) or ListingRow(
            account_id=connection.account_id, connection=connection, product_id=product_id
        )
        row.wanted = True
        yield product_id, row


def _wants_look(batch: ContentBatch, row: ListingRow) -> bool:
    """Whether to read the listing first: somebody told us that it changed, and no reading has answered that since."""
    if not row.tiktok_id:
        return False
    if row.observed_at is None or row.checked_at is None:
        return True
    ask = batch.asks[row.product_id]
    told = Signal.LOOK in ask.signals
    return told and (ask.asked_at is None or row.checked_at <= ask.asked_at or row.checked_at > clock.now())


@dataclass(frozen=True)
class _Around:
    """What the products of one batch share."""

    facts: ShopFacts
    held: Mapping[str, int]
    in_shop: Mapping[str, set[str]]
    """Ids by seller SKU of the shop's listings that no product of the store has."""
    doubled: Mapping[str, int]
    sku_ids: dict[str, tuple[tuple[str, str], ...]]
    """(variant id, TikTok SKU id) of what is linked, by product id."""
    gone: Mapping[str, tuple[str, ...]]
    """Seller SKUs of linked variants that the store does not have any more, by product id."""
    choices: Mapping[str, ProductChoices]
    """What people chose, by product id."""
    deleted: Collection[str]
    """The products that the store does not have any more."""
    categories: desiring.Categories = field(default_factory=dict)

    @classmethod
    def of(cls, batch: ContentBatch, rows: Mapping[str, ListingRow], products: Mapping[str, Product]) -> _Around:
        connection, facts = batch.connection, facts_of(batch.connection, products)
        codes = {
            facts.code_of(product, variant)
            for product_id, product in products.items()
            if product_id in rows and not rows[product_id].tiktok_id
            for variant in product.variants
        }
        links: dict[str, list[tuple[str, str]]] = {}
        gone: dict[str, list[str]] = {}
        here = {product_id: {variant.id for variant in product.variants} for product_id, product in products.items()}
        listed = [product_id for product_id, row in rows.items() if row.tiktok_id]
        linked = Link.objects.filter(connection=connection, product_id__in=listed)
        for product_id, variant_id, sku_id, code in linked.values_list(
            "product_id", "variant_id", "sku_id", "seller_sku"
        ):
            links.setdefault(product_id, []).append((variant_id, sku_id))
            if product_id in here and variant_id not in here[product_id]:
                gone.setdefault(product_id, []).append(code)
        return cls(
            facts,
            desiring.held_of(connection, products.values()),
            _free_in_shop(connection, codes),
            snapshot.doubled_codes(connection.store_id, codes),
            {product_id: tuple(sorted(pairs)) for product_id, pairs in links.items()},
            {product_id: tuple(sorted(codes)) for product_id, codes in gone.items()},
            choices_of(connection, rows),
            snapshot.deleted_among(connection.store_id, rows.keys() - products.keys()),
        )


def _free_in_shop(connection: Connection, codes: set[str]) -> Mapping[str, set[str]]:
    in_shop = observing.seen_by_code(connection, codes)
    taken = observing.of_living_products(connection, {each for found in in_shop.values() for each in found})
    return {code: found - taken for code, found in in_shop.items()}


def _seen(batch: ContentBatch, around: _Around, row: ListingRow, product: Product | None) -> planning.SeenListing:
    listing: Listing | None = None
    findings: tuple[Finding, ...] = ()
    left: frozenset[SyncField] = frozenset()
    sent, known = row.sent_listing(), bool(row.tiktok_id)
    if product is not None and row.wanted:
        made = _desire(batch, around, row, product, sent)
        listing, findings, left = made.listing, made.findings, made.left
        if listing is not None and not row.tiktok_id:
            doubled = planning.doubled_findings(listing, around.doubled)
            findings = (*findings, *doubled)
            listing = None if doubled else listing
        if listing is not None and not row.tiktok_id:
            several = _adopt(batch, around, row, listing)
            findings = (*findings, *several)
            listing = None if several else listing
            if bool(row.tiktok_id):  # taken over just now: from here on the rules for updates count
                made = _desire(batch, around, row, product, sent)
                listing, findings, left = made.listing, made.findings, made.left
    return planning.SeenListing(
        row.product_id,
        tiktok_id=row.tiktok_id,
        wanted=row.wanted,
        status=row.status,
        audit_status=row.audit_status,
        audit_reasons=tuple(row.audit_reasons),
        reviewing=row.audit_status == AuditStatus.AUDITING or row.state == ListingState.REVIEWING,
        sent=sent,
        listing=listing,
        findings=findings,
        pushes=region_of(around.facts.region).product_push or around.facts.preferences.push_opt_in,
        supplied=batch.connection.shop.listing_method == ListingMethod.GLOBAL,
        pushed=(row.pushed or batch.preview) and (known or not row.tiktok_id),  # to link it was what the push was for
        apart=around.facts.preferences.catalog_direction != "bc_to_tts",
        sku_ids=around.sku_ids.get(row.product_id, ()),
        gone=around.gone.get(row.product_id, ()),
        left=left,
        edited=frozenset(
            SyncField(name) for name, shown in row.shop_edits.items() if row.overwritten.get(name) != shown
        ),
        deleted=row.product_id in around.deleted,
        deletes=around.facts.preferences.auto_delete,
        waits=around.facts.preferences.manual_updates_only and not (row.pushed or batch.preview),
    )


def _desire(batch: ContentBatch, around: _Around, row: ListingRow, product: Product, sent: Listing | None) -> Desired:
    linked = frozenset(variant_id for variant_id, _sku_id in around.sku_ids.get(row.product_id, ()))
    return desiring.desire(
        batch.connection,
        around.facts,
        product,
        around.held,
        categories=around.categories,
        choices=around.choices.get(row.product_id, own.NONE),
        shelf=Shelf(listed=bool(row.tiktok_id), sent=sent, linked=linked),
    )


def _adopt(batch: ContentBatch, around: _Around, row: ListingRow, listing: Listing) -> tuple[Finding, ...]:
    """Link the row to a product that the shop already has for these seller SKUs, if it has exactly one.

    Looked up among the SKUs seen in the shop that no product of the store has (one of a product that was deleted in the
    store is free), and at the shop itself while the outcome of a create is unknown. A preview only shows the link in
    the row at hand. Returns what forbids to make a listing: the shop has several with these SKUs.
    """
    connection = batch.connection
    known = {tiktok_id for sku in listing.skus for tiktok_id in around.in_shop.get(sku.seller_sku, ())}
    if len(known) > 1 and (row.product_id, "create") not in batch.attempted:
        return planning.several_in_shop(listing, around.in_shop)
    found = _in_shop(batch, known, row, listing)
    if found is None or found.status == ListingStatus.DELETED:
        return ()
    pairs = planning.linkable(
        {sku.id: sku.seller_sku for sku in found.skus},
        tuple((sku.variant_id, sku.seller_sku) for sku in listing.skus),
    )
    if not pairs or observing.of_living_products(connection, [found.id]):
        return ()
    row.tiktok_id = found.id
    around.sku_ids[row.product_id] = tuple(sorted(pairs.items()))
    if not batch.preview:
        observing.adopt(connection, row, found, linking.Paired(row.product_id, found.id, pairs, listing))
    return ()


def _in_shop(batch: ContentBatch, known: set[str], row: ListingRow, listing: Listing) -> ShopListing | None:
    codes = [sku.seller_sku for sku in listing.skus]
    client = batch.shop_client
    if (row.product_id, "create") in batch.attempted:
        return next(
            (match for match in client.find_listings(codes[:10]) if match.status != ListingStatus.DELETED), None
        )
    if len(known) == 1:
        try:
            return client.listing(next(iter(known)))
        except NotFound:
            return None
    return None


# -- apply ----------------------------------------------------------------------------------------------------------


def apply_listing(batch: ContentBatch, change: AnyChange, attempt: Attempt) -> Made:
    """Create or edit one product. An edit sets; a create whose earlier outcome is unknown goes with the same token."""
    match change:
        case CreateListing():
            created = batch.shop_client.create_listing(
                change.listing,
                image_uris=_pictures_of(batch, change.listing),
                key=attempt.token,
                region=region_of(batch.connection.shop.region),
            )
            return Made(f"created as {created.id}", created)
        case DeleteListing():
            return _delete(batch, change)
        case EditContent():
            edited = batch.shop_client.edit_listing(
                change.shop_listing_id,
                change.listing,
                image_uris=_pictures_of(batch, change.listing),
                sku_ids=dict(change.sku_ids),
                withdrawn=change.withdrawn,
                left=change.left,
                region=region_of(batch.connection.shop.region),
            )
            replaced = _replaced(batch, change, edited)
            told = "; ".join(["sent to TikTok's review", *map(_overwrote, replaced.items())])
            return Made(told, Edited(edited, {name: before for name, (before, _after) in replaced.items()}))
        case _:
            return no_change(batch, change, attempt)


@dataclass(frozen=True)
class Edited:
    """What became of an edit, and what it replaced of what somebody had changed in the shop: field → what it showed."""

    reply: EditedListing
    replaced: Mapping[str, str]


def _replaced(batch: ContentBatch, change: EditContent, edited: EditedListing) -> dict[str, tuple[str, str]]:
    """(what the shop showed, what was sent) of each field that somebody had changed there (SYN-5)."""
    row = batch.rows[change.listing.product_id]
    sent = row.sent_listing()
    if sent is None or row.audit_status in {AuditStatus.AUDITING, AuditStatus.FAILED}:
        return {}
    shown = edited.before
    found = {
        name.value: (text, change.listing.title if name is SyncField.NAME else change.listing.description)
        for name, text in edits_of(sent, shown.title, shown.description).items()
        if name not in change.left
    }
    ours = batch.pictures.known(sent.image_urls)
    if SyncField.MEDIA not in change.left and ours and shown.image_uris and list(shown.image_uris) != ours:
        found[SyncField.MEDIA] = (", ".join(shown.image_uris), ", ".join(change.listing.image_urls))
    return found


def _delete(batch: ContentBatch, change: DeleteListing) -> Made:
    try:
        batch.shop_client.delete([change.shop_listing_id])
    except PartlyRefused as error:
        raise error.one_by_one().get(change.shop_listing_id, error) from error
    return Made("deleted, since BigCommerce does not have it any more")


def _overwrote(replaced: tuple[str, tuple[str, str]]) -> str:
    field, (before, after) = replaced
    return f"overwrote TikTok edit of {field}: “{_brief(before)}” → “{_brief(after)}”"


def _brief(text: str) -> str:
    words = plain(text)
    return words if len(words) <= _TOLD else f"{words[: _TOLD - 1]}…"


def _pictures_of(batch: ContentBatch, listing: Listing) -> dict[str, str]:
    try:
        return batch.pictures.uris_of(listing)
    except Transient as error:
        if not error.outcome_unknown:
            raise
        # A picture may be there or not; of the product surely nothing was sent.
        raise Transient(str(error), wait_seconds=error.wait_seconds, exact=error.exact) from error


# -- record ---------------------------------------------------------------------------------------------------------

_STATE = ("state", "warnings")
_EDITED = ("sent", "audit_status", "pushed", "shop_edits", "overwritten")
_PUSHED = ("pushed",)
_DELETED = (
    "tiktok_id", "sent", "wanted", "state", "status", "audit_status", "price_min", "price_max", "quantity", "deleted",
)  # fmt: skip
_CREATED = (
    "tiktok_id", "sent", "state", "status", "audit_status", "warnings", "price_min", "price_max", "quantity", "pushed",
    "shop_edits", "overwritten",
)  # fmt: skip


def record_listings(batch: ContentBatch, closed: Sequence[Closed[planning.SeenListing]]) -> None:
    """Keep what the batch made, all in a few statements.

    Lost with the process before that, a create is found again by its token and its seller SKUs.
    """
    batch.pictures.keep()
    paired: list[linking.Paired] = []
    deleted: list[ListingRow] = []
    written: dict[tuple[str, ...], list[ListingRow]] = {_STATE: [], _EDITED: [], _CREATED: [], _PUSHED: []}
    for each in closed:
        row = batch.rows[each.key]
        made = [(done.change, done.made.kept) for done in each.done if done.made is not None]
        for change, kept in made:
            if isinstance(change, CreateListing):
                paired.append(_note_created(row, change.listing, kept))
                written[_CREATED].append(row)
            elif isinstance(change, DeleteListing):
                deleted.append(row)
            elif isinstance(change, EditContent):
                row.sent, row.audit_status = sent_as(change.listing), kept.reply.audit_status
                row.pushed, row.shop_edits, row.overwritten = False, {}, dict(kept.replaced)
                paired += [_paired(row, change.listing, kept.reply)] if kept.reply.sku_ids else []
                written[_EDITED].append(row)
        linked = each.seen.supplied and not each.seen.pushed
        if row.pushed and row.tiktok_id and not made and (linked or not each.seen.differing):
            row.pushed = False
            written[_PUSHED].append(row)
        if not row.tiktok_id and _note_unlisted(row, each):
            written[_STATE].append(row)
    linking.keep_links(batch.connection, paired)
    _note_deleted(batch.connection, deleted)
    for columns, rows in written.items():
        update_rows(rows, columns)
    account_id = batch.connection.account_id
    if not (paired and problems.is_awaited(account_id, "sku")):
        return
    codes = [sku.seller_sku for some in paired for sku in some.listing.skus]
    problems.unblock(account_id, *(token("sku", code) for code in codes))


def _note_created(row: ListingRow, listing: Listing, created: CreatedListing) -> linking.Paired:
    row.tiktok_id, row.sent = created.id, sent_as(listing)
    row.state, row.status, row.audit_status = ListingState.REVIEWING, ListingStatus.PENDING, AuditStatus.AUDITING
    row.warnings = [*row.warnings, *created.warnings]
    row.pushed, row.shop_edits, row.overwritten = False, {}, {}
    row.price_min = min(sku.price.amount for sku in listing.skus)
    row.price_max = max(sku.price.amount for sku in listing.skus)
    row.quantity = sum(sku.quantity for sku in listing.skus)
    return _paired(row, listing, created)


def _note_deleted(connection: Connection, rows: Sequence[ListingRow]) -> None:
    """Nobody wants these any more: if the store has one again, somebody says so. Until then it can be recovered."""
    if not rows:
        return
    links: dict[str, list[Link]] = {}
    linked = Link.objects.filter(connection=connection, product_id__in=[row.product_id for row in rows])
    for link in linked:
        links.setdefault(link.product_id, []).append(link)
    for row in rows:
        row.deleted = deleted_of(row.tiktok_id, links.get(row.product_id, ()))
        row.tiktok_id, row.sent, row.wanted = "", None, False
        row.state, row.status, row.audit_status = ListingState.NOT_UPLOADED, ListingStatus.DELETED, ""
        row.price_min, row.price_max, row.quantity = None, None, None
    linked.delete()
    update_rows(rows, _DELETED)


def note_parked(lane: LaneRef, product_ids: Sequence[str]) -> None:
    """Have what was being sent, and rests with a problem now, be failed: nothing is on its way for ever."""
    rows = ListingRow.objects.filter(connection_id=lane.owner_id, product_id__in=list(product_ids), tiktok_id="")
    rows.filter(state=ListingState.IN_PROGRESS).update(state=ListingState.FAILED)


def note_holding(lane: LaneRef, *, held: bool) -> None:
    """While nothing gets through, what was to be sent is failed, for the reason that the lane tells; not for ever sent.

    Once something does, what is still to be tried is on its way again.
    """
    rows = ListingRow.objects.filter(connection_id=lane.owner_id, tiktok_id="")
    if held:
        rows.filter(state=ListingState.IN_PROGRESS).update(state=ListingState.FAILED)
        return
    again = rows.filter(state=ListingState.FAILED, wanted=True, product_id__in=lanes.keys_asked(lane.id))
    again.update(state=ListingState.IN_PROGRESS)


def _paired(row: ListingRow, listing: Listing, answer: CreatedListing | EditedListing) -> linking.Paired:
    by_code = {sku.seller_sku: sku.variant_id for sku in listing.skus}
    pairs = {by_code[code]: sku_id for code, sku_id in answer.sku_ids.items() if code in by_code}
    return linking.Paired(row.product_id, row.tiktok_id, pairs, listing)


def _note_unlisted(row: ListingRow, each: Closed[planning.SeenListing]) -> bool:
    """Say on the row of a product that is not listed why it is not. Returns whether that is new."""
    before = row.state, list(row.warnings)
    parked = each.outcome.state == "parked"
    row.state = planning.state_unlisted(each.seen, each.plan, state=row.state, parked=parked)
    if each.seen.listing is not None:
        row.warnings = [messages.text(found) for found in each.seen.findings if found.code.startswith(messages.NOTICE)]
    return before != (row.state, row.warnings)


CONTENT = Flow(
    "listing",
    ContentBatch,
    observe_listings,
    planning.plan_listing,
    apply_listing,
    record_listings,
    size=100,
    queue=BULK,
    parked=note_parked,
    holding=note_holding,
)
