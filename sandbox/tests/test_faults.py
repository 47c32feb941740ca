"""Fault rules: what they match, what they do to a call or a webhook, when they stop, and which make no sense."""

from __future__ import annotations

import json

import httpx2
import pytest

from sandbox.tests.bigcommerce_client import Store, into, open_store
from sandbox.tests.tiktok_client import open_shop
from twinshelf_sandbox.app import build
from twinshelf_sandbox.faults import Fault, read_faults, rules_of

HOOK = {"scope": "store/order/created", "destination": "https://x.example/h"}


@pytest.fixture
def store(sandbox) -> Store:
    return open_store(sandbox)


def fault(store, **rule):
    return store.sandbox.faults.add(Fault.from_json(rule))


def statuses(store, count=6):
    return [store.get("/v2/time").status_code for _ in range(count)]


# -- which calls ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "strikes"),
    [
        ({}, True),
        ({"platform": "bigcommerce"}, True),
        ({"platform": "tiktok"}, False),
        ({"tenant": "abc123"}, True),
        ({"tenant": "other"}, False),
        ({"method": "get"}, True),
        ({"method": "POST"}, False),
        ({"path": "/stores/*/v3/catalog/products"}, True),
        ({"path": "*/v2/*"}, False),
        ({"query": "page=2"}, True),
        ({"query": "page=3"}, False),
        ({"contains": "MUG"}, False),
        (
            {"platform": "bigcommerce", "tenant": "abc123", "method": "GET", "path": "*/products", "query": "limit"},
            True,
        ),
    ],
)
def test_a_rule_strikes_what_all_its_fields_match(store, match, strikes):
    fault(store, action="status", status=418, **match)
    answer = store.get("/v3/catalog/products", page=2, limit=10)
    assert answer.status_code == (418 if strikes else 200)


def test_one_poisoned_item_fails_every_batch_it_is_in(store):
    ids = [store.product(name=f"Mug {n}", sku=f"M-{n}")["id"] for n in (1, 2)]
    fault(store, action="status", status=422, contains=f'"id":{ids[1]}', times=None)

    def renamed(*products):
        return store.put("/v3/catalog/products", [{"id": p, "name": f"New {p}"} for p in products]).status_code

    assert [renamed(*ids), renamed(ids[1]), renamed(ids[0])] == [422, 422, 200]


def test_the_nth_call_is_struck_and_no_other(store):
    fault(store, action="status", nth=3, times=None)
    assert statuses(store) == [200, 200, 503, 200, 200, 200]


def test_a_rule_strikes_once_so_often_or_always(store):
    fault(store, action="status", times=2)
    assert statuses(store) == [503, 503, 200, 200, 200, 200]
    fault(store, action="status", times=None)
    assert statuses(store) == [503] * 6


def test_a_rule_lasts_as_long_as_it_says_in_the_time_of_the_world(store):
    fault(store, action="status", times=None, lasts=1800)
    store.sandbox.world.clock.run(0)
    store.sandbox.advance(1700)
    assert statuses(store, 2) == [503, 503]
    store.sandbox.advance(200)
    assert statuses(store, 2) == [200, 200]


def test_the_first_rule_that_strikes_wins(store):
    fault(store, action="status", status=500)
    fault(store, action="status", status=502)
    assert statuses(store, 3) == [500, 502, 200]


def drawn(world_seed, **rule):
    sandbox = build(seed=world_seed)
    store = open_store(sandbox)
    fault(store, action="status", probability=0.4, times=None, **rule)
    found = statuses(store, 40)
    sandbox.close()
    return found


def test_chance_is_the_same_for_the_same_seed_and_about_as_often_as_asked():
    assert drawn(1) == drawn(1) != drawn(2)
    assert drawn(1, seed=9) == drawn(2, seed=9) != drawn(1, seed=8)
    assert 8 <= drawn(1).count(503) <= 24


# -- what they do -----------------------------------------------------------------------------------------------------


@pytest.mark.covers("BEY-06")
@pytest.mark.parametrize(("phase", "made"), [("before", []), ("after", [100])])
def test_the_phase_says_whether_the_call_took_effect(store, phase, made):
    fault(store, action="status", status=502, phase=phase, method="POST", path="*/v2/orders")
    assert store.order(external_order_id="1").status_code == 502
    assert store.act("orders", external_order_id="1") == made


