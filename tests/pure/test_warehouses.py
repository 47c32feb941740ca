"""Which stock goes to which warehouse, where an order is taken from, and what is done about a refused warehouse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from twinshelf.documents import Money, MoveStock, Variant, Warehouse, WarehouseKind, WarehouseStatus, finding
from twinshelf.orders.intake.plan import BookedUnits, Route, stock_moves
from twinshelf.rules.warehouses import (
    Place,
    Push,
    Refusal,
    RepairStep,
    Routed,
    SeenRule,
    Source,
    counted,
    repair_of,
    replacements,
    route,
    rule_findings,
    shared_out,
    shares,
    untouchable,
)

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
EAST, WEST = Source("east", ("1",)), Source("west", ("2",))


def variant(stock: int | None, **at: int) -> Variant:
    levels = tuple((name.removeprefix("l"), units) for name, units in at.items())
    return Variant(id="9", sku="MUG-1", price=Money(Decimal(1), "USD"), stock=stock, stock_at=levels)


@pytest.mark.parametrize(
    ("_case", "goods", "sources", "total"),
    [
        ("one location", variant(20, l1=20, l2=6), [EAST], 20),
        ("the sum of what is linked", variant(20, l1=20, l2=6, l3=5), [Source("east", ("1", "2"))], 26),
        ("one of those linked alone", variant(20, l1=20, l2=6), [Source("east", ("1", "2"), "2")], 6),
        ("two warehouses", variant(20, l1=20, l2=6), [EAST, WEST], 26),
        ("no unit twice", variant(20, l1=20, l2=6), [EAST, Source("west", ("2", "1"))], 26),
        ("oversold at one place", variant(20, l1=20, l2=-2), [Source("east", ("1", "2"))], 18),
        ("a location that never held it", variant(20, l1=20), [EAST, WEST], 20),
        ("the store has no other location", variant(8), [EAST, WEST], 8),
        ("not tracked", variant(None), [EAST], None),
        ("nothing linked", variant(8), [Source("east")], 0),
    ],
)
def test_the_stock_that_counts_for_a_shop(_case, goods, sources, total):
    push = Push(tuple(sources), "1")
    assert counted(goods, shares(goods, push)).stock == total


@pytest.mark.parametrize(
    ("_case", "offered", "held", "levels"),
    [
        ("everything", 26, {}, {"east": 20, "west": 6}),
        ("held at one place is taken off there", 22, {"1": 4}, {"east": 16, "west": 6}),
        ("a reserve is taken off the last", 23, {}, {"east": 20, "west": 3}),
        ("less than the first has", 5, {}, {"east": 5, "west": 0}),
        ("none", 0, {}, {"east": 0, "west": 0}),
        ("more held than there is", 6, {"1": 30}, {"east": 0, "west": 6}),
    ],
)
def test_what_is_offered_is_shared_out(_case, offered, held, levels):
    found = shares(variant(20, l1=20, l2=6), Push((EAST, WEST), "1"), held_at=held)
    assert dict(shared_out(offered, found, first="east")) == levels


def test_goods_that_nobody_counts_are_in_the_first_warehouse():
    assert shared_out(999, (), first="east") == (("east", 999),)


def test_a_warehouse_chosen_for_a_product_is_the_only_one():
    push = Push((EAST, WEST), "1")
    assert [each.warehouse_id for each in shares(variant(3, l1=3, l2=4), push, chosen="west")] == ["west"]
    assert [each.units for each in shares(variant(3, l1=3, l2=4), push, chosen="elsewhere")] == [0]


@pytest.mark.parametrize(
    ("_case", "warehouse", "sources", "usable", "expected"),
    [
        ("the linked one", "west", [EAST, WEST], "12", ("2", Routed.LINKED)),
        ("the first that has all of it", "west", [Source("west", ("3", "2"))], "123", ("2", Routed.PREFERRED)),
        ("none has all of it", "west", [Source("west", ("3", "4"))], "1234", ("3", Routed.FIRST)),
        ("the one that is sent goes first", "west", [Source("west", ("3", "2"), "2")], "123", ("2", Routed.PREFERRED)),
        ("no rule", "south", [EAST, WEST], "12", ("1", Routed.UNLINKED)),
        ("nothing linked", "west", [Source("west")], "12", ("1", Routed.UNLINKED)),
        ("the linked one is off", "west", [EAST, WEST], "1", ("1", Routed.OFF)),
        ("one of two is off", "west", [Source("west", ("3", "2"))], "12", ("2", Routed.LINKED)),
    ],
)
def test_the_warehouse_of_an_order_chooses_its_location(_case, warehouse, sources, usable, expected):
    levels = {"9": {"1": 20, "2": 6, "3": 1}}
    assert route(warehouse, Push(tuple(sources), "1"), {"9": 4}, levels, usable) == expected


def house(name: str, kind: str = "DOMESTIC", status: str = "ENABLED", region: str = "US", *, sales=True) -> Warehouse:
    return Warehouse(
        id=name, name=name, sales=sales, enabled=status == "ENABLED", status=WarehouseStatus(status),
        kind=WarehouseKind[kind], region=region,
    )  # fmt: skip


OFF = house("east", status="DISABLED")


@pytest.mark.parametrize(
    ("_case", "changes", "step", "proposed"),
    [
        ("never failed", {"warehouse": house("east")}, RepairStep.NONE, ()),
        ("on holiday", {"warehouse": house("east", status="RESTRICTED")}, RepairStep.NONE, ()),
        ("the shop is banned", {"refused_at": NOW, "inactive": "suspended"}, RepairStep.SHOP, ()),
        ("not read since", {"refused_at": NOW, "read_at": NOW - timedelta(hours=1)}, RepairStep.SYNCHRONIZE, ()),
        ("never read", {"refused_at": NOW, "read_at": None}, RepairStep.SYNCHRONIZE, ()),
        ("still off", {"refused_at": NOW}, RepairStep.CHANGE, ("north", "south")),
        ("known to be off before anything was sent", {}, RepairStep.CHANGE, ("north", "south")),
        ("gone", {"warehouse": None}, RepairStep.CHANGE, ("north", "south")),
        (
            "a local warehouse of a global store",
            {"refused_at": NOW, "cross_border": True, "others": (
                house("abroad", "DIRECT", region="CN"), house("far", "OVERSEAS", region="GB"),
                house("near", "OVERSEAS"),
                house("north"), OFF,
            )},
            RepairStep.OVERSEAS, ("near", "north", "far", "abroad"),
        ),
    ],
)  # fmt: skip
def test_a_refused_warehouse_is_repaired_in_order(_case, changes, step, proposed):
    others = (house("south"), house("north"), OFF, house("back", sales=False), house("gone", status="DISABLED"))
    seen = Refusal(warehouse=OFF, region="US", refused_at=None, read_at=NOW + timedelta(minutes=1), others=others)

    found = repair_of(msgspec.structs.replace(seen, **changes))
    assert (found.step, tuple(each.id for each in found.proposed)) == (step, proposed)


def test_a_replacement_is_on_sells_and_is_another_one():
    others = [
        OFF,
        house("closed", status="DISABLED"),
        house("back", sales=False),
        house("abroad", "DIRECT"),
        house("b"),
    ]
    assert [each.id for each in replacements(OFF, "US", others)] == ["b", "abroad"]


@pytest.mark.parametrize(
    ("_case", "warehouse", "refused", "left"),
    [
        ("never failed", house("east"), False, True),
        ("failed", house("east"), True, False),
        ("ships directly from abroad", house("abroad", "DIRECT"), True, True),
        ("gone", None, True, False),
    ],
)
def test_what_a_repair_of_everything_leaves_alone(_case, warehouse, refused, left):
    assert untouchable(warehouse, refused=refused) is left


COLUMBUS, RENO = Place("1", "Columbus", units=20), Place("2", "Reno", units=7)


@pytest.mark.parametrize(
    ("_case", "changes", "told"),
    [
        ("all is well", {}, []),
        ("gone", {"warehouse": None}, [finding("E-WHS-GONE", warehouse="East", units="27")]),
        ("off", {"warehouse": OFF}, [finding("E-WHS-OFF", warehouse="East", units="27")]),
        (
            "on holiday",
            {"warehouse": house("east", status="RESTRICTED")},
            [finding("W-WHS-HOLIDAY", warehouse="East", units="27")],
        ),
        (
            "a location is off",
            {"sources": (COLUMBUS, msgspec.structs.replace(RENO, enabled=False))},
            [finding("E-LOC-OFF", location="Reno", warehouse="East", units="7")],
        ),
        (
            "a location was removed while it was off",
            {"sources": (msgspec.structs.replace(RENO, enabled=False, removed=True),)},
            [finding("E-LOC-GONE", location="Reno", warehouse="East", units="7")],
        ),
    ],
)
def test_what_is_told_of_a_rule(_case, changes, told):
    seen = SeenRule(key="east", name="East", warehouse=house("east"), sources=(COLUMBUS, RENO), units=27)
    assert list(rule_findings(msgspec.structs.replace(seen, **changes))) == told


TAKEN = BookedUnits(variants=(("9", 4),))


@pytest.mark.parametrize(
    ("_case", "location", "booked", "over", "moved"),
    [
        ("where the store draws", "1", "", False, None),
        ("another location, before it is made", "2", "", False, ("2", "1")),
        ("booked already", "2", "2", False, None),
        ("its package went elsewhere", "3", "2", False, ("3", "2")),
        ("its package went to where the store draws", "1", "2", False, ("1", "2")),
        ("cancelled, and given back where the store draws", "2", "2", True, ("1", "2")),
        ("cancelled without a booking", "2", "", True, None),
    ],
)
def test_the_units_of_an_order_are_booked_to_where_it_ships_from(_case, location, booked, over, moved):
    found = stock_moves(Route(location, "", Routed.LINKED, "1", TAKEN), booked, over=over, order_id="576")
    expected = () if moved is None else (
        MoveStock(shop_order_id="576", source=moved[0], target=moved[1], variants=(("9", 4),)),
    )  # fmt: skip
    assert found == expected


def test_goods_that_nobody_counts_are_not_booked():
    assert stock_moves(Route("2", "", Routed.LINKED, "1"), "", over=False, order_id="576") == ()
    assert stock_moves(None, "", over=False, order_id="576") == ()
