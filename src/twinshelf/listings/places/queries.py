"""What may be known of locations, warehouses and push rules, and what a rule would send now. Reads our tables only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from twinshelf.connections import queries as connections
from twinshelf.connections import warehouses
from twinshelf.connections.models import Connection, Store
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.documents import Product, Variant, Warehouse, WarehouseStatus
from twinshelf.goods import holds, locations, snapshot
from twinshelf.goods.models import Location, StoreVariant
from twinshelf.kit.actions import Action
from twinshelf.listings.desired import DesiredSku, ShopFacts, desired_skus
from twinshelf.listings.facts import choices_of, facts_of
from twinshelf.listings.models import Link
from twinshelf.rules import own, push_rules
from twinshelf.rules.models import PushRule
from twinshelf.rules.quantities import Quantity
from twinshelf.rules.warehouses import Repair, RepairStep, Share, Source, untouchable
from twinshelf.sync import queries as sync

# -- locations ------------------------------------------------------------------------------------------------------


class LocationState(StrEnum):
    LINKED = "linked"
    APART = "apart"
    """A person said that the shops do not sell from it."""
    NOT_LINKED = "not_linked"
    OFF = "off"
    GONE = "gone"


@dataclass(frozen=True)
class LocationLink:
    """What a location is linked to in one connection. `warehouse` "": it is not, by a person's wish."""

    connection: Connection
    warehouse_id: str
    warehouse: str


@dataclass(frozen=True)
class LocationLine:
    """A location of a store with the warehouses that get its stock."""

    row: Location
    links: tuple[LocationLink, ...]

    @property
    def state(self) -> LocationState:
        """What a person should know of it."""
        if self.row.removed_at is not None:
            return LocationState.GONE
        if not self.row.enabled:
            return LocationState.OFF
        if not self.links:
            return LocationState.NOT_LINKED
        return LocationState.LINKED if any(each.warehouse_id for each in self.links) else LocationState.APART


@dataclass(frozen=True)
class StorePlaces:
    """A store with its locations. `pulled` False: no connection of it has them pulled, so there are none."""

    store: Store
    pulled: bool
    lines: tuple[LocationLine, ...]
    connections: tuple[Connection, ...] = ()

    @property
    def read_at(self) -> datetime | None:
        """When they were last read."""
        return max((line.row.read_at for line in self.lines), default=None)


def stores_with_locations() -> list[StorePlaces]:
    """Every store of the account with its locations; one that is gone and linked nowhere is left out."""
    every = connections.connections()
    found = []
    for store in connections.stores():
        own_ones = [each for each in every if each.store_id == store.id]
        pulling = [each for each in own_ones if preferences_from_json(each.preferences).pull_locations]
        linked: dict[str, list[LocationLink]] = {}
        for connection in pulling:
            names = _names(connection)
            for link in push_rules.links_of(connection):
                name = names.get(link.warehouse_id, link.warehouse_id)
                linked.setdefault(link.location_id, []).append(LocationLink(connection, link.warehouse_id, name))
        rows = locations.known(store).values() if pulling else ()
        lines = tuple(LocationLine(row, tuple(linked.get(row.location_id, ()))) for row in rows)
        shown = tuple(line for line in lines if line.links or line.state is not LocationState.GONE)
        found.append(StorePlaces(store, bool(pulling), shown, tuple(pulling)))
    return found


def location_or_none(location_id: str, connection: Connection) -> LocationLine | None:
    """A location of a connection's store, with what it is linked to in that connection."""
    row = locations.known(connection.store).get(location_id)
    if row is None:
        return None
    names = _names(connection)
    links = [each for each in push_rules.links_of(connection) if each.location_id == location_id]
    told = [
        LocationLink(connection, each.warehouse_id, names.get(each.warehouse_id, each.warehouse_id)) for each in links
    ]
    return LocationLine(row, tuple(told))


def _names(connection: Connection) -> dict[str, str]:
    return {each.id: each.name for each in warehouses.of(connection.shop)}


# -- rules and warehouses -------------------------------------------------------------------------------------------


class WarehouseState(StrEnum):
    IN_USE = "in_use"
    NOT_USED = "not_used"
    REFUSED = "refused"
    HOLIDAY = "holiday"
    OFF = "off"
    GONE = "gone"


@dataclass(frozen=True)
class Simulated:
    """What a rule would send now of one SKU, and why. `shown`: what TikTok shows of the SKU in all its warehouses."""

    seller_sku: str
    units: int
    share: Share | None
    quantity: Quantity
    places: tuple[tuple[str, int], ...]
    """(location, units) that the rule adds up."""
    shown: int | None
    follows: bool


