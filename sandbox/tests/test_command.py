"""`twinshelf-sandbox`: what a new world begins with, how the options shape it, and the commands that drive it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from twinshelf_sandbox.app import build
from twinshelf_sandbox.client import ControlClient
from twinshelf_sandbox.command import app
from twinshelf_sandbox.seeding import FIRST_STORE, Opening, open_world
from twinshelf_sandbox.tiktok.regions import REGIONS

ROOT = Path(__file__).resolve().parents[2]
TREE = (
    "id,parent_id,level,is_leaf,name_en\n1,0,1,false,Kitchen\n2,1,2,false,Cups\n3,2,3,false,Mugs\n4,3,4,true,Enamel\n"
)


class Running:
    """A sandbox in a process of its own."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "twinshelf_sandbox", "--port", "0", *options],
            cwd=ROOT, env={**os.environ, "DJANGO_SETTINGS_MODULE": ""}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if "listens on" in line:
                break
        else:
            raise AssertionError("\n".join(self.lines))
        self.address = self.lines[-1].rsplit(" ", 1)[-1]
        self.http, self.control = httpx2.Client(base_url=self.address), ControlClient(self.address)

    def store(self, path: str, number: int = 0) -> httpx2.Response:
        store = self.control.get("access")["stores"][number]
        return self.http.get(f"/stores/{store['hash']}{path}", headers={"X-Auth-Token": store["access_token"]})

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def running(*options: str) -> Iterator[Running]:
    made = Running(*options)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()


# -- a new world ------------------------------------------------------------------------------------------------------


def opened(**more):
    sandbox = build(more.pop("path", None), seed=more.pop("seed", 1))
    said: list[str] = []
    open_world(sandbox, Opening(**{"products": 12, **more}), say=said.append)
    return sandbox, sandbox.world.table("world")["access"], said


def test_every_market_can_be_opened():
    regions = list(REGIONS)
    sandbox, access, _ = opened(shops=regions)
    assert [shop["region"] for shop in access["shops"]] == regions
    assert len({shop["seller_id"] for shop in access["shops"]}) == 24 == len(regions)
    currencies = {sandbox.tiktok.platform.shop(shop["shop_id"]).currency for shop in access["shops"]}
    assert currencies >= {"USD", "GBP", "EUR", "PLN", "CZK", "HUF", "JPY", "IDR", "VND", "MXN", "BRL"}
    sandbox.close()


def test_a_cross_border_seller_has_one_account_and_a_shop_in_each_market():
    sandbox, access, _ = opened(shops=["US"], cross_border=["GB", "MY", "DE"])
    local, *abroad = access["shops"]
    assert (local["seller_type"], {shop["seller_type"] for shop in abroad}) == ("LOCAL", {"CROSS_BORDER"})
    assert len({shop["seller_id"] for shop in abroad}) == 1 != local["seller_id"]
    assert [shop["region"] for shop in abroad] == ["GB", "MY", "DE"]
    sandbox.close()


def test_each_store_is_filled_and_has_keys_of_its_own():
    sandbox, access, said = opened(stores=3, currency="GBP")
    assert [store["hash"] for store in access["stores"]] == [FIRST_STORE, f"{FIRST_STORE}2", f"{FIRST_STORE}3"]
    assert len({store["access_token"] for store in access["stores"]}) == 3
    assert said == ["Catalog: 12 products of our own shop"] * 3
    assert {sandbox.bigcommerce.known(store["hash"]).row["currency"] for store in access["stores"]} == {"GBP"}
    sandbox.close()


def test_a_catalog_file_fills_the_store(tmp_path):
    file = tmp_path / "goods.csv"
    file.write_text("bezeichnung,preis,sku\nMug,12.50,M-1\nBowl,9.00,B-1\nPlate,x,P-1\n")
    columns = {"title": "bezeichnung", "price": "preis"}
    sandbox, _, said = opened(catalog=file, columns=columns, products=0)
    assert said[0] == "Catalog goods.csv: 2 products loaded"
    assert sandbox.act("bc.price", hash=FIRST_STORE, sku="M-1") == "12.5"
    sandbox.close()


