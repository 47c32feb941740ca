"""From packages of the shop to shipments of the store: which, with what, and when there is nothing to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.pure.builders import LINKS, line, order
from twinshelf.documents import ShopOrderStatus, ShopPackage, StoreOrderItem, StoreOrderState, StoreShipment
from twinshelf.orders.packages.plan import (
    SeenPackages,
    Written,
    due,
    found_shipments,
    mark_of,
    package_in,
    plan_packages,
    to_write,
)

USPS, OTHER = "9400111899223100000001", "9400111899223100000028"
MUGS = StoreOrderItem(id="65", product_id="1", variant_id="11", sku="MUG-1", quantity=2, address_id="51")
JARS = StoreOrderItem(id="66", product_id="2", variant_id="21", sku="JAR-1", quantity=1, address_id="51")


def package(number=USPS, *units, **changes):
    given = {"id": "P1", "unit_ids": units or ("u1", "u2"), "shipped": True, "tracking_number": number,
             "provider_id": "p-5", "provider": "USPS"}  # fmt: skip
    return ShopPackage(**given | changes)


def sold(*packages, status=ShopOrderStatus.AWAITING_COLLECTION):
    lines = (line("MUG-1", unit_ids=("u1", "u2")), line("JAR-1", unit_ids=("u3",)))
    return order(*lines, status=status, packages=packages)


OPEN = StoreOrderState.AWAITING_FULFILLMENT


def seen(*packages, items=(MUGS, JARS), shipments=(), written=(), state=OPEN, **changes):
    return SeenPackages(
        sold(*packages, **changes), "100", state, items, shipments, dict(written), LINKS, (("DFL", "LaserShip"),)
    )


def made(number, *items, id="7", comments=""):
    return StoreShipment(id=id, order_id="100", tracking_number=number, items=items, comments=comments)


def changes_of(facts) -> Sequence[Any]:
    return plan_packages(facts).changes


def planned(facts):
    return [(c.shop_package_id, dict(c.items), c.tracking_number, c.carrier, c.unit_ids) for c in changes_of(facts)]


@pytest.mark.parametrize(
    ("_case", "given", "status", "tells"),
    [
        ("with a number", package(), ShopOrderStatus.AWAITING_COLLECTION, True),
        ("not shipped yet", package(shipped=False), ShopOrderStatus.AWAITING_SHIPMENT, False),
        ("its number is waited for", package(""), ShopOrderStatus.AWAITING_COLLECTION, False),
        ("the parcel moves without one", package(""), ShopOrderStatus.IN_TRANSIT, True),
        ("cancelled", package(), ShopOrderStatus.CANCELLED, False),
        ("empty", package(USPS, unit_ids=()), ShopOrderStatus.AWAITING_COLLECTION, False),
    ],
)
def test_packages_that_are_told(_case, given, status, tells):
    assert to_write(sold(given, status=status)) == ((given,) if tells else ())
    assert due(sold(given, status=status), []) is tells


def test_a_package_becomes_a_shipment_of_its_lines():
    assert planned(seen(package(USPS, "u1", "u3"))) == [("P1", {"65": 1, "66": 1}, USPS, "USPS", ("u1", "u3"))]


def test_each_package_its_own_and_the_carrier_by_the_map_read_backwards():
    both = seen(package(USPS, "u1"), package(OTHER, "u2", "u3", id="P2", provider="LASERSHIP"))
    assert planned(both) == [
        ("P1", {"65": 1}, USPS, "USPS", ("u1",)),
        ("P2", {"65": 1, "66": 1}, OTHER, "DFL", ("u2", "u3")),
    ]


def test_lines_of_two_addresses_become_two_shipments():
    elsewhere = StoreOrderItem(id="66", product_id="2", variant_id="21", sku="JAR-1", quantity=1, address_id="52")
    changes = changes_of(seen(package(USPS, "u1", "u3"), items=(MUGS, elsewhere)))
    assert [(c.address_id, c.items, c.unit_ids) for c in changes] == [
        ("51", (("65", 1),), ("u1",)),
        ("52", (("66", 1),), ("u3",)),
    ]
    assert len({c.once for c in changes}) == 2


def shipped(item, units):
    return StoreOrderItem(id=item.id, product_id=item.product_id, variant_id=item.variant_id, sku=item.sku,
                          quantity=item.quantity, shipped=units, address_id=item.address_id)  # fmt: skip


@pytest.mark.parametrize(
    ("_case", "facts"),
    [
        ("on record", seen(package(), written=[("7", Written(("u1", "u2"), USPS, "P1", from_shop=True))])),
        ("told to TikTok by us", seen(package(), written=[("7", Written(("u1", "u2"), USPS, "P1"))])),
        ("on record, and taken back in the store", seen(package(), written=[("9", Written(("u1", "u2"), USPS, "P1"))])),
        ("made by an earlier try", seen(package(), shipments=[made(OTHER, ("65", 2), comments=mark_of("P1"))])),
        ("made by hand with its number", seen(package(), shipments=[made(USPS, ("65", 2))])),
        ("shipped by hand in full", seen(package(), items=(shipped(MUGS, 2), JARS))),
        ("store order cancelled", seen(package(), state=StoreOrderState.CANCELLED)),
        ("store order refunded", seen(package(), state=StoreOrderState.REFUNDED)),
        ("order cancelled", seen(package(), status=ShopOrderStatus.CANCELLED)),
        ("digital", seen(package(), items=(StoreOrderItem(
            id="65", product_id="1", variant_id="11", sku="MUG-1", quantity=2),))),
    ],
)  # fmt: skip
def test_nothing_is_made(_case, facts):
    assert not changes_of(facts)


def test_of_what_was_shipped_by_hand_in_part_only_the_rest_is_made():
    [change] = changes_of(seen(package(), items=(shipped(MUGS, 1), JARS)))
    assert (change.items, change.unit_ids) == ((("65", 1),), ("u1", "u2"))


def test_a_shipment_marked_for_another_package_is_not_taken_for_this_one():
    facts = seen(package(), shipments=[made(USPS, ("65", 2), comments=mark_of("P2"))])
    assert (found_shipments(facts), len(planned(facts))) == ((), 1)


def test_of_two_packages_with_one_number_each_takes_one_shipment():
    both = seen(package(USPS, "u1"), package(USPS, "u2", id="P2"), shipments=[made(USPS, ("65", 1))],
                items=(shipped(MUGS, 1), JARS))  # fmt: skip
    assert [(f.shipment.id, f.package.id, f.unit_ids) for f in found_shipments(both)] == [("7", "P1", ("u1",))]
    assert planned(both) == [("P2", {"65": 1}, USPS, "USPS", ("u2",))]


def test_what_the_store_order_lacks_is_told():
    facts = seen(package(USPS, "u1", "u3"), items=(MUGS,))
    assert [each.code for each in plan_packages(facts).findings] == ["E-FUL-STORE"]
    assert [change.items for change in changes_of(facts)] == [(("65", 1),)]


@pytest.mark.parametrize(
    ("_case", "in_store", "corrected"),
    [("as it was written", USPS, [OTHER]), ("with blanks", "9400 1118 9922 3100 0000 01", [OTHER]),
     ("typed by a person", "MINE", [])],
)  # fmt: skip
def test_a_number_that_changed_on_tiktok_is_put_right_unless_a_person_typed_another(_case, in_store, corrected):
    on_record = {"7": Written(("u1", "u2"), USPS, "P1", from_shop=True)}
    facts = seen(package(OTHER), shipments=[made(in_store, ("65", 2))], written=on_record.items())
    assert due(facts.order, on_record.values())
    assert [change.tracking_number for change in changes_of(facts)] == corrected


def test_the_mark_is_read_back_among_other_words():
    assert package_in(f"Fragile. {mark_of('1152')} – by hand") == "1152"
    assert package_in("TikTok order") == ""
