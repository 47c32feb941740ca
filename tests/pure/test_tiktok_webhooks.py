"""Webhooks are believed only with the right signature, and hint at what to read again."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from twinshelf.errors import DocumentError
from twinshelf.tiktok.webhooks import (
    EVENT_TYPES,
    MOST_IDS,
    TOPICS,
    Subscription,
    hint_from_json,
    subscription_from_json,
    verify,
)

DATA = Path(os.environ.get("TWINSHELF_SHARED") or Path(__file__).parents[3] / "shared") / "data"
needs_shared = pytest.mark.skipif(not DATA.exists(), reason="the shared test data is not beside the repository")

# docs/platforms/tiktok-shop.md section 7.3; two other clients compute the same.
BODY = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
    b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID","update_time":1718305585}}'
)
SIGNATURE = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"


def test_tiktoks_signature_is_accepted():
    assert verify("abcdef", "123", SIGNATURE, BODY)


@pytest.mark.parametrize(
    ("_case", "key", "secret", "authorization", "body"),
    [
        ("wrong", "abcdef", "123", SIGNATURE[:-1] + "6", BODY),
        ("empty", "abcdef", "123", "", BODY),
        ("cut", "abcdef", "123", SIGNATURE[:-2], BODY),
        ("longer", "abcdef", "123", SIGNATURE + "00", BODY),
        ("upper case", "abcdef", "123", SIGNATURE.upper(), BODY),
        ("with a scheme", "abcdef", "123", f"Bearer {SIGNATURE}", BODY),
        ("with a line break", "abcdef", "123", f"{SIGNATURE}\n", BODY),
        ("not even ASCII", "abcdef", "123", "é" * 64, BODY),
        ("of another app", "fedcba", "123", SIGNATURE, BODY),
        ("of another secret", "abcdef", "124", SIGNATURE, BODY),
        ("a body written anew", "abcdef", "123", SIGNATURE, json.dumps(json.loads(BODY)).encode()),
        ("a BOM", "abcdef", "123", SIGNATURE, b"\xef\xbb\xbf" + BODY),
        ("a key twice", "abcdef", "123", SIGNATURE, BODY[:-1] + b',"type":1}'),
        ("no body", "abcdef", "123", SIGNATURE, b""),
    ],
)
def test_any_other_signature_is_not(_case, key, secret, authorization, body):
    assert not verify(key, secret, authorization, body)


def hint(type=1, data=None, **envelope):  # noqa: A002 - TikTok's word
    body = {"type": type, "tts_notification_id": "n-1", "shop_id": "749", "timestamp": 1718305585, "data": data}
    return hint_from_json(json.dumps(body | envelope).encode())


def test_a_delivery_hints_at_what_changed():
    told = hint_from_json(BODY)

    assert (told.type, told.notification_id, told.shop_id) == (1, "7380066284010030890", "7495540735365777507")
    assert (told.kind, told.ids, told.order_ids) == ("order", ("576653688135258178",), ("576653688135258178",))
    assert (told.status, told.at) == ("UNPAID", datetime(2024, 6, 13, 19, 6, 25, tzinfo=UTC))


@pytest.mark.parametrize(
    ("type_", "data", "kind", "ids", "order_ids", "status"),
    [
        (1, {"order_id": "5", "order_status": "CANCEL"}, "order", ("5",), ("5",), "CANCELLED"),
        (3, {"order_id": "5"}, "order", ("5",), ("5",), ""),
        (4, {"sc_type": "COMBINE", "package_list": [{"package_id": "8", "order_id_list": ["5", "6"]}]}, "package",
         ("8",), ("5", "6"), ""),
        (5, {"product_id": 576486316948490001, "status": "PRODUCT_AUDIT_FAILURE"}, "product",
         ("576486316948490001",), (), "PRODUCT_AUDIT_FAILURE"),
        (6, {"message": "Shop is deauthorized."}, "deauthorized", (), (), ""),
        (7, {"message": "…", "expiration_time": "1627587506"}, "expiring", (), (), ""),
        (11, {"order_id": "5", "cancel_id": "40", "cancel_status": "CANCELLATION_REQUEST_CANCELLED"}, "cancellation",
         ("40",), ("5",), "CANCELLATION_REQUEST_CANCEL"),
        (12, {"order_id": "5", "return_id": "41", "return_status": "BUYER_SHIPPED_ITEM"}, "return", ("41",), ("5",),
         "BUYER_SHIPPED_ITEM"),
        (15, {"product_id": "17"}, "product", ("17",), (), ""),
        (36, {"package_id": "8", "order_ids": ["5"], "invoice_status": "SUCCESS"}, "package",
         ("8",), ("5",), "SUCCESS"),
        (37, {"product_id": 17, "audit": {"status": "APPROVED"}}, "product", ("17",), (), "APPROVED"),
        (71, {"product_id": 17, "event_id": "e"}, "product", ("17",), (), ""),
        (14, {"message_id": "1"}, "ignored", (), (), ""),
        (999, {"moon": "full"}, "ignored", (), (), ""),
        (1, {}, "ignored", (), (), ""),
        (1, None, "ignored", (), (), ""),
        (1, {"order_id": {"x": 1}}, "ignored", (), (), ""),
    ],
)  # fmt: skip
def test_each_topic_names_its_things(*, type_, data, kind, ids, order_ids, status):
    told = hint(type_, data)

    assert (told.kind, told.ids, told.order_ids, told.status) == (kind, ids, order_ids, status)


def test_each_topic_that_is_subscribed_to_hints_at_what_the_table_says():
    data = {"order_id": "5", "product_id": "17", "cancel_id": "40", "return_id": "41", "package_id": "8"}

    assert {number: hint(number, data).kind for number in TOPICS} == {n: topic.kind for n, topic in TOPICS.items()}
    assert set(EVENT_TYPES) == {topic.event_type for topic in TOPICS.values()} - {""}


def test_a_delivery_names_no_more_than_a_genuine_one_would():
    many = [str(number) for number in range(15_000)]
    told = hint(
        4, {"package_list": [{"package_id": one, "order_id_list": many[:3]} for one in many], "order_ids": many}
    )
    assert (len(told.ids), len(told.order_ids)) == (MOST_IDS, MOST_IDS)
    assert told.ids[:2] == ("0", "1")

    for odd in ("9" * 200_000, "\x00", "5 or 1=1", "٣"):
        assert hint(1, {"order_id": odd}).kind == "ignored"
        assert hint(11, {"cancel_id": "40", "order_id": odd}).order_ids == ()
        assert hint(1, {"order_id": "5"}, shop_id=odd).shop_id == ""


def test_a_topic_without_id_gets_one_from_its_body():
    first = hint(3, {"order_id": "5"}, tts_notification_id=None)
    again = hint(3, {"order_id": "5"}, tts_notification_id=None)
    other = hint(3, {"order_id": "6"}, tts_notification_id=None)

    assert first.notification_id == again.notification_id
    assert first.notification_id != other.notification_id
    assert first.notification_id.startswith("body-")


def test_the_time_is_that_of_the_change_as_far_as_told():
    assert hint(1, {"order_id": "5", "update_time": 1718305000}).at == datetime(2024, 6, 13, 18, 56, 40, tzinfo=UTC)
    assert hint(11, {"cancel_id": "4", "create_time": 1718305001}).at == datetime(2024, 6, 13, 18, 56, 41, tzinfo=UTC)
    assert hint(6, {}).at == datetime(2024, 6, 13, 19, 6, 25, tzinfo=UTC)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'{"type":"x","timestamp":1}', b"\xff", b"[" * 100_000])
def test_what_is_no_delivery_is_refused(body):
    with pytest.raises(DocumentError):
        hint_from_json(body)


@needs_shared
def test_every_documented_topic_is_understood():
    samples = json.loads((DATA / "tiktok-doc-samples" / "webhooks.json").read_text(encoding="utf-8"))

    told = {row["payload"]["type"]: hint_from_json(json.dumps(row["payload"]).encode()) for row in samples.values()}

    assert {type_ for type_, each in told.items() if each.kind != "ignored"} == {
        1, 3, 4, 5, 6, 7, 11, 12, 15, 16, 18, 27, 36, 37, 38,
    }  # fmt: skip
    assert told[16].ids == ("576486316948490000",)


def test_subscriptions_are_dated_in_seconds_or_milliseconds():
    row = {"event_type": "ORDER_STATUS_CHANGE", "address": "https://hooks.example", "update_time": 1635338186}
    at = datetime(2021, 10, 27, 12, 36, 26, tzinfo=UTC)

    for time in (1635338186, 1635338186000):
        assert subscription_from_json(json.dumps(row | {"update_time": time}).encode()) == Subscription(
            event_type="ORDER_STATUS_CHANGE", address="https://hooks.example", updated_at=at
        )