@dataclass(frozen=True)
class RuleLine:
    """A warehouse with what feeds it, and what is to be done about it."""

    connection: Connection
    source: Source
    warehouse: Warehouse | None
    name: str
    places: tuple[Location, ...]
    """The locations whose stock it gets."""
    repair: Repair
    refused_at: datetime | None
    products: int = 0
    """How many products TikTok refused the warehouse for."""
    simulated: Simulated | None = None

    @property
    def state(self) -> WarehouseState:
        """What a person should know of its warehouse."""
        return state_of(self.warehouse, used=True, refused=self.refused_at is not None)

    @property
    def alone(self) -> bool:
        """Whether one location feeds it."""
        return len(self.places) == 1

    @property
    def overseas(self) -> bool:
        """Whether the overseas warehouse of the market is to take the place of a local one (BIGS-28)."""
        return self.repair.step is RepairStep.OVERSEAS

    @property
    def fails(self) -> bool:
        """Whether something is to be done about it."""
        return self.repair.step is not RepairStep.NONE


@dataclass(frozen=True)
class WarehouseLine:
    """A warehouse of a shop. `source` None: it gets no stock."""

    connection: Connection
    warehouse: Warehouse
    state: WarehouseState
    places: tuple[Location, ...] = ()
    used: bool = False


def state_of(warehouse: Warehouse | None, *, used: bool, refused: bool) -> WarehouseState:
    """What a person should know of a warehouse. Pure."""
    if warehouse is None:
        return WarehouseState.GONE
    if refused and used:
        return WarehouseState.REFUSED
    match warehouse.status:
        case WarehouseStatus.RESTRICTED:
            return WarehouseState.HOLIDAY
        case WarehouseStatus.DISABLED | WarehouseStatus.UNKNOWN:
            return WarehouseState.OFF
        case _:
            return WarehouseState.IN_USE if used else WarehouseState.NOT_USED


@dataclass(frozen=True)
class ShopRules:
    """The rules of a connection and all warehouses of its shop."""

    connection: Connection
    pulled: bool
    rules: tuple[RuleLine, ...]
    warehouses: tuple[WarehouseLine, ...]
    read_at: datetime | None
    inactive: str = ""
    """Why the shop may not sell, in TikTok's words; "" if it may."""
    unknown_sku: bool = False
    """The SKU asked for is none of the store's."""
    locations: Mapping[str, Location] = field(default_factory=dict)


def shop_rules(connection: Connection, *, sku: str = "") -> ShopRules:
    """The rules of one connection; with `sku`, what each of them would send of it now. Nothing is sent."""
    shop = connection.shop
    there = {each.id: each for each in warehouses.of(shop)}
    rows = locations.known(connection.store)
    push = push_rules.push_of(connection)
    kept = {each.warehouse_id: each for each in push_rules.rules_of(connection)}
    sources = push.sources if push is not None else (Source(connection.warehouse_id),)
    refused = sync.open_problems(("stock",), (f"connection:{connection.id}",), code="E-WHS-STATUS").count()
    simulated = _simulate(connection, sku) if sku else None
    rules = tuple(
        _line(
            connection,
            source,
            kept=kept.get(source.warehouse_id),
            rows=rows,
            refused=refused,
            simulated=simulated,
        )
        for source in sources
    )
    by_warehouse = {rule.source.warehouse_id: rule for rule in rules}
    return ShopRules(
        connection,
        push is not None,
        rules,
        tuple(
            WarehouseLine(
                connection,
                each,
                by_warehouse[each.id].state if each.id in by_warehouse else state_of(each, used=False, refused=False),
                by_warehouse[each.id].places if each.id in by_warehouse else (),
                each.id in by_warehouse,
            )
            for each in there.values()
        ),
        shop.warehouses_read_at,
        warehouses.inactive(shop),
        unknown_sku=bool(sku) and simulated is None,
        locations=rows,
    )


def _line(
    connection: Connection, source: Source, *, kept: PushRule | None, rows: Mapping[str, Location], refused: int,
    simulated: _Simulation | None,
) -> RuleLine:  # fmt: skip
    warehouse = push_rules.warehouse_of(connection, source.warehouse_id)
    refused_at = kept.refused_at if kept is not None else None
    return RuleLine(
        connection,
        source,
        warehouse,
        warehouse.name if warehouse is not None else source.warehouse_id,
        tuple(rows[each] for each in source.sends if each in rows),
        push_rules.repair(connection, source.warehouse_id, refused_at),
        refused_at,
        refused if refused_at is not None else 0,
        simulated.of(source.warehouse_id, rows) if simulated is not None else None,
    )


