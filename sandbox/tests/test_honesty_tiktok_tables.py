"""Codes, reasons, carriers and further signatures of the TikTok Shop double against the published tables."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from twinshelf_sandbox.tiktok.aftersales import reasons
from twinshelf_sandbox.tiktok.errors import HTTP_STATUS, MESSAGES
from twinshelf_sandbox.tiktok.gateway import sign, sign_webhook
from twinshelf_sandbox.tiktok.regions import EU, PROVIDERS, SEA


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    folder = shared / "data"
    if not folder.is_dir():
        pytest.skip("the tables of TikTok Shop are not in the reference material")
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- codes ---------------------------------------------------------------------------------------------------------

# Codes that the tables of endpoints leave out: told in change logs, on the authorization pages or by replies seen.
UNLISTED = {
    10007014, 12052030, 12052486, 12052487, 12052913, 21003002, 21011001, 21011044, 25011014, 36004001, 36004004,
    36009014, 36009037, 36009043, 36009044,
}  # fmt: skip


def test_every_code_is_documented(data):
    published = {int(row["code"]) for row in rows(data / "tiktok-errors" / "error_codes.csv")}
    page = Path(__file__).parents[2] / "docs" / "platforms" / "tiktok-shop.md"
    assert set(MESSAGES) - published == UNLISTED
    assert {code for code in UNLISTED if not re.search(rf"\b{code}\b", page.read_text(encoding="utf-8"))} == set()


def test_codes_of_any_endpoint_have_a_status_of_their_own(data):
    common = {
        int(row["code"])
        for row in rows(data / "tiktok-errors" / "error_codes_by_endpoint.csv")
        if row["area"] == "common"
    }
    assert {code for code in common & set(MESSAGES) if code not in HTTP_STATUS} == set()


# -- carriers ------------------------------------------------------------------------------------------------------

# Believable carriers of a market of which one is known, and carriers that a guide for sellers in the UK names beside
# those that the table has: with ids of our own.
INVENTED = {("DE", "Hermes DE"), ("DE", "DPD DE")} | {
    ("GB", name) for name in ("Parcel2Go", "UPS UK", "FedEx UK", "Arrow XL")
}
# Ids that sellers' own tools filter the orders of Seller Center by, and the table does not have.
UNTABLED = {("VN", "7252807945006614278"): "GHN", ("VN", "7155825439565416197"): "Viettel Post"}


def test_carriers_have_the_ids_and_names_of_their_market(data):
    known = {
        (row["region"], row["id"]): row["name"]
        for row in rows(data / "tiktok-shipping-providers" / "shipping_providers.csv")
    } | UNTABLED
    ours = {(region, one): name for region, found in PROVIDERS.items() for one, name in found}
    assert {place: name for place, name in ours.items() if place in known and known[place] != name} == {}
    assert {(place[0], name) for place, name in ours.items() if place not in known} == INVENTED
    assert not {one for region, one in ours if (region, one) not in known} & {one for _, one in known}


# -- reasons -------------------------------------------------------------------------------------------------------

MARKETS = {"US": ("US",), "UK": ("GB",), "EU (s)": EU, "JP": ("JP",), **{one: (one,) for one in ("BR", "MX", *SEA)}}
REMOVED = {
    # By a change of 31 August 2025, later than the tables.
    "seller cancels": (
        SEA,
        {"seller_cancel_paid_reason_address_not_deliver", "seller_cancel_unable_to_deliver_to_buyer_address"},
    ),
    # By a change of some 4 October.
    "reject return": (("US",), {f"reverse_reject_request_reason_{number}" for number in (1, 2, 3, 5)}),
}
# The table has no reasons of buyers for these, though they may ask: ours are those of what was shipped.
SILENT = {("buyer refunds", region, "DELIVERED") for region in ("BR", "MX")}

BUYER, SELLER, REJECT = "Buyer Initiates", "Seller Initiates", "Seller Reject"
CANCELS, REFUNDS = ("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"), ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED")
# By section: kind, section and subsection of its rows, and the states of an order that they tell apart.
SECTIONS: dict[str, tuple[str, str | tuple[str, ...], str, tuple[str, ...]]] = {
    "seller cancels": ("cancel", SELLER, "", CANCELS),
    "buyer cancels": ("cancel", BUYER, "", CANCELS),
    "reject cancel": ("cancel", REJECT, "", ("",)),
    "platform": ("cancel", ("SYSTEM", "Operator"), "", ("",)),
    "buyer refunds": ("refund", BUYER, "", REFUNDS),
    "buyer returns": ("return", BUYER, "", REFUNDS),
    "seller refunds": ("refund", SELLER, "", REFUNDS),
    "seller returns": ("return", SELLER, "", ("DELIVERED",)),
    "reject return": ("return", REJECT, "rejects return", ("",)),
    "reject refund": ("refund", REJECT, "", ("",)),
    "reject parcel": ("return", REJECT, "package", ("",)),
}


def ours(section: str, region: str, state: str) -> reasons.Reasons:
    return {
        "seller cancels": lambda: reasons.seller_cancel(region, state),
        "buyer cancels": lambda: reasons.buyer_cancel(region, state),
        "reject cancel": lambda: reasons.reject_cancel(region),
        "platform": lambda: reasons.platform_cancel(region),
        "buyer refunds": lambda: reasons.buyer_return(region, "REFUND", state),
        "buyer returns": lambda: reasons.buyer_return(region, "RETURN_AND_REFUND", state),
        "seller refunds": lambda: reasons.seller_return(region, "REFUND", state),
        "seller returns": lambda: reasons.seller_return(region, "RETURN_AND_REFUND", state),
        "reject return": lambda: reasons.reject_return(region, "RETURN_AND_REFUND"),
        "reject refund": lambda: reasons.reject_return(region, "REFUND"),
        "reject parcel": lambda: reasons.reject_parcel(region),
    }[section]()


def named(row: dict[str, str]) -> tuple[str, str]:
    """Name and text of a row, as they stand or changed round; a text alone stands where names do, its name is lost."""
    name, text = row["reason_name"], row["reason_text"]
    if re.fullmatch(r"[a-z]+_\S+", text):
        name, text = text, name
    return (name, text) if re.fullmatch(r"[a-z]+_\S+", name) else ("", name)


def published(table: list[dict[str, str]], section: str, market: str) -> dict[tuple[str, ...], set[tuple[str, str]]]:
    """Name and text of a section's reasons by state; for all states at once where a market's rows do not tell them."""
    kind, head, part, states = SECTIONS[section]
    found = [
        row
        for row in table
        if (row["market"], row["kind"]) == (market, kind)
        and row["section"].startswith(head)
        and part in row["subsection"]
    ]
    if not all(set(row["order_status"].split("+")) & set(states) for row in found):
        return {states: {named(row) for row in found}}
    return {(one,): {named(row) for row in found if one in row["order_status"].split("+")} for one in states}


@pytest.mark.parametrize("section", SECTIONS)
def test_reasons_are_those_of_their_market(data, section):
    table = rows(data / "tiktok-reasons" / "reasons.csv")
    where, gone = REMOVED.get(section, ((), set()))
    for market, regions in MARKETS.items():
        for states, told in published(table, section, market).items():
            for region in {*regions} if (section, market, *states) not in SILENT else ():
                kept = {(name, text) for name, text in told if region not in where or name not in gone}
                mine = {pair for state in states for pair in ours(section, region, state).items()}
                names = {name for name, _ in kept}
                if "" in names:
                    assert {text for _, text in mine} == {text for _, text in kept}, (region, states)
                else:
                    assert ({name for name, _ in mine}, mine - kept) == (names, set()), (region, states)


# Of no other market.
OWN = {"ecom_order_delivered_refund_reason_none", "seller_cancel_order_reason_potential_fraud"}


def test_where_the_table_has_lost_names_ours_are_those_of_other_markets(data):
    table = rows(data / "tiktok-reasons" / "reasons.csv")
    known = {named(row)[0] for row in table}
    found = {
        name
        for section in SECTIONS
        for market in ("EU (s)", "JP")
        for states, told in published(table, section, market).items()
        if not all(name for name, _ in told)
        for state in states
        for name in ours(section, MARKETS[market][0], state)
    }
    assert found - known == OWN


@pytest.mark.parametrize("state", CANCELS)
def test_sellers_in_japan_and_the_eu_cancel_by_the_names_of_the_us(state):
    of_the_us = {*reasons.seller_cancel("US", state)}
    assert [{*reasons.seller_cancel(region, state)} for region in EU] == [of_the_us] * len(EU)
    more = {"seller_cancel_order_reason_potential_fraud"} if state != "UNPAID" else set()
    assert {*reasons.seller_cancel("JP", state)} == of_the_us | more


def test_buyers_in_the_eu_keep_their_reasons_when_they_have_paid():
    unpaid = {
        "ecom_order_to_ship_canceled_reason_high_delivery_costs",
        "ecom_order_to_ship_canceled_reason_discount_not_expected",
        "ecom_order_unpaid_canceled_reason_other",
        "ecom_order_unpaid_canceled_reason_no_longer_needed",
    }
    assert {*reasons.buyer_cancel("DE", "UNPAID")} == unpaid
    assert unpaid - {*reasons.buyer_cancel("DE", "AWAITING_SHIPMENT")} == set()


# -- signatures ----------------------------------------------------------------------------------------------------

# The other vectors of the reference are in test_tiktok_gateway.


def test_a_form_is_signed_without_its_body():
    query = [("app_key", "6abc123"), ("timestamp", "1767225600")]
    made = sign("c0ffee1234", "/product/202309/images/upload", query, b"anything", "multipart/form-data; boundary=x")
    assert made == "269dd59601922316ad63525e8a017319e8771155d658d0e316d0a1c90a4dcf4f"


def test_a_webhook_is_signed_with_its_app_key_before_its_body():
    body = (
        b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
        b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID",'
        b'"update_time":1718305585}}'
    )
    made = sign_webhook("abcdef", "123", body)
    assert made == "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"
