"""From a TikTok order to its BigCommerce order: whether, with which lines and amounts, in which status, to whom."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies

from tests.pure.builders import (
    LINKS,
    MUG,
    NOON,
    address,
    line,
    money,
    order,
    payment,
    random_cases,
    usd,
    usd_amounts,
)
from twinshelf.connections.preferences import Preferences
from twinshelf.documents import Address, Money, OrderPayment, StoreOrderState
from twinshelf.messages import text as text_of
from twinshelf.orders.intake.plan import (
    Candidates,
    Decision,
    DraftFacts,
    Pairing,
    Twin,
    Variant,
    bearer,
    decide,
    draft_address,
    draft_order,
    group_by_variant,
    made_before,
    merged_address,
    pair_of,
    unlinked,
    unlinked_finding,
)

# -- whether --------------------------------------------------------------------------------------------------------

CREATE = Decision("create")
OFF = Decision("ignore", "Order import is switched off.")
NOT_LISTED = Decision("ignore", "Not in the list of orders to import.")
TOO_LATE = Decision("ignore", "Cancelled before it was imported.")
TIKTOKS = Decision("ignore", "Fulfilled by TikTok; importing these orders is switched off.")
UNPAID = Decision("wait", "Not paid yet.")
HELD = Decision("wait", "On hold: TikTok lets the buyer cancel for about an hour.")


@pytest.mark.parametrize(
    ("_case", "changes", "chosen", "decision"),
    [
        ("paid", {"status": "AWAITING_SHIPMENT"}, {}, CREATE),
        ("shipped in part", {"status": "PARTIALLY_SHIPPING"}, {}, CREATE),
        ("missed, and handed over meanwhile", {"status": "AWAITING_COLLECTION"}, {}, CREATE),
        ("missed, and on its way meanwhile", {"status": "IN_TRANSIT"}, {}, CREATE),
        ("missed, and delivered meanwhile", {"status": "DELIVERED"}, {}, CREATE),
        ("missed, and completed meanwhile", {"status": "COMPLETED"}, {}, CREATE),
        ("unpaid", {"status": "UNPAID"}, {}, UNPAID),
        ("unpaid, and unpaid ones are wanted", {"status": "UNPAID"}, {"create_unpaid": True}, CREATE),
        ("on hold", {"status": "ON_HOLD"}, {}, HELD),
        ("on hold, whatever the status says", {"status": "AWAITING_SHIPMENT", "on_hold": True}, {}, HELD),
        ("on hold, though unpaid ones are wanted", {"status": "ON_HOLD"}, {"create_unpaid": True}, HELD),
        ("cancelled", {"status": "CANCELLED"}, {}, TOO_LATE),
        ("cancelled, though unpaid ones are wanted", {"status": "CANCELLED"}, {"create_unpaid": True}, TOO_LATE),
        ("fulfilled by TikTok", {"fulfilled_by_tiktok": True}, {}, TIKTOKS),
        ("fulfilled by TikTok, and wanted", {"fulfilled_by_tiktok": True}, {"sync_fbt": True}, CREATE),
        (
            "fulfilled by TikTok, wanted, unpaid",
            {"fulfilled_by_tiktok": True, "status": "UNPAID"},
            {"sync_fbt": True},
            UNPAID,
        ),
        ("shipped by TikTok, fulfilled by us", {"shipped_by_tiktok": True}, {}, CREATE),
        ("one of those wanted", {"id": "5764"}, {"order_ids": ("5763", "5764")}, CREATE),
        ("none of those wanted", {"id": "5764"}, {"order_ids": ("5763",)}, NOT_LISTED),
        ("part of an id is none", {"id": "5764"}, {"order_ids": ("57645",)}, NOT_LISTED),
        ("import is off", {}, {"pull_orders": False}, OFF),
        ("import is off, though it is listed", {"id": "5764"}, {"pull_orders": False, "order_ids": ("5764",)}, OFF),
        (
            "a status of tomorrow",
            {"status": "TELEPORTED"},
            {},
            Decision("wait", "TikTok's status TELEPORTED is not one that is imported."),
        ),
    ],
)
def test_whether_an_order_is_imported(_case, changes, chosen, decision):
    assert decide(order(**changes), Preferences(**chosen)) == decision


# -- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.covers("CED-107")
@pytest.mark.parametrize(
    ("_case", "lines", "held", "text", "waits_for"),
    [
        ("all linked", (line("MUG-1"), line("JAR-1")), [], "", ""),
        (
            "one of two is not: it holds the order",
            (line("MUG-1"), line("CUP-1")),
            ["CUP-1"],
            "Not created in BigCommerce: no linked product for SKU CUP-1.",
            "link:tt-CUP-1 sku:CUP-1",
        ),
        (
            "both are told in one finding, each releases it",
            (line("CUP-1"), line("PAN-1")),
            ["CUP-1", "PAN-1"],
            "Not created in BigCommerce: no linked product for SKU CUP-1, PAN-1.",
            "link:tt-CUP-1 sku:CUP-1 link:tt-PAN-1 sku:PAN-1",
        ),
        (
            "one SKU on two lines is told once",
            (line("CUP-1"), line("CUP-1", price="9.00")),
            ["CUP-1", "CUP-1"],
            "Not created in BigCommerce: no linked product for SKU CUP-1.",
            "link:tt-CUP-1 sku:CUP-1",
        ),
        (
            "a SKU without a code is told by TikTok's id",
            (line("CUP-1", seller_sku=""),),
            [""],
            "Not created in BigCommerce: no linked product for SKU tt-CUP-1.",
            "link:tt-CUP-1",
        ),
        (
            "the same code on another TikTok SKU is not linked",
            (line("MUG-1", sku_id="tt-9"),),
            ["MUG-1"],
            "Not created in BigCommerce: no linked product for SKU MUG-1.",
            "link:tt-9 sku:MUG-1",
        ),
    ],
)
def test_any_line_that_is_not_linked_holds_the_whole_order(_case, lines, held, text, waits_for):
    missing = unlinked(order(*lines), LINKS)

    assert [entry.seller_sku for entry in missing] == held
    if held:
        told = unlinked_finding(missing)
        assert (told.code, text_of(told), told.waits_for) == ("E-ORD-SKU", text, waits_for)


GONE_MUG = Variant(*MUG, there=False)
NEW_MUG, OTHER = Variant("1", "12"), Variant("9", "91")


@pytest.mark.covers("CED-107")
@pytest.mark.parametrize(
    ("_case", "found", "taken"),
    [
        ("nothing is known", {}, None),
        ("by link", {"linked": Variant(*MUG)}, MUG),
        ("by seller SKU", {"by_code": Variant(*MUG)}, MUG),
        ("by link, whoever has the SKU", {"linked": Variant(*MUG), "by_code": OTHER}, MUG),
        ("found before: it stays, whoever has the SKU now", {"kept": Variant(*MUG), "by_code": OTHER}, MUG),
        ("found before: it stays, though the link has moved", {"kept": Variant(*MUG), "linked": OTHER}, MUG),
        ("found before: it stays, though another was chosen later", {"kept": Variant(*MUG), "chosen": OTHER}, MUG),
        ("made anew within its product", {"kept": GONE_MUG, "heir": NEW_MUG}, ("1", "12")),
        ("made anew, and its link was dead when the order came", {"linked": GONE_MUG, "heir": NEW_MUG}, ("1", "12")),
        ("made anew, and linked itself", {"kept": GONE_MUG, "linked": NEW_MUG, "heir": NEW_MUG}, ("1", "12")),
        ("deleted", {"kept": GONE_MUG}, None),
        ("deleted, and its link with it", {"kept": GONE_MUG, "linked": GONE_MUG}, None),
        ("a dead link is no link, and no reason to look elsewhere", {"linked": GONE_MUG, "by_code": OTHER}, None),
        ("deleted, and the SKU handed to another product", {"kept": GONE_MUG, "by_code": OTHER}, None),
        ("deleted, and the link moved to another product by itself", {"kept": GONE_MUG, "linked": OTHER}, None),
        (
            "deleted, and linked elsewhere by hand",
            {"kept": GONE_MUG, "linked": Variant("9", "91", manual=True)},
            ("9", "91"),
        ),
        ("deleted, and another chosen at an order", {"kept": GONE_MUG, "chosen": OTHER, "heir": NEW_MUG}, ("9", "91")),
        ("chosen at an order before", {"chosen": OTHER}, ("9", "91")),
        ("chosen before the seller SKU", {"chosen": OTHER, "by_code": Variant(*MUG)}, ("9", "91")),
        ("what was chosen is deleted as well", {"chosen": Variant("9", "91", there=False)}, None),
    ],
)
def test_which_variant_a_sku_of_an_order_is(_case, found, taken):
    decided = bearer(Candidates(**found))

    assert (decided.ids if decided else None) == taken


def test_a_deleted_variant_is_told_with_its_time():
    missing = (line("MUG-1"), line("JAR-1"), line("PAN-1"))

    told = unlinked_finding(missing, {"tt-MUG-1": NOON, "tt-JAR-1": None})

    assert text_of(told) == (
        "Not created in BigCommerce: no linked product for SKU "
        "MUG-1 (deleted in BigCommerce at 2026-03-02 12:00 UTC), JAR-1 (deleted in BigCommerce), PAN-1."
    )


def test_a_sku_that_is_used_several_times_is_told_so():
    told = unlinked_finding((line("MUG-1"), line("JAR-1")), {}, {"tt-MUG-1": (2, 1), "tt-JAR-1": (3, 2)})

    assert text_of(told) == (
        "Not created in BigCommerce: no linked product for SKU "
        "MUG-1 (used 2 times in BigCommerce), JAR-1 (used 3 times in BigCommerce and 2 times on TikTok)."
    )


def test_what_was_taken_out_of_an_order_needs_no_link():
    lines = (line("MUG-1"), line("CUP-1", status="CANCELLED"))

    assert unlinked(order(*lines), LINKS) == ()
    assert [entry.sku for entry in draft(order(*lines)).lines] == ["MUG-1"]


@pytest.mark.parametrize(
    ("_case", "lines", "units"),
    [
        ("units of each", (line("MUG-1", 2), line("JAR-1", 1)), {"11": 2, "21": 1}),
        ("one variant at two prices is one", (line("MUG-1", 2), line("MUG-1", 1, "9.00")), {"11": 3}),
        ("gifts leave the shelf as well", (line("MUG-1", 1), line("MUG-1", 1, "0", gift=True)), {"11": 2}),
        ("cancelled lines do not", (line("MUG-1", 2, status="CANCELLED"), line("JAR-1", 1)), {"21": 1}),
        ("nor what is not linked", (line("CUP-1", 5),), {}),
    ],
)
def test_what_an_order_takes_from_stock(_case, lines, units):
    assert group_by_variant(order(*lines), LINKS) == units


# -- the draft ------------------------------------------------------------------------------------------------------


def draft(sold, **chosen):
    return draft_order(
        sold,
        DraftFacts(
            preferences=Preferences(**chosen), channel_id="3", external_source="32000", shop_id="7495", links=LINKS
        ),
    )


@pytest.mark.covers("CED-107")
def test_a_draft_names_the_linked_variants_and_where_it_came_from():
    made = draft(order(line("MUG-1", 2), line("JAR-1", 1, "8.00"), buyer_message="Ring twice"))

    assert [(entry.product_id, entry.variant_id, entry.sku, entry.quantity) for entry in made.lines] == [
        ("1", "11", "MUG-1", 2),
        ("2", "21", "JAR-1", 1),
    ]
    assert (made.external_order_id, made.external_source, made.external_merchant_id) == ("5764", "32000", "7495")
    assert (made.channel_id, made.state, made.payment_method) == ("3", "awaiting_fulfillment", "TikTok Shop")
    assert (made.customer_message, made.staff_notes) == ("Ring twice", "TikTok Shop order 5764")


@pytest.mark.covers("CED-108")
@pytest.mark.parametrize(
    ("_case", "changes", "chosen", "text"),
    [
        ("shipped by TikTok", {"shipped_by_tiktok": True}, {}, "shipped by TTS platform"),
        (
            "shipped by TikTok, in the merchant's words",
            {"shipped_by_tiktok": True},
            {"platform_shipping_text": "TikTok ships"},
            "TikTok ships",
        ),
        (
            "shipped by TikTok with an option",
            {"shipped_by_tiktok": True, "delivery_option": "Standard shipping"},
            {},
            "shipped by TTS platform",
        ),
        ("shipped by us", {"delivery_option": "Standard shipping"}, {}, "Standard shipping"),
        ("shipped by us, no option told", {}, {}, "TikTok Shop"),
        (
            "an option with a name of its own",
            {"delivery_option": "Standard shipping"},
            {"shipping_methods": (("Express shipping", "Air"), ("Standard shipping", "Ground"))},
            "Ground",
        ),
        (
            "its own name comes before the text for TikTok's shipping",
            {"shipped_by_tiktok": True, "delivery_option": "Standard shipping"},
            {"shipping_methods": (("Standard shipping", "Ground"),)},
            "Ground",
        ),
        (
            "another spelling is another option",
            {"delivery_option": "Standard shipping"},
            {"shipping_methods": (("standard shipping", "Ground"), ("Standard", "Air"))},
            "Standard shipping",
        ),
    ],
)
def test_the_shipping_method_says_who_ships(_case, changes, chosen, text):
    assert draft(order(**changes), **chosen).shipping_method == text


def amounts(made):
    """(subtotal, discount, shipping, handling, total), all before tax but the total."""
    return tuple(
        None if amount is None else str(amount.amount)
        for amount in (made.subtotal_ex_tax, made.discount, made.shipping_ex_tax, made.handling, made.total_inc_tax)
    )


@pytest.mark.parametrize(
    ("_case", "lines", "paid", "result"),
    [
        ("plain", (line(price="12.00"),), {}, ("12.00", "0.00", "0", None, "12.00")),
        ("several units", (line("MUG-1", 3, "12.00"),), {}, ("36.00", "0.00", "0", None, "36.00")),
        ("shipping", (line(price="12.00"),), {"shipping": "4.99"}, ("12.00", "0.00", "4.99", None, "16.99")),
        (
            "the buyer pays less: the difference is the order's discount",
            (line(price="12.00", paid=usd("10.00")),),
            {},
            ("12.00", "2.00", "0", None, "10.00"),
        ),
        (
            "three for ten: no unit has a third of a cent",
            (line("MUG-1", 2, "4.00", paid=usd("3.33")), line("MUG-1", 1, "4.00", paid=usd("3.34"))),
            {},
            ("12.00", "2.00", "0", None, "10.00"),
        ),
        (
            "three for ten, told only on the order",
            (line("MUG-1", 3, "4.00"),),
            {"subtotal": usd("10.00")},
            ("12.00", "2.00", "0", None, "10.00"),
        ),
        ("0.1 and 0.2", (line("MUG-1", 1, "0.1"), line("JAR-1", 1, "0.2")), {}, ("0.3", "0.0", "0", None, "0.3")),
        (
            "a gift",
            (line("MUG-1", 1, "12.00", paid=usd("0.00"), gift=True),),
            {},
            ("12.00", "12.00", "0", None, "0.00"),
        ),
        ("fees are handling", (line(price="12.00"),), {"fees": "0.75"}, ("12.00", "0.00", "0", "0.75", "12.75")),
        (
            "fees below zero are a discount",
            (line(price="12.00", paid=usd("11.00")),),
            {"fees": "-0.50"},
            ("12.00", "1.50", "0", None, "10.50"),
        ),
        (
            "a subtotal above the prices is handling",
            (line(price="12.00"),),
            {"subtotal": usd("12.30"), "fees": "0.70"},
            ("12.00", "0", "0", "1.00", "13.00"),
        ),
    ],
)
def test_the_amounts_of_a_draft(_case, lines, paid, result):
    made = draft(order(*lines, payment=payment(lines, **paid)))

    assert tuple(part and Decimal(part) for part in amounts(made)) == tuple(part and Decimal(part) for part in result)


@pytest.mark.parametrize(
    ("_case", "lines", "paid", "goods", "shipping", "ex_tax"),
    [
        ("on the goods", (line("MUG-1", 2, "10.00", tax=usd("0.83")),), {}, "21.66", "0", "20.00"),
        (
            "on goods and shipping",
            (line("MUG-1", 2, "10.00", tax=usd("0.83")),),
            {"shipping": "5.00", "shipping_tax": "0.41"},
            "21.66",
            "5.41",
            "25.00",
        ),
        (
            "told for the whole order: what shipping does not account for is the goods'",
            (line("MUG-1", 2, "10.00"),),
            {"shipping": "5.00", "shipping_tax": "0.41", "tax": usd("2.07")},
            "21.66",
            "5.41",
            "25.00",
        ),
        ("none", (line("MUG-1", 2, "10.00"),), {}, "20.00", "0", "20.00"),
    ],
)
def test_the_tax_of_a_draft_is_tiktoks(_case, lines, paid, goods, shipping, ex_tax):
    made = draft(order(*lines, payment=payment(lines, **paid)))

    assert made.subtotal_inc_tax == usd(goods)
    assert made.shipping_inc_tax == usd(shipping)
    assert made.total_ex_tax == usd(ex_tax)


def test_a_unit_is_priced_before_discounts_with_and_without_its_tax():
    [entry] = draft(order(line("MUG-1", 2, "12.00", paid=usd("10.00"), tax=usd("0.83")))).lines

    assert (entry.unit_price_ex_tax, entry.unit_price_inc_tax) == (usd("12.00"), usd("12.83"))


def test_a_draft_is_in_the_currency_the_buyer_paid_in():
    yen, none = money("1200", "JPY"), Money.zero("JPY")
    sold = order(
        line(original_price=yen, paid=yen, seller_discount=none, platform_discount=none, tax=none),
        payment=OrderPayment(
            subtotal=yen, shipping=none, tax=none, product_tax=none, shipping_tax=none, fees=none,
            seller_discount=none, platform_discount=none, total=yen,
        ),
    )  # fmt: skip

    made = draft(sold)

    assert (made.subtotal_ex_tax, made.discount, made.total_inc_tax) == (yen, none, yen)


random_line = strategies.builds(
    lambda sku, quantity, price, paid, tax: line(sku, quantity, original_price=price, paid=paid, tax=tax),
    strategies.sampled_from(["MUG-1", "JAR-1"]),
    strategies.integers(1, 5),
    usd_amounts(),
    usd_amounts(),
    usd_amounts(high="9.99"),
)
random_payment = strategies.fixed_dictionaries(
    {
        "shipping": usd_amounts(high="20.00").map(lambda amount: amount.amount),
        "shipping_tax": usd_amounts(high="2.00").map(lambda amount: amount.amount),
        "fees": usd_amounts("-9.99", "9.99").map(lambda amount: amount.amount),
    },
    optional={"subtotal": usd_amounts(), "tax": usd_amounts("2.00", "50.00")},
)


@random_cases
@given(strategies.lists(random_line, min_size=1, max_size=4), random_payment)
def test_the_parts_of_any_draft_make_up_its_total_exactly(lines, paid):
    sold = order(*lines, payment=payment(lines, **paid))
    made = draft(sold)

    tax = (made.subtotal_inc_tax - made.subtotal_ex_tax) + (made.shipping_inc_tax - made.shipping_ex_tax)
    handling = made.handling or usd(0)
    assert made.total_inc_tax == sold.payment.total
    assert made.subtotal_ex_tax - made.discount + made.shipping_ex_tax + handling + tax == made.total_inc_tax
    assert made.total_ex_tax + tax == made.total_inc_tax
    assert tax == sold.payment.tax
    assert made.discount.amount >= 0
    assert handling.amount >= 0
    assert made.handling is None or made.handling.amount > 0
    assert made.subtotal_ex_tax == Money.total((e.unit_price_ex_tax * e.quantity for e in made.lines), "USD")
    assert [entry.quantity for entry in made.lines] == [entry.quantity for entry in lines]


# -- to whom --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "changes", "chosen", "email"),
    [
        ("by TikTok's pattern", {}, {}, "7493@tiktok.com"),
        (
            "TikTok's relay address is not mailed",
            {"address": address(email="x@relay.tiktok.com")},
            {},
            "7493@tiktok.com",
        ),
        (
            "unless the merchant wants it",
            {"address": address(email="x@relay.tiktok.com")},
            {"relay_email": True},
            "x@relay.tiktok.com",
        ),
        ("wanted, and not given", {"address": address(email="")}, {"relay_email": True}, "7493@tiktok.com"),
        ("no buyer id", {"buyer_id": ""}, {}, "buyer@tiktok.com"),
        ("the merchant's pattern", {}, {"email_pattern": "tts+{order_id}@shop.test"}, "tts+5764@shop.test"),
        ("one address for all", {}, {"email_pattern": "orders@shop.test"}, "orders@shop.test"),
        ("a pattern with an unknown word", {}, {"email_pattern": "{name}@shop.test"}, "7493@tiktok.com"),
        ("a pattern that reaches for more", {}, {"email_pattern": "{buyer_id.x!r:>99}@shop.test"}, "7493@tiktok.com"),
        ("a pattern that is broken", {}, {"email_pattern": "{buyer_id@shop.test"}, "7493@tiktok.com"),
    ],
)
def test_the_email_of_a_store_order(_case, changes, chosen, email):
    assert draft_address(order(**changes), Preferences(**chosen)).email == email


@pytest.mark.parametrize(
    ("_case", "given_as"),
    [("clear", address()), ("masked stays masked", address(first_name="A**", last_name="M**", phone="+1 512***0100"))],
)
def test_the_rest_of_the_address_is_the_buyers(_case, given_as):
    assert draft(order(address=given_as)).address == address(
        first_name=given_as.first_name,
        last_name=given_as.last_name,
        phone=given_as.phone,
        email="7493@tiktok.com",
    )


MASKED = address(first_name="A**", last_name="M***", street_1="1 M*** L***", postal_code="787**", phone="+1 512***0100")


@pytest.mark.parametrize(
    ("_case", "kept", "seen", "result"),
    [
        ("nothing yet", Address(), address(), address()),
        ("nothing yet, and masked", Address(), MASKED, MASKED),
        ("masked again: the clear one stays", address(), MASKED, address()),
        ("gone: the clear one stays", address(), Address(), address()),
        ("gone: even a masked one stays", MASKED, Address(), MASKED),
        ("clear at last", MASKED, address(), address()),
        (
            "masked otherwise: the newer mask",
            address(first_name="A**"),
            address(first_name="Ad*"),
            address(first_name="Ad*"),
        ),
        (
            "another clear one: the buyer moved",
            address(),
            address(street_1="2 Mill Lane"),
            address(street_1="2 Mill Lane"),
        ),
        (
            "part by part",
            address(street_1="1 M***", phone="+1 5125550100"),
            address(street_1="1 Mill Lane", phone="+1 512***0100"),
            address(street_1="1 Mill Lane", phone="+1 5125550100"),
        ),
        ("a part that is new is added", address(company=""), address(company="Moss Ltd"), address(company="Moss Ltd")),
        (
            "moved to a place without a second line: nothing of the old one stays",
            address(street_2="Apt 4"),
            address(street_1="99 Oak Avenue"),
            address(street_1="99 Oak Avenue"),
        ),
        (
            "moved from a company in a state to a home in a country without states and postal codes",
            address(company="Moss Ltd"),
            address(city="Dublin", state="", postal_code="", country_code="IE"),
            address(city="Dublin", state="", postal_code="", country_code="IE"),
        ),
        (
            "one name in place of two: the old last name goes",
            address(),
            address(first_name="Ada Moss-Gray", last_name=""),
            address(first_name="Ada Moss-Gray", last_name=""),
        ),
        (
            "a phone and an email that are not shown are not gone",
            address(email="7493@tiktok.com"),
            address(street_1="2 Mill Lane", phone=""),
            address(street_1="2 Mill Lane", email="7493@tiktok.com"),
        ),
        (
            "a second line that is masked says nothing",
            address(street_2="Apt 4"),
            address(street_2="A** 4"),
            address(street_2="Apt 4"),
        ),
        (
            "not enough to ship to: what it does not have, nobody told",
            address(street_2="Apt 4"),
            Address(street_1="2 Mill Lane"),
            address(street_1="2 Mill Lane", street_2="Apt 4"),
        ),
    ],
)
def test_a_masked_or_missing_part_never_replaces_a_clear_one(_case, kept, seen, result):
    assert merged_address(kept, seen) == result


ONE_PLACE = ("first_name", "last_name", "company", "street_1", "street_2", "city", "state", "postal_code")
"""Parts that an address which can be shipped to is told with, or does not have."""

parts = strategies.sampled_from(["", "A**", "Ada", "Eve"])
any_address = strategies.builds(Address, **dict.fromkeys((*ONE_PLACE, "country_code", "phone", "email"), parts))


@random_cases
@given(any_address, any_address)
def test_what_was_clear_stays_clear(kept, seen):
    """Nothing is made up, no mask replaces what was clear, and only a whole address takes parts away."""
    merged = merged_address(kept, seen)

    for name in Address.__struct_fields__:
        before, now, after = (getattr(entry, name) for entry in (kept, seen, merged))
        assert after in {before, now}
        if before and "*" not in before:
            assert "*" not in after
            assert after or (seen.clear and name in ONE_PLACE)
        if seen.clear and name in ONE_PLACE and "*" not in now:
            assert after == now
    assert merged_address(merged, seen) == merged


# -- what was made before, or twice ---------------------------------------------------------------------------------


def minutes(number):
    return timedelta(minutes=number)


@pytest.mark.parametrize(
    ("_case", "changes", "facts", "looks_first"),
    [
        ("seen when placed, asked for when its hold ended", {}, {}, False),
        ("seen five minutes after", {}, {"first_seen": NOON + minutes(5)}, False),
        ("seen later", {}, {"first_seen": NOON + minutes(6)}, True),
        ("asked for a minute after TikTok's change", {}, {"asked": NOON + minutes(61)}, False),
        ("asked for later", {}, {"asked": NOON + minutes(62)}, True),
        ("tried before", {}, {"tries": 1}, True),
        ("shipped already", {"status": "AWAITING_COLLECTION"}, {}, True),
        ("shipped in part", {"status": "PARTIALLY_SHIPPING"}, {}, True),
        ("paid 65 minutes ago", {}, {"now": NOON + minutes(65)}, False),
        ("paid long ago", {}, {"now": NOON + minutes(66)}, True),
        (
            "paid just now, though placed long ago",
            {"paid_at": NOON + minutes(600)},
            {"now": NOON + minutes(660)},
            False,
        ),
    ],
)
def test_when_an_order_may_have_been_made_before(_case, changes, facts, looks_first):
    sold = order(**{"created_at": NOON, "updated_at": NOON + minutes(60), "paid_at": NOON, **changes})
    usual = {"first_seen": NOON, "asked": NOON + minutes(60), "now": NOON + minutes(60), "tries": 0}

    assert made_before(sold, **{**usual, **facts}) is looks_first


def twin(number, minute=0, state=StoreOrderState.AWAITING_FULFILLMENT, **changes):
    given = {"store_order_id": str(number), "created_at": NOON + minutes(minute), "state": state, "ours": True}
    return Twin(**given | changes)


TAKEN_BACK = StoreOrderState.CANCELLED


@pytest.mark.parametrize(
    ("_case", "twins", "pairing"),
    [
        ("only one", [twin(100)], Pairing("100")),
        ("the younger goes", [twin(100), twin(101, 1)], Pairing("100", ("101",))),
        ("the younger goes, though it was on record", [twin(99), twin(100, 1)], Pairing("99", ("100",))),
        ("of one second: by number", [twin(100), twin(99)], Pairing("99", ("100",))),
        ("three", [twin(100), twin(101, 1), twin(102, 2)], Pairing("100", ("101", "102"))),
        ("the other is cancelled", [twin(100), twin(101, 1, TAKEN_BACK)], Pairing("100")),
        ("the other is archived", [twin(100), twin(101, 1, archived=True)], Pairing("100")),
        ("both are cancelled", [twin(100, 0, TAKEN_BACK), twin(101, 1, TAKEN_BACK)], Pairing("100")),
        ("the younger is shipped", [twin(100), twin(101, 1, shipped=True)], Pairing("100", (), ("101",))),
        (
            "the younger is shipped, and was on record: the older goes",
            [twin(99), twin(100, 1, shipped=True)],
            Pairing("100", ("99",)),
        ),
        ("the younger is another's", [twin(100), twin(101, 1, ours=False)], Pairing("100", (), ("101",))),
        ("the older is another's", [twin(99, ours=False), twin(100, 1)], Pairing("99", ("100",))),
        (
            "a person has taken it up",
            [twin(100), twin(101, 1, StoreOrderState.MANUAL_VERIFICATION)],
            Pairing("100", (), ("101",)),
        ),
        (
            "shipped by its state",
            [twin(100), twin(101, 1, StoreOrderState.SHIPPED)],
            Pairing("100", (), ("101",)),
        ),
    ],
)
def test_which_of_two_store_orders_stays(_case, twins, pairing):
    assert pair_of("100", twins) == pairing


any_twins = strategies.lists(
    strategies.builds(
        Twin,
        store_order_id=strategies.sampled_from(["99", "100", "101", "102"]),
        created_at=strategies.sampled_from([NOON, NOON + timedelta(minutes=1)]),
        state=strategies.sampled_from(StoreOrderState),
        ours=strategies.booleans(),
        shipped=strategies.booleans(),
        archived=strategies.booleans(),
    ),
    unique_by=lambda found: found.store_order_id,
    max_size=4,
)


@random_cases
@given(any_twins)
def test_one_of_all_stays_and_nothing_shipped_or_foreign_is_cancelled(twins):
    pairing = pair_of("100", twins)
    by_id = {found.store_order_id: found for found in twins}

    assert pairing.kept not in {*pairing.cancelled, *pairing.told}
    for number in pairing.cancelled:
        assert by_id[number].ours
        assert not by_id[number].shipped
        assert by_id[number].live
    live = {found.store_order_id for found in twins if found.live}
    if len(live) > 1:
        assert {pairing.kept, *pairing.cancelled, *pairing.told} == live