@dataclass(frozen=True)
class _Simulation:
    """A SKU as the shop should show it now, with what that was worked out from."""

    sku: DesiredSku
    facts: ShopFacts
    product: Product
    variant: Variant
    shown: int | None

    def of(self, warehouse_id: str, rows: Mapping[str, Location]) -> Simulated:
        levels = dict(self.sku.levels) or {self.facts.warehouse_of(self.product.id): self.sku.quantity.offered}
        share = next((each for each in self.sku.shares if each.warehouse_id == warehouse_id), None)
        at = share.at if share is not None else ()
        return Simulated(
            self.sku.seller_sku,
            levels.get(warehouse_id, 0),
            share,
            self.sku.quantity,
            tuple((rows[each].name if each in rows else each, units) for each, units in at),
            self.shown,
            self.sku.stock_follows,
        )


def _simulate(connection: Connection, sku: str) -> _Simulation | None:
    """The SKU as the shop should show it now, by its code in the store; None where the store has no such SKU."""
    found = StoreVariant.objects.filter(store=connection.store, sku=sku, deleted=False).order_by("id").first()
    if found is None:
        return None
    product = snapshot.products_of(connection.store_id, [found.product_id]).get(found.product_id)
    if product is None:
        return None
    variant = next((each for each in product.variants if each.id == found.variant_id), None)
    if variant is None:
        return None
    facts = facts_of(connection, [product.id])
    link = Link.objects.filter(connection=connection, variant_id=variant.id).first()
    held = holds.held(connection.store_id, [each.id for each in product.variants])
    choices = choices_of(connection, [product.id]).get(product.id, own.NONE)
    skus = desired_skus(product, facts, held, choices=choices, linked=[variant.id] if link is not None else ())
    return _Simulation(skus[variant.id], facts, product, variant, link.quantity if link is not None else None)


def counts(every: Sequence[Connection]) -> tuple[int, int]:
    """(locations that are linked to nothing, rules about which something is to be done) of these connections."""
    flagged: set[tuple[int, str]] = set()
    failing = 0
    for connection in every:
        if preferences_from_json(connection.preferences).pull_locations:
            flagged |= {(row.store_id, row.location_id) for row in push_rules.flagged(connection)}
        failing += sum(line.fails for line in shop_rules(connection).rules)
    linked = {
        (connection.store_id, link.location_id) for connection in every for link in push_rules.links_of(connection)
    }
    return len(flagged - linked), failing


# -- what may be done -----------------------------------------------------------------------------------------------


def actions_for_rules(found: ShopRules) -> list[Action]:
    """What may be done with the warehouses of a shop as a whole."""
    args = (found.connection.id,)
    made = [Action(id="warehouses.sync", label=_("Synchronize warehouses"), about=found.connection.name, args=args)]
    if any(_repairable(line) for line in found.rules):
        confirm = _(
            "For each rule that TikTok refused, the best other warehouse is chosen, and its stock is sent. Rules that "
            "never failed, and Global Warehouses, stay as they are."
        )
        made.append(Action(id="warehouses.repair", label=_("Fix all"), args=args, confirm=confirm))
    free = [each for each in found.warehouses if not each.used]
    if found.pulled and free:
        made.append(Action(id="warehouses.add", label=_("Add rule"), args=args, method="get"))
    return made


def actions_for_rule(line: RuleLine) -> list[Action]:
    """What may be done with one rule."""
    args = (line.connection.id, line.source.warehouse_id)
    return [Action(id="warehouses.rule", label=_("Edit rule"), about=line.name, args=args, method="get")]


def actions_for_repair(line: RuleLine) -> list[Action]:
    """The next step about a rule that fails, in the order of WHS-5; to read and send again may help at any of them."""
    args = (line.connection.id, line.source.warehouse_id)
    best = line.repair.proposed[0] if line.repair.proposed else None
    retry = Action(
        id="warehouses.retry",
        label=_("Synchronize warehouses and try again"),
        about=line.name,
        args=(line.connection.id,),
        tone="" if best else "primary",
    )
    if line.repair.step is RepairStep.NONE:
        return []
    if best is None:
        return [retry]
    label, sent = _("Use %(warehouse)s") % {"warehouse": best.name}, (("warehouse", best.id),)
    return [
        Action(id="warehouses.replace", label=label, args=args, sent=sent, tone="primary"),
        Action(id="warehouses.rule", label=_("Choose another"), about=line.name, args=args, method="get"),
        retry,
    ]


def actions_for_location(line: LocationLine, connection: Connection) -> list[Action]:
    """What may be done with a location in one connection."""
    args = (connection.id, line.row.location_id)
    about = f"{line.row.name}, {connection.name}"
    label = _("Link it") if line.state is LocationState.NOT_LINKED else _("Change link")
    return [Action(id="location.link", label=label, about=about, args=args, method="get")]


def _repairable(line: RuleLine) -> bool:
    failed = line.refused_at is not None or line.state in {WarehouseState.OFF, WarehouseState.GONE}
    return bool(line.repair.proposed) and not untouchable(line.warehouse, refused=failed)