def test_a_lost_answer_closes_the_connection(store):
    fault(store, action="drop", phase="after", method="POST")
    with pytest.raises(httpx2.ReadError):
        store.order(external_order_id="1")
    assert len(store.get("/v2/orders").json()) == 1


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_cut_answer_breaks_off_in_the_middle(store, phase):
    fault(store, action="truncate", phase=phase)
    with pytest.raises(httpx2.RemoteProtocolError):
        store.get("/v2/time")


def test_a_cut_answer_may_pretend_to_be_whole(store):
    whole = store.get("/v3/catalog/summary").content
    fault(store, action="truncate", phase="after", share=0.25, content_length="sent")
    answer = store.get("/v3/catalog/summary")
    assert (answer.status_code, answer.content) == (200, whole[: len(whole) // 4])


def test_a_maintenance_page_comes_with_200(store):
    fault(store, action="body", body="<html>Back soon</html>")
    answer = store.get("/v2/time")
    assert (answer.status_code, answer.text) == (200, "<html>Back soon</html>")
    assert answer.headers["content-type"] == "text/html"


def test_fields_of_the_true_answer_change(store):
    store.product(name="Mug 1", sku="M-1")
    store.product(name="Mug 2", sku="M-2")
    change = {"data.*.condition": "Levitating", "data.0.name": None, "data.*.x_new": {"a": 1}, "meta.nothing.x": 1}
    fault(store, action="body", change=change, path="*/catalog/products")
    rows = store.get("/v3/catalog/products").json()["data"]
    assert [(row["condition"], row["name"], row["x_new"]) for row in rows] == [
        ("Levitating", None, {"a": 1}),
        ("Levitating", "Mug 2", {"a": 1}),
    ]
    assert store.data("/v3/catalog/products")[0]["condition"] == "New"


def test_headers_are_added_to_the_true_answer(store):
    fault(store, action="headers", headers={"X-Retry-After": "7"})
    answer = store.get("/v2/time")
    assert (answer.status_code, answer.headers["x-retry-after"]) == (200, "7")


def test_an_envelope_is_a_200_that_failed(sandbox):
    shop = open_shop(sandbox)
    sandbox.faults.add(Fault("envelope", platform="tiktok", code=12052700, message="Price is locked."))
    answer = shop.send("GET", "/logistics/202309/warehouses")
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (200, 12052700, "Price is locked.")


def test_a_late_answer_is_too_late_for_the_client_and_took_effect(store):
    fault(store, action="delay", seconds=60, phase="after", method="POST")
    with pytest.raises(httpx2.ReadTimeout):
        store.order(external_order_id="1")
    assert len(store.get("/v2/orders").json()) == 1


def test_the_clock_jumps_at_that_moment_and_back(store):
    clock = store.sandbox.world.clock
    clock.run(0)
    start = clock.now()
    fault(store, action="clock", seconds=86_400)
    fault(store, action="clock", seconds=-90_000)
    jumps = []
    for _ in range(3):
        assert store.get("/v2/time").status_code == 200
        jumps.append(clock.now() - start)
    assert jumps == [86_400, -3_600, -3_600]


def test_someone_edits_between_two_pages(store):
    for n in range(4):
        store.product(name=f"Mug {n}", sku=f"M-{n}")
    edit = {"action": "bc.delete_product", "arguments": {"hash": "abc123", "sku": "M-0"}}
    fault(store, action="edit", edit=edit, query="page=2", path="*/catalog/products")
    names = [
        row["name"] for page in (1, 2) for row in store.get("/v3/catalog/products", limit=2, page=page).json()["data"]
    ]
    assert names == ["Mug 0", "Mug 1", "Mug 3"]  # Mug 2 moved up and was passed over


def test_an_edit_that_fails_is_on_record_and_the_call_goes_on(store):
    edit = {"action": "bc.delete_product", "arguments": {"hash": "abc123", "sku": "NOPE"}}
    fault(store, action="edit", edit=edit)
    assert store.get("/v2/time").status_code == 200
    assert [str(error) for error in store.sandbox.faults.crashes] == ["there is no product 'NOPE'"]


def test_answers_of_faults_carry_the_time_of_the_world(store):
    store.sandbox.world.clock.run(0)
    store.sandbox.world.clock.set(1_800_000_000)
    fault(store, action="status")
    assert store.get("/v2/time").headers["date"] == "Fri, 15 Jan 2027 08:00:00 GMT"


# -- webhooks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "delivered"),
    [
        ({"action": "lose"}, 0),
        ({"action": "duplicate"}, 2),
        ({"action": "duplicate", "copies": 2}, 3),
        ({"action": "lose", "path": "store/product/*"}, 1),
        ({"action": "lose", "contains": '"id":100'}, 0),
        ({"action": "lose", "contains": '"id":101'}, 1),
    ],
)
def test_webhooks_are_lost_and_doubled(store, rule, delivered):
    sent: list[bytes] = []
    store.sandbox.outbox.send = into(sent)
    store.post("/v3/hooks", HOOK)
    fault(store, **rule)
    store.ordered()
    store.sandbox.settle()
    assert len(sent) == delivered


def test_a_delayed_webhook_comes_a_day_late(store):
    sent: list[bytes] = []
    store.sandbox.outbox.send = into(sent)
    store.post("/v3/hooks", HOOK)
    fault(store, action="delay", on="webhook", seconds=86_400)
    store.ordered()
    store.sandbox.advance(86_000)
    assert sent == []
    store.sandbox.advance(500)
    assert len(sent) == 1


def order_of_hooks(seed):
    sandbox = build(seed=seed)
    store = open_store(sandbox)
    sandbox.world.clock.run(0)
    sent: list[bytes] = []
    sandbox.outbox.send = into(sent)
    store.post("/v3/hooks", HOOK)
    fault(store, action="reorder", seconds=600, times=None)
    for _ in range(8):
        store.ordered()
    sandbox.advance(600)
    sandbox.close()
    return [json.loads(body)["data"]["id"] for body in sent]


def test_webhooks_come_in_another_order_which_the_seed_decides():
    first = order_of_hooks(1)
    assert sorted(first) == list(range(100, 108)) != first
    assert first == order_of_hooks(1) != order_of_hooks(2)


# -- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({}, "action None is not one of"),
        ({"action": "explode"}, "action 'explode' is not one of"),
        ({"action": "drop", "pathh": "*"}, "unknown field 'pathh'"),
        ({"action": "drop", "times": "twice"}, "times: "),
        ({"action": "drop", "times": 0}, "times: "),
        ({"action": "drop", "phase": "during"}, "phase: "),
        ({"action": "drop", "probability": 1.5}, "probability: "),
        ({"action": "status", "status": 42}, "status: "),
        ({"action": "truncate", "share": 2}, "share: "),
        ({"action": "drop", "nth": -1}, "nth: "),
        ({"action": "delay", "seconds": -1}, "seconds: "),
        ({"action": "clock"}, "seconds: "),
        ({"action": "edit"}, "edit: "),
        ({"action": "status", "change": {"a": 1}}, "change: "),
        ({"action": "lose", "on": "call"}, "on: 'lose' does not strike a call"),
        ({"action": "drop", "on": "webhook"}, "on: 'drop' does not strike a webhook"),
        ({"action": "duplicate", "copies": 0}, "copies: "),
        ("drop", "a fault rule is an object"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_by_its_field(rule, problem):
    with pytest.raises(ValueError, match="^" + problem.replace("(", r"\(")):
        Fault.from_json(rule)


def test_an_edit_must_be_an_action_there_is(sandbox):
    with pytest.raises(ValueError, match=r"^edit: there is no action 'bc\.dance'"):
        sandbox.faults.add(Fault("edit", edit={"action": "bc.dance"}))


RULES = [
    {"action": "status", "status": 502, "phase": "after", "method": "POST", "path": "*/v2/orders"},
    {"action": "lose", "probability": 0.3},
]


def test_rules_come_from_files(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(RULES))
    (tmp_path / "b.json").write_text(json.dumps({"faults": RULES}))
    (tmp_path / "c.toml").write_text(
        '[[faults]]\naction = "status"\nstatus = 502\nphase = "after"\nmethod = "POST"\npath = "*/v2/orders"\n\n'
        '[[faults]]\naction = "lose"\nprobability = 0.3\n'
    )
    first = read_faults(tmp_path / "a.json")
    assert [(r.action, r.on, r.status, r.probability) for r in first] == [
        ("status", "call", 502, 1.0),
        ("lose", "webhook", 503, 0.3),
    ]
    assert read_faults(tmp_path / "b.json") == read_faults(tmp_path / "c.toml") == first


@pytest.mark.parametrize("text", ["{", "3", '[{"action": "drop"}, {"action": "fly"}]'])
def test_a_bad_file_is_refused(tmp_path, text):
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(ValueError, match=r"bad\.json|list of rules|^action 'fly'.* \(rule 2\)"):
        read_faults(tmp_path / "bad.json")


def test_one_rule_by_itself_is_a_list_of_one():
    assert rules_of({"action": "drop"}) == [Fault("drop")]