@pytest.mark.parametrize(("bad", "told"), [(5, False), (6, True)])
def test_many_refused_rows_are_all_written_to_a_file(tmp_path, bad, told):
    lines = ["title,price,sku", "Good,1.00,A-1", *(f"Bad {n},nothing,B-{n}" for n in range(bad))]
    (tmp_path / "c.csv").write_text("\n".join(lines))
    file = tmp_path / "refused-rows.txt"

    sandbox, _, said = opened(catalog=tmp_path / "c.csv", products=0, refused=file)

    assert said[0] == "Catalog c.csv: 1 products loaded"
    assert (f"  All refused rows: {file}" in said, file.exists()) == (told, told)
    if told:
        rows = file.read_text().splitlines()
        assert len(rows) == bad
        assert all("is not a number" in row for row in rows)
    sandbox.close()


def test_a_world_that_is_there_is_left_as_it_was(tmp_path):
    sandbox, access, _ = opened(path=tmp_path / "w.db", shops=["US"])
    sandbox.act("bc.add_category", hash=FIRST_STORE, path="Made by hand")
    effects = len(sandbox.world.effects)
    sandbox.close()
    again, same, said = opened(path=tmp_path / "w.db", shops=["GB"], stores=4)
    assert (same, said, len(again.world.effects)) == (access, ["Catalog: as it was left"], effects)
    again.close()


