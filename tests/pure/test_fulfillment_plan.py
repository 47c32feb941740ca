"""From store shipments to what TikTok is told: which carrier, which units, and what keeps one from being told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies

from tests.pure.builders import LINKS, line, order, random_cases
from twinshelf.connections.preferences import Preferences, preferences_from_json, preferences_to_json
from twinshelf.documents import (
    CorrectShipment,
    ReportShipment,
    ShippingProvider,
    ShopOrderStatus,
    ShopPackage,
    StoreOrderItem,
    StoreOrderState,
    finding,
)
from twinshelf.orders.fulfillment.plan import (
    Report,
    SeenShipments,
    ShipmentFacts,
    name_units,
    plan_report,
    plan_shipments,
    provider_for,
    units_of,
)

DFL_US, ARROW, FORCE, UPS, USPS = (
    ShippingProvider("p-1", "DFL US"),
    ShippingProvider("p-2", "Arrow XL"),
    ShippingProvider("p-3", "Parcel Force"),
    ShippingProvider("p-4", "UPS"),
    ShippingProvider("p-5", "USPS"),
)
ALL = (DFL_US, ARROW, FORCE, UPS, USPS)


def unmapped(carrier, near):
    return finding("E-FUL-CARRIER", waits_for="carrier", carrier=carrier, nearest=near)


# -- carriers -------------------------------------------------------------------------------------------------------


@pytest.mark.covers("SILK-91")
@pytest.mark.parametrize(
    ("_case", "carrier", "mapping", "found"),
    [
        ("mapped", "DFL", (("DFL", "DFL US"),), DFL_US),
        ("mapped to any other", "DFL", (("DFL", "Arrow XL"),), ARROW),
        ("a map beats TikTok's own name", "UPS", (("UPS", "Parcel Force"),), FORCE),
        ("of two rows for one name the later", "DFL", (("DFL", "DFL US"), ("DFL", "Arrow XL")), ARROW),
        ("the case of the target does not matter", "DFL", (("DFL", "dfl us"),), DFL_US),
        ("not mapped, and TikTok has the very name", "UPS", (), UPS),
        ("not mapped, and TikTok writes it otherwise", "ups", (), UPS),
        ("a blank too many is another name", "ups ", (), unmapped("ups ", "UPS")),
        ("another case is another name in the map", "dfl", (("DFL", "DFL US"),), unmapped("dfl", "DFL")),
        ("part of a name is none", "DFL Express", (("DFL", "DFL US"),), unmapped("DFL Express", "DFL")),
        (
            "the nearest is looked for without case",
            "royal maill",
            (("UPS", "UPS"), ("Royal Mail", "UPS")),
            unmapped("royal maill", "Royal Mail"),
        ),
        ("the nearest may be TikTok's", "Arow XL", (("DFL", "DFL US"),), unmapped("Arow XL", "Arrow XL")),
        ("nothing is near", "Zebra", (), unmapped("Zebra", "none")),
        ("mapped to what TikTok does not offer here", "DFL", (("DFL", "DFL DE"),), unmapped("DFL", "DFL")),
        ("no carrier told", "", (("DFL", "DFL US"),), unmapped("", "none")),
    ],
)
def test_the_tiktok_carrier_for_a_store_carrier(_case, carrier, mapping, found):
    assert provider_for(carrier, mapping, ALL) == found


def test_a_carrier_without_any_to_choose_from_is_a_finding():
    assert provider_for("DFL", (), ()) == unmapped("DFL", "none")


# -- units ----------------------------------------------------------------------------------------------------------

MUG_ITEM = StoreOrderItem(id="501", product_id="1", variant_id="11", sku="MUG-1", quantity=3)
JAR_ITEM = StoreOrderItem(id="502", product_id="2", variant_id="21", sku="JAR-1", quantity=1)
ITEMS = {"501": MUG_ITEM, "502": JAR_ITEM}

THREE_MUGS = order(line("MUG-1", 3))
MUGS_AND_JAR = order(line("MUG-1", 3), line("JAR-1", 1))
TWO_PRICES = order(line("MUG-1", 2), line("MUG-1", 1, "9.00", unit_ids=("MUG-1/cheap",)))
ONE_CANCELLED = order(line("MUG-1", 2), line("MUG-1", 1, unit_ids=("MUG-1/back",), status="CANCELLED"))


def shipment(*items, **changes):
    sent: dict[str, Any] = {"id": 900, "tracking_number": "9400 1", "carrier": "UPS", "items": items}
    return ShipmentFacts(**sent | changes)


@pytest.mark.parametrize(
    ("_case", "sold", "items", "taken", "units"),
    [
        ("all of it", THREE_MUGS, [("501", 3)], [], ["MUG-1/1", "MUG-1/2", "MUG-1/3"]),
        ("the first ones of a line", THREE_MUGS, [("501", 2)], [], ["MUG-1/1", "MUG-1/2"]),
        ("a later shipment of the line has the next", THREE_MUGS, [("501", 2)], ["MUG-1/1"], ["MUG-1/2", "MUG-1/3"]),
        ("the last one", THREE_MUGS, [("501", 1)], ["MUG-1/1", "MUG-1/2"], ["MUG-1/3"]),
        ("more than is left", THREE_MUGS, [("501", 3)], ["MUG-1/1", "MUG-1/3"], ["MUG-1/2"]),
        ("nothing is left", THREE_MUGS, [("501", 1)], ["MUG-1/1", "MUG-1/2", "MUG-1/3"], []),
        ("more than was sold", THREE_MUGS, [("501", 9)], [], ["MUG-1/1", "MUG-1/2", "MUG-1/3"]),
        ("one line of two", MUGS_AND_JAR, [("502", 1)], [], ["JAR-1/1"]),
        ("both, in the shipment's order", MUGS_AND_JAR, [("502", 1), ("501", 1)], [], ["JAR-1/1", "MUG-1/1"]),
        ("one line twice in a shipment", THREE_MUGS, [("501", 1), ("501", 2)], [], ["MUG-1/1", "MUG-1/2", "MUG-1/3"]),
        (
            "one variant at two prices, in the order sold",
            TWO_PRICES,
            [("501", 3)],
            [],
            ["MUG-1/1", "MUG-1/2", "MUG-1/cheap"],
        ),
        ("cancelled units are not shipped", ONE_CANCELLED, [("501", 3)], [], ["MUG-1/1", "MUG-1/2"]),
        ("a line of the store order that we do not know", THREE_MUGS, [("999", 1)], [], []),
        ("an item that was not sold on TikTok", THREE_MUGS, [("502", 1)], [], []),
        ("what is not linked cannot be told", order(line("CUP-1", 1)), [("501", 1)], [], []),
        ("an empty shipment", THREE_MUGS, [], [], []),
    ],
)
def test_the_units_of_a_shipment(_case, sold, items, taken, units):
    assert units_of(shipment(*items), ITEMS, sold, LINKS, frozenset(taken)) == tuple(units)


some_units = strategies.tuples(strategies.sampled_from(["501", "502", "999"]), strategies.integers(1, 4))


@random_cases
@given(strategies.integers(0, 6), strategies.lists(strategies.lists(some_units, max_size=3), max_size=4))
def test_shipments_of_one_order_never_share_a_unit(mugs, shipments):
    sold = order(line("MUG-1", mugs), line("JAR-1", 2))
    taken: frozenset[str] = frozenset()
    for items in shipments:
        units = units_of(shipment(*items), ITEMS, sold, LINKS, taken)

        assert len(set(units)) == len(units)
        assert not taken & set(units)
        assert len(units) <= sum(quantity for _item, quantity in items)
        assert units == units_of(shipment(*items), ITEMS, sold, LINKS, taken)
        taken |= set(units)
    assert taken <= {unit for entry in sold.lines for unit in entry.unit_ids}


# -- the report -----------------------------------------------------------------------------------------------------


def report(sent, *, units=("MUG-1/1",), mapping=(("DFL", "DFL US"),)):
    return plan_report(THREE_MUGS, sent, units, mapping=mapping, providers=ALL)


def told(**changes):
    said: dict[str, Any] = {
        "shop_order_id": "5764",
        "store_shipment_id": 900,
        "unit_ids": ("MUG-1/1",),
        "tracking_number": "9400 1",
        "provider_id": "p-4",
        "carrier": "UPS",
    }
    return ReportShipment(**said | changes)


NO_NUMBER = finding("E-FUL-TRACK", items="1 × MUG-1")
NO_UNITS = finding("E-FUL-UNITS")


@pytest.mark.parametrize(
    ("_case", "sent", "units", "result"),
    [
        ("carrier, number and units", shipment(), ("MUG-1/1",), told()),
        pytest.param(
            "the mapped carrier's id",
            shipment(carrier="DFL"),
            ("MUG-1/1",),
            told(provider_id="p-1", carrier="DFL"),
            marks=pytest.mark.covers("CED-152"),
        ),
        (
            "blanks around the number are a slip",
            shipment(tracking_number=" 9400 1 "),
            ("MUG-1/1",),
            told(),
        ),
        (
            "several units",
            shipment(id="901"),
            ("MUG-1/1", "MUG-1/2"),
            told(store_shipment_id="901", unit_ids=("MUG-1/1", "MUG-1/2")),
        ),
        ("no number", shipment(tracking_number=""), ("MUG-1/1",), NO_NUMBER),
        ("a blank is no number", shipment(tracking_number="  "), ("MUG-1/1",), NO_NUMBER),
        (
            "a number that is missing is told before its carrier",
            shipment(tracking_number="", carrier="Zebra"),
            (),
            finding("E-FUL-TRACK"),
        ),
        ("a carrier that is not mapped", shipment(carrier="Zebra"), ("MUG-1/1",), unmapped("Zebra", "none")),
        ("nothing of the order", shipment(), (), NO_UNITS),
    ],
)
def test_plan_report(_case, sent, units, result):
    assert report(sent, units=units) == result


@pytest.mark.covers("CED-153")
@pytest.mark.parametrize("provider", ALL)
def test_any_carrier_may_be_mapped_to_any_other(provider):
    stored = preferences_to_json(Preferences(carriers=(("DFL", provider.name),)))

    mapping = preferences_from_json(stored).carriers

    assert report(shipment(carrier="DFL"), mapping=mapping) == told(provider_id=provider.id, carrier="DFL")


# -- the plan of an order -------------------------------------------------------------------------------------------

NUMBER, OTHER = "94001118", "94002227"
TOLD = Report(
    ("MUG-1/1", "MUG-1/2"), told=True, tracking_number=NUMBER, provider_id="p-4", carrier="UPS", package_id="k1"
)
TWO = shipment(("501", 2), id="900", tracking_number=NUMBER)


def seen(*shipments, sold=THREE_MUGS, reports=(), packages=(), **changes):
    order_there = msgspec.structs.replace(sold, packages=tuple(packages))
    given = {
        "order": order_there, "shipments": shipments, "reports": dict(reports), "items": ITEMS, "links": LINKS,
        "mapping": (), "providers": ALL,
    }  # fmt: skip
    return SeenShipments(**given | changes)


def over(*shipments, state, **changes):
    """The same of an order that is cancelled on TikTok."""
    sold = msgspec.structs.replace(THREE_MUGS, status=ShopOrderStatus.CANCELLED)
    return seen(*shipments, sold=sold, state=StoreOrderState(state), **changes)


def package(package_id, *units, **shown):
    return ShopPackage(id=package_id, unit_ids=units, **shown)


def ships(shipment_id, units, number=NUMBER, **changes):
    return told(store_shipment_id=shipment_id, unit_ids=units, tracking_number=number, **changes)


def corrects(shipment_id, number, provider_id="p-4", carrier="UPS", package_id="k1"):
    return CorrectShipment(
        shop_order_id="5764", store_shipment_id=shipment_id, shop_package_id=package_id, tracking_number=number,
        provider_id=provider_id, carrier=carrier,
    )  # fmt: skip


def numbered(one, number):
    return msgspec.structs.replace(one, tracking_number=number)


SHOWN_OTHER = package("k1", "MUG-1/1", "MUG-1/2", shipped=True, tracking_number=OTHER, provider_id="p-4")
ANEW = msgspec.structs.replace(TWO, id="901")
ONE, ONE_MORE = (shipment(("501", 1), id=number, tracking_number=NUMBER) for number in ("900", "901"))
TOLD_ONE = replace(TOLD, unit_ids=("MUG-1/1",))


@pytest.mark.parametrize(
    ("_case", "look", "changes", "codes"),
    [
        ("nothing shipped", seen(), (), []),
        ("told as it is", seen(TWO, reports={"900": TOLD}), (), []),
        ("blanks are no other number", seen(numbered(TWO, "9400 1118"), reports={"900": TOLD}), (), []),
        ("another number", seen(numbered(TWO, OTHER), reports={"900": TOLD}), (corrects("900", OTHER),), []),
        (
            "another carrier",
            seen(msgspec.structs.replace(TWO, carrier="USPS"), reports={"900": TOLD}),
            (corrects("900", NUMBER, "p-5", "USPS"),),
            [],
        ),
        (
            "another name of the same carrier",
            seen(msgspec.structs.replace(TWO, carrier="ups"), reports={"900": TOLD}),
            (),
            [],
        ),
        (
            "a carrier that TikTok does not know",
            seen(msgspec.structs.replace(TWO, carrier="Zebra"), reports={"900": TOLD}),
            (),
            ["E-FUL-CARRIER"],
        ),
        ("the number was taken away", seen(numbered(TWO, ""), reports={"900": TOLD}), (), ["E-FUL-TRACK"]),
        (
            "corrected, and no answer came: TikTok shows it",
            seen(numbered(TWO, OTHER), reports={"900": TOLD}, packages=[SHOWN_OTHER]),
            (),
            [],
        ),
        (
            "a person corrected it at TikTok alone",
            seen(TWO, reports={"900": TOLD}, packages=[SHOWN_OTHER]),
            (),
            [],
        ),
        ("made anew as it was", seen(ANEW, reports={"900": TOLD}), (), []),
        (
            "made anew with another number",
            seen(numbered(ANEW, OTHER), reports={"900": TOLD}),
            (corrects("901", OTHER),),
            [],
        ),
        (
            "one more of what is left is no correction",
            seen(TWO, shipment(("501", 1), id="902", tracking_number=OTHER), reports={"900": TOLD}),
            (ships("902", ("MUG-1/3",), OTHER),),
            [],
        ),
        (
            "made anew for more than there was",
            seen(
                shipment(("501", 2), id="903", tracking_number=OTHER),
                sold=order(line("MUG-1", 1)),
                reports={"900": Report(("MUG-1/1",), told=True, tracking_number=NUMBER, provider_id="p-4")},
            ),
            (),
            ["E-FUL-SHIPPED"],
        ),
        ("shipped by status alone", seen(state=StoreOrderState.SHIPPED), (), ["E-FUL-TRACK"]),
        ("completed by status alone", seen(state=StoreOrderState.COMPLETED), (), ["E-FUL-TRACK"]),
        ("shipped in part by status alone", seen(state=StoreOrderState.PARTIALLY_SHIPPED), (), ["E-FUL-TRACK"]),
        (
            "a part was shipped, and the rest may come",
            seen(TWO, reports={"900": TOLD}, state=StoreOrderState.PARTIALLY_SHIPPED),
            (),
            [],
        ),
        (
            "a part was shipped, and the store says all was",
            seen(TWO, reports={"900": TOLD}, state=StoreOrderState.SHIPPED),
            (),
            ["E-FUL-TRACK"],
        ),
        ("not shipped yet", seen(state=StoreOrderState.AWAITING_SHIPMENT), (), []),
        (
            "a whole package",
            seen(TWO, by_package=True, packages=[package("k7", "MUG-1/1", "MUG-1/2"), package("k8", "MUG-1/3")]),
            (ships("900", ("MUG-1/1", "MUG-1/2"), shop_package_id="k7"),),
            [],
        ),
        (
            "two whole packages in one parcel",
            seen(TWO, by_package=True, packages=[package("k7", "MUG-1/1"), package("k8", "MUG-1/2")]),
            (
                ships("900", ("MUG-1/1",), shop_package_id="k7"),
                ships("900", ("MUG-1/2",), shop_package_id="k8"),
            ),
            [],
        ),
        (
            "a part of a package",
            seen(TWO, by_package=True, packages=[package("k7", "MUG-1/1", "MUG-1/2", "MUG-1/3")]),
            (),
            ["E-FUL-SPLIT"],
        ),
        ("no package", seen(TWO, by_package=True), (), ["E-FUL-GONE"]),
        (
            "another parcel beside one like it that was told",
            seen(ONE, numbered(ONE_MORE, OTHER), reports={"900": TOLD_ONE}),
            (ships("901", ("MUG-1/2",), OTHER),),
            [],
        ),
        (
            "a part made anew, and it has no number yet",
            seen(numbered(ONE_MORE, ""), reports={"900": TOLD}),
            (),
            ["E-FUL-TRACK"],
        ),
        ("cancelled, and shipped all the same", over(TWO, state="shipped"), (), ["E-FUL-CANCELLED"]),
        ("cancelled, and shipped in part", over(TWO, state="partially_shipped"), (), ["E-FUL-CANCELLED"]),
        ("cancelled in the store too", over(TWO, state="cancelled"), (), []),
        ("cancelled after TikTok was told", over(TWO, state="shipped", reports={"900": TOLD}), (), []),
        (
            "cancelled while it was being told",
            over(TWO, state="shipped", reports={"900": Report(TOLD.unit_ids)}),
            (),
            ["E-FUL-CANCELLED"],
        ),
    ],
)
def test_the_plan_of_an_orders_shipments(_case, look, changes, codes):
    plan = plan_shipments(look)

    assert (plan.changes, [found.code for found in plan.findings]) == (changes, codes)
    assert plan.settled is not bool(changes)


@pytest.mark.parametrize(
    ("_case", "names", "told"),
    [
        ("by the SKU", {}, "2 × MUG-1"),
        ("without one by the title", {"seller_sku": ""}, "2 × Enamel mug"),
        ("without either by TikTok's number", {"seller_sku": "", "title": ""}, "2 × 1729"),
    ],
)
def test_units_are_named_as_people_call_them(_case, names, told):
    sold = line(quantity=3)
    known = {"seller_sku": "MUG-1", "title": "Enamel mug", "sku_id": "1729"} | names
    of_mugs = order(msgspec.structs.replace(sold, **known))

    assert name_units(of_mugs, sold.unit_ids[:2]) == told
    assert name_units(of_mugs, ()) == ""