def test_an_opening_that_was_killed_begins_anew(tmp_path):
    sandbox = build(tmp_path / "w.db")

    def dies(_line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_world(sandbox, Opening(products=5, stores=2), say=dies)
    del sandbox  # without closing: what is in the file is what a kill leaves
    again, access, _ = opened(path=tmp_path / "w.db", products=5, stores=2, shops=["US"])
    assert len(access["stores"]) == 2
    counts = [len(again.bigcommerce.known(store["hash"]).products) for store in access["stores"]]
    assert counts == [5, 5]
    assert [e.kind for e in again.world.effects].count("store_created") == 2
    again.close()


# -- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.covers("BEY-06")
def test_options_shape_the_world_and_a_restart_finds_it_again(tmp_path):
    (tmp_path / "tree.csv").write_text(TREE)
    (tmp_path / "faults.json").write_text(json.dumps([{"action": "status", "status": 502, "path": "*/v2/time"}]))
    options = [
        "--state", str(tmp_path / "w.db"), "--products", "7", "--plan", "pro", "--shops", "US,JP",
        "--clock", "2026-11-01T00:00", "--rate", "0", "--latency", "1-3",
    ]  # fmt: skip
    extra = ["--categories", str(tmp_path / "tree.csv"), "--faults", str(tmp_path / "faults.json")]
    with running(*options, *extra) as first:
        assert first.lines[:2] == ["Categories: 4 of tree.csv", "Catalog: 7 products of our own shop"]
        assert first.control.get("clock") | {"next_job": None} == {
            "now": 1793491200.0, "iso": "2026-11-01T00:00:00+00:00", "rate": 0.0, "next_job": None,
        }  # fmt: skip
        assert first.control.get("latency") == {"seconds": 0.001, "spread": 0.002}
        assert [first.store("/v2/time").status_code for _ in range(2)] == [502, 200]
        assert first.store("/v2/time").headers["x-rate-limit-requests-quota"] == "450"
        access = first.control.get("access")
        assert [shop["region"] for shop in access["shops"]] == ["US", "JP"]
        first.control.advance(3600)
        assert first.end() == 0
    with running(*options) as second:
        assert second.lines[0] == "Catalog: as it was left"
        assert second.control.get("access") == access
        assert second.control.get("clock")["iso"] == "2026-11-01T01:00:00+00:00"
        assert second.control.get("faults") == {"faults": []}


def test_unlimited_has_no_quota_and_a_snapshot_starts_another(tmp_path):
    with running("--unlimited", "--products", "3", "--shops", "") as first:
        assert "x-rate-limit-requests-quota" not in first.store("/v2/time").headers
        assert first.control.get("access")["shops"] == []
        access = first.control.get("access")
        ask(first, "snapshot", str(tmp_path / "w.snapshot"))
    with running("--snapshot", str(tmp_path / "w.snapshot"), "--products", "99") as second:
        assert second.lines[0] == "Catalog: as it was left"
        assert second.control.get("access") == access
        assert second.store("/v3/catalog/products").json()["meta"]["pagination"]["total"] == 3


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--faults", "{}/bad.json"], "action 'fly' is not one of"),
        (["--faults", "{}/none.json"], "none.json"),
        (["--categories", "{}/bad.csv"], "bad.csv has neither the columns"),
        (["--plan", "gold"], "plan 'gold' is not one of"),
        (["--shops", "ATLANTIS"], "'ATLANTIS' is unknown"),
        (["--latency", "soon"], "--latency soon"),
        (["--clock", "noon"], "clock: "),
        (["--snapshot", "{}/bad.json"], "no snapshot"),
        (["--catalog", "{}/none.csv"], "none.csv"),
        (["--columns", "title"], "title: say name=value"),
    ],
)
def test_what_cannot_be_started_is_told_in_a_line(tmp_path, options, says):
    (tmp_path / "bad.json").write_text('[{"action": "fly"}]')
    (tmp_path / "bad.csv").write_text("name\nMugs\n")
    filled = [option.format(tmp_path) for option in options]
    result = CliRunner().invoke(app, ["--port", "0", "--products", "1", *filled])
    assert result.exit_code == 1
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("file", "v1", "v2"),
    [
        ("tiktok-categories/categories_v2_us.csv", 2249, 11528),
        ("tiktok-categories/categories_v1.csv", 2212, 239),
        ("category-trees/google_product_taxonomy.csv", 1562, 5595),
        ("category-trees/bestbuy_categories.csv", 2476, 4715),
    ],
)
def test_whole_category_trees_are_loaded(shared, sandbox, file, v1, v2):
    trees = sandbox.tiktok.platform.trees
    sandbox.act("tt.load_categories", path=str(shared / "data" / file))
    assert (len(trees.v1.all), len(trees.v2.all)) == (v1, v2)
    for tree in (trees.v1, trees.v2):
        assert all(c.parent_id == "0" or c.parent_id in tree.all for c in tree.all.values())
        assert all(c.level == len(tree.chain(c.id)) for c in tree.all.values())


def test_both_versions_of_the_tree_in_either_order(sandbox, shared):
    folder = shared / "data" / "tiktok-categories"
    trees = sandbox.tiktok.platform.trees
    for name in ("categories_v1.csv", "categories_v2_us.csv"):
        sandbox.act("tt.load_categories", path=str(folder / name))
    assert (len(trees.v1.all), len(trees.v2.all)) == (2212, 11528)


# -- driving ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server():
    sandbox = build()
    sandbox.world.clock.run(0)
    open_world(sandbox, Opening(products=12, shops=["US"]), say=lambda _line: None)
    serving = sandbox.serve()
    serving.start()
    yield serving
    serving.stop()


def ask(server, *arguments, code=0):
    result = CliRunner().invoke(app, list(arguments), env={"TWINSHELF_SANDBOX": server.address, "COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_the_keys_and_the_state_are_printed(server):
    assert json.loads(ask(server, "access"))["app"]["app_key"] == "6sandbox0key"
    assert json.loads(ask(server, "state"))["crashes"] == []


def test_the_clock_is_shown_set_advanced_and_stepped(server):
    assert ask(server, "clock", "--set", "2026-11-01T00:00") == "2026-11-01T00:00:00+00:00, 0 seconds a second\n"
    assert ask(server, "clock", "--advance", "90") == "2026-11-01T00:01:30+00:00, 0 seconds a second\n"
    assert json.loads(ask(server, "clock", "--rate", "60", "--json"))["rate"] == 60
    assert ask(server, "clock", "--rate", "0").endswith("0 seconds a second\n")
    assert ask(server, "clock", "--step").endswith("0 seconds a second\n")
    assert ask(server, "clock", "--advance", "-1", code=1) == "advance: must not be less than 0\n"


def test_people_act_and_their_effects_are_shown(server):
    sku = httpx2.get(
        f"{server.address}/stores/{FIRST_STORE}/v3/catalog/variants",
        headers={"X-Auth-Token": json.loads(ask(server, "access"))["stores"][0]["access_token"]},
    ).json()["data"][0]["sku"]
    assert ask(server, "act", "bc.set_price", "hash=fern0hollow", f"sku={sku}", "price=14.50") == "null\n"
    assert ask(server, "act", "bc.price", "hash=fern0hollow", f"sku={sku}") == '"14.5"\n'
    shown = json.loads(ask(server, "effects", "--kind", "price_changed", "--newest", "--limit", "1", "--json"))
    (effect,) = shown["effects"]
    assert (effect["detail"]["after"], effect["cause"]) == ("14.5", "action bc.set_price")
    assert "price_changed" in ask(server, "effects", "--cause", "set_price")
    assert "bc.set_price" in ask(server, "act")
    assert ask(server, "act", "bc.dance", code=1).startswith("there is no action 'bc.dance'")
    assert ask(server, "act", "bc.price", "sku", code=1) == "sku: say name=value\n"


def test_a_shop_is_named_by_its_id(server):
    shop = json.loads(ask(server, "access"))["shops"][0]["shop_id"]
    assert ask(server, "act", "tt.set_switch", f"shop_id={shop}", "name=on_hold", "value=false") == "null\n"


def test_faults_are_added_shown_and_taken_back(server, tmp_path):
    added = json.loads(ask(server, "fault", "status", "status=502", "phase=after", "path=*/v2/orders", "times=null"))
    assert (added["status"], added["phase"], added["times"]) == (502, "after", None)
    (tmp_path / "more.toml").write_text('[[faults]]\naction = "lose"\nprobability = 0.3\n')
    rules = json.loads(ask(server, "faults", "--file", str(tmp_path / "more.toml"), "--json"))
    assert [rule["action"] for rule in rules] == ["status", "lose"]
    assert "*/v2/orders" in ask(server, "faults")
    assert [r["action"] for r in json.loads(ask(server, "faults", "--remove", str(added["id"]), "--json"))] == ["lose"]
    assert json.loads(ask(server, "faults", "--clear", "--json")) == []
    assert ask(server, "fault", "fly", code=1).startswith("action 'fly' is not one of")


def test_a_world_is_saved_and_brought_back(server, tmp_path):
    file = str(tmp_path / "w.snapshot")
    before = json.loads(ask(server, "state"))
    ask(server, "snapshot", file)
    ask(server, "act", "bc.add_category", "hash=fern0hollow", "path=New")
    assert json.loads(ask(server, "state")) != before
    ask(server, "restore", file)
    assert json.loads(ask(server, "state")) == before
    (tmp_path / "other").write_bytes(b"nonsense")
    assert "no snapshot" in ask(server, "restore", str(tmp_path / "other"), code=1)
    assert "nowhere" in ask(server, "restore", str(tmp_path / "nowhere"), code=1)


def test_latency_is_set_in_milliseconds(server):
    ask(server, "latency", "2", "--spread", "3")
    assert httpx2.get(f"{server.address}/_sandbox/latency").json() == {"seconds": 0.002, "spread": 0.003}
    ask(server, "latency", "0")


def test_nobody_answers():
    result = CliRunner().invoke(app, ["state", "--address", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert result.stderr.startswith("No sandbox answers at http://127.0.0.1:9")
