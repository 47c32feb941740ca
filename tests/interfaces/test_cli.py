"""The command line as people meet it: exit codes, JSON that is JSON, and a sentence with a remedy, never a trace."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.waiting import PATIENCE_SECONDS, wait_until
from twinshelf.cli import installation
from twinshelf.cli.app import exit_code
from twinshelf.sync.models import Task
from twinshelf_sandbox.app import Sandbox, build

APP = {
    "TWINSHELF_TIKTOK_APP_KEY": "6cli0key",
    "TWINSHELF_TIKTOK_APP_SECRET": "cli-secret",
    "TWINSHELF_TIKTOK_SERVICE_ID": "7",
}


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """Somebody at a prompt, with one data directory."""

    environment: dict[str, str]

    def run(self, *words: str, **environment: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "twinshelf.cli", *words],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, " ".join(done.stderr.split()))

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "twinshelf.cli", *words],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def shell(data: Path, **more: str) -> Shell:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHELF_")}
    inherited.pop("DJANGO_SETTINGS_MODULE", None)
    return Shell({**inherited, "TWINSHELF_DATA": str(data), "COLUMNS": "120", **more})


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """An installation that was started once and that nobody has set up."""
    nobody = "http://127.0.0.1:9"  # whatever else runs on this machine, it does not answer there
    made = shell(tmp_path_factory.mktemp("empty"), TWINSHELF_BASE_URL=nobody)
    wanting = made.run("connect", "--store", "abc123", "--token", "t")
    assert wanting.code == 2
    return made


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("pull",), 2, "There is no connection yet. Make one: twinshelf connect"),
        (("prove", "--json"), 2, "There is no connection yet."),
        (("push", "--connection", "Nowhere"), 2, "There is no connection yet."),
        (("pull", "--since", "yesterday"), 2, "Invalid value for '--since'"),
        (("pull", "--until", "yesterday"), 2, "Invalid value for '--until'"),
        (("connect", "--store", "abc123", "--token", "t"), 2, "Give --email and, for a new account, --password"),
        (("connect", "--store", "abc123", "--token", "t", "--email", "new@b.test"), 2,
         "new@b.test owns no account “Main” yet, and a new one needs the owner's password. Give --password"),
        (("connect", "--store", "!", "--token", "t", "--email", "a@b.test", "--password", "long enough, I hope"), 1,
         "That is not a BigCommerce store hash or control-panel address. Paste the address"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_with_its_remedy_apart_from_results(empty, words, code, says):
    ended = empty.run(*words)

    assert (ended.code, ended.out) == (code, "")
    assert says in ended.err


def test_an_installation_that_is_not_set_up_is_examined(empty):
    ended = empty.run("doctor", "--json")

    assert ended.code == 1
    assert [f["what"] for f in ended.json if not f["ok"]] == ["TikTok Shop app", "Address", "Workers", "Connections"]
    assert [(f["ok"], f["text"]) for f in ended.json if f["what"] == "Email"] == [(True, "none is sent")]
    assert empty.run("tasks", "--json").json == []


def test_what_it_makes_is_for_its_own_user_only(tmp_path):
    shell(tmp_path / "data").run("connect", "--store", "abc123", "--token", "t")

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "key").stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """An installation without the sandbox: no process of it can import that."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "sitecustomize.py").write_text('import sys\n\nsys.modules["twinshelf_sandbox"] = None\n')
    return shell(folder / "data", PYTHONPATH=str(folder))


def test_without_the_sandbox_its_commands_say_how_to_install_it(alone):
    for words in (["demo", "--exit"], ["sandbox"], ["sandbox", "--products", "3"], ["sandbox", "act", "x=1", "--help"]):
        ended = alone.run(*words)

        assert (ended.code, ended.out) == (2, "")
        assert ended.err == (
            "The sandbox is not installed: in a copy of Twinshelf's repository, run “pip install ./sandbox”."
        )
    assert "not installed" in alone.run("--help").out


def test_without_the_sandbox_it_serves(alone):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = alone.start("serve", "--port", str(port))
    try:
        give_up = time.monotonic() + 60
        while True:
            assert serving.poll() is None
            try:
                answer = httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
                break
            except httpx2.HTTPError:
                assert time.monotonic() < give_up
                time.sleep(0.1)
        assert answer.status_code == 200
    finally:
        serving.terminate()
        assert serving.wait(30) == 0


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"TWINSHELF_WORKER_THREADS": "many"}, "TWINSHELF_WORKER_THREADS: Input should be a valid integer"),
        ({"TWINSHELF_DATABASE_URL": "mysql://there"}, "TWINSHELF_DATABASE_URL must begin with postgresql://"),
        ({"TWINSHELF_DATABASE_URL": "postgresql://a:secret@127.0.0.1:1/b"}, "The database does not answer"),
        ({"TWINSHELF_DATA": "/dev/null/here"}, "There is no installation in /dev/null/here"),
        ({"TWINSHELF_DATA": "/nonexistent"}, "There is no installation in /nonexistent"),
    ],
)
def test_a_setting_that_cannot_work_is_named(empty, environment, says):
    ended = empty.run("doctor", **environment)

    assert (ended.code, ended.out) in {(1, ""), (2, "")}
    assert says in ended.err
    assert "secret" not in ended.err


def test_a_port_that_is_taken_is_told(empty):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        ended = empty.run("web", "--port", str(taken.getsockname()[1]))

    assert ended.code == 1
    assert "Address already in use" in ended.err
    assert "--port" in ended.err


@pytest.fixture
def platforms() -> Iterator[tuple[Sandbox, str]]:
    """Both platforms over HTTP, with a store of two products and a shop."""
    sandbox = build()
    server = sandbox.serve()
    server.start()
    base = server.address
    sandbox.act("bc.create_store", hash="fern0hollow", name="Fernhollow Goods", currency="USD")
    sandbox.act("bc.set_base_url", url=base)
    sandbox.act("bc.allow_local_hooks")
    for sku in ("MUG-1", "JAR-1"):
        sandbox.act(
            "bc.add_product", hash="fern0hollow",
            product={"name": f"Thing {sku}", "type": "physical", "sku": sku, "price": 12, "weight": 1, "width": 4,
                     "height": 4, "depth": 4, "description": "<p>A thing.</p>", "inventory_level": 5,
                     "inventory_tracking": "product", "availability": "available", "is_visible": True},
        )  # fmt: skip
    sandbox.act(
        "tt.create_app", app_key=APP["TWINSHELF_TIKTOK_APP_KEY"], app_secret=APP["TWINSHELF_TIKTOK_APP_SECRET"],
        service_id="7", redirect_url="https://twinshelf.test/connections/tiktok",
    )  # fmt: skip
    yield sandbox, base
    server.stop()
    sandbox.close()


def works(me: Shell) -> bool:
    return bool(next(finding["ok"] for finding in me.run("doctor", "--json").json if finding["what"] == "Workers"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_from_nothing_to_a_proof_by_commands_alone(tmp_path, platforms):
    sandbox, base = platforms
    seller = sandbox.act("tt.create_seller", name="Fernhollow", region="US")["seller_id"]
    sandbox.act("tt.create_shop", seller=seller, name="Fernhollow US", region="US")
    keys = sandbox.act("bc.create_api_account", hash="fern0hollow", name="Twinshelf")
    code = sandbox.act("tt.authorize", app_key=APP["TWINSHELF_TIKTOK_APP_KEY"], seller=seller)
    me = shell(
        tmp_path, **APP, TWINSHELF_BIGCOMMERCE_API=base, TWINSHELF_TIKTOK_API=base, TWINSHELF_TIKTOK_AUTH=base,
        TWINSHELF_FETCH_ALLOW=json.dumps([base.removeprefix("http://")]),
    )  # fmt: skip

    connected = me.run(
        "connect", "--store", "fern0hollow", "--token", keys["access_token"], "--code", code,
        "--email", "maya@fernhollow.test", "--password", "a long enough password",
    )  # fmt: skip
    assert connected.code == 0
    assert "Paired with TikTok Shop Fernhollow US (US)" in connected.out

    alone = me.run("pull", "--json")
    assert (alone.code, alone.out) == (1, "")
    assert (
        "No worker is running. Task 1 waits and is carried out by the next one. Start one: twinshelf serve" in alone.err
    )
    unknown = me.run("push", "77")
    assert (unknown.code, unknown.out) == (2, "")
    assert "has no pulled product with the SKU or number 77" in unknown.err

    worker = me.start("worker")
    try:
        wait_until(lambda: works(me), "the worker has begun")  # a command waits ten seconds for one, then complains
        pulled = me.run("pull", "--json")
        assert (pulled.code, pulled.json["state"], pulled.json["succeeded"]) == (0, "completed", 2)
        first, second = (t["state"] for t in me.run("tasks", "--json").json)
        assert (first, second) == ("completed", "completed")
        plan = me.run("plan", "--json")
        told = [finding["code"] for one in plan.json for finding in one["findings"]]
        assert (plan.code, told) == (0, ["E-LST-IMG", "E-CAT-KEY", "E-LST-IMG", "E-CAT-KEY"])
        pushed = me.run("push", "--json")
        assert (pushed.code, pushed.json["total"], pushed.json["failed"]) == (1, 2, 2)
        one = me.run("plan", "JAR-1", "--json").json
        assert {(row["kind"], row["connection"]) for row in one if row["findings"]} == {
            ("listing", plan.json[0]["connection"])
        }
        assert len({row["key"] for row in one}) == 1
        problems = {row["code"]: row["count"] for row in me.run("problems", "--json").json}
        assert problems == {"E-CAT-KEY": 2, "E-LST-IMG": 2}
        assert [row["email"] for row in me.run("users", "--json").json] == ["maya@fernhollow.test"]
        assert me.run("template", "--json").json["category_id"] == ""
        assert me.run("templates", "list", "--json").json == []
        query = me.run("templates", "run-query", "--where", "sku CONTAINS jar", "--json").json
        assert (query["total"], [row["sku"] for row in query["products"]]) == (1, ["JAR-1"])
        said = me.run("templates", "run-query", "--where", "title equals zzz", "--any")
        assert said.out.strip() == "Total 0 product(s) will be affected."
        assert "There is no template “Rugs”." in me.run("templates", "show", "Rugs").err
        orders = me.run("orders", "--fetch", "--json")
        assert (orders.code, orders.json) == (0, [])
        proof = me.run("prove", "--json")
        assert (proof.code, proof.json["differences"], proof.json["products"]) == (0, [], 2)
        assert me.run("prove").code == 0
    finally:
        worker.terminate()
        assert worker.wait(PATIENCE_SECONDS) == 0


def test_a_data_directory_that_is_open_to_others_is_told_of(tmp_path):
    ours = shell(tmp_path / "data")
    ours.run("connect", "--store", "abc123", "--token", "t")
    assert "Data directory" not in [finding["what"] for finding in ours.run("doctor", "--json").json]

    (tmp_path / "data").chmod(0o755)

    [told] = [finding for finding in ours.run("doctor", "--json").json if finding["what"] == "Data directory"]
    assert not told["ok"]
    assert "chmod 700" in told["remedy"]


def test_a_user_gets_a_new_password(tmp_path):
    ours = shell(tmp_path / "data")
    ours.run("connect", "--store", "abc123", "--token", "t")
    nobody = ours.run("password", "nobody@nowhere.example", "--password", "long enough, I hope")
    assert (nobody.code, nobody.out) == (1, "")
    assert "Nobody signs in as nobody@nowhere.example." in nobody.err


@pytest.mark.covers("SILK-100")
def test_users_are_added_renamed_and_removed_from_the_command_line(tmp_path):
    ours = shell(tmp_path / "data")
    ours.run("connect", "--store", "!", "--token", "t", "--email", "maya@x.test", "--password", "a long password")
    nobody = ours.run("users", "rename", "adam@x.test", "Adam")
    assert (nobody.code, nobody.out) == (2, "")
    assert "adam@x.test is not in the account Main." in nobody.err

    added = ours.run("users", "add", "Adam@X.test", "--name", "Adam Osei")
    assert added.code == 0
    first, link = added.out.splitlines()
    assert first == "No email was sent. Hand this link to adam@x.test; it works once:"
    assert link.startswith("http://127.0.0.1:8780/accounts/join/")
    assert link not in ours.run("users", "link", "adam@x.test").out
    assert ours.run("users", "role", "adam@x.test", "boss").code == 2
    assert ours.run("users", "role", "adam@x.test", "owner").out.strip() == "adam@x.test is owner now."
    assert [tuple(row.values()) for row in ours.run("users", "--json").json] == [
        ("Main", "adam@x.test", "Adam Osei", "owner", True), ("Main", "maya@x.test", "", "owner", False),
    ]  # fmt: skip
    assert ours.run("users", "remove", "adam@x.test").code == 0
    last = ours.run("users", "remove", "maya@x.test")
    assert (last.code, "This is the only owner" in last.err) == (1, True)
    assert [row["email"] for row in ours.run("users", "list", "--json").json] == ["maya@x.test"]


def test_a_store_goes_to_no_account_of_whoever_took_its_owners_address_or_its_name(tmp_path):
    ours = shell(tmp_path / "data")
    store = ("connect", "--store", "!", "--token", "t")
    squatter = ours.run(*store, "--email", "owner@victim.example", "--password", "the squatter's password")
    assert "That is not a BigCommerce store hash" in squatter.err  # and the account is there

    victim = ours.run(*store, "--email", "owner@victim.example", "--password", "the owner's password", "--account", "V")
    assert (victim.code, victim.out) == (1, "")
    assert (
        "Somebody signs in as owner@victim.example already, and not with this password. Nothing was made." in victim.err
    )
    assert [row["account"] for row in ours.run("users", "--json").json] == ["Main"]


def test_a_command_that_looks_makes_no_installation(tmp_path):
    ours = shell(tmp_path / "data")

    for words in (["orders"], ["doctor"], ["tasks", "--json"], ["settings", "show"], ["problems"], ["users"], ["push"]):
        ended = ours.run(*words)
        assert (ended.code, ended.out) == (2, "")
        assert f"There is no installation in {tmp_path / 'data'}. Start one" in ended.err

    assert not (tmp_path / "data").exists()


def test_commands_find_the_demo_that_was_made_here(tmp_path, monkeypatch, empty):
    """By its own settings, so that none of them asks the real platforms."""
    monkeypatch.chdir(tmp_path)
    demo = tmp_path / "data" / "demo"
    demo.mkdir(parents=True)
    there = empty.environment["TWINSHELF_DATA"]
    installation.write(demo / "demo.env", {"TWINSHELF_DATA": there, "TWINSHELF_TIKTOK_APP_KEY": "6demo0key"})
    ours = shell(demo)
    del ours.environment["TWINSHELF_DATA"]

    found = ours.run("doctor", "--json")

    assert found.err == "This is the demo's installation, in data/demo."
    assert {"what": "TikTok Shop app", "ok": False, "text": "no app credentials"}.items() <= found.json[0].items()
    named = ours.run("--env", "data/demo/demo.env", "tasks", "--json")
    assert (named.code, named.json, named.err) == (0, [], "")


def answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=5).text == "ok"
    except httpx2.HTTPError:
        return False


def test_what_is_served_elsewhere_is_told_to_people_and_webhooks(tmp_path):
    """Without a setting the base address follows the port, for the commands that come later as well."""
    ours = shell(tmp_path / "data")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = ours.start("serve", "--port", str(port))
    try:
        wait_until(lambda: answers(port), "it serves")
        address = next(one for one in ours.run("doctor", "--json").json if one["what"] == "Address")
        assert address == {"what": "Address", "ok": True, "text": f"http://127.0.0.1:{port}", "remedy": ""}
        second = ours.run("serve", "--port", str(port))
        assert second.code == 1
        assert (
            f"127.0.0.1:{port}: Address already in use. End what runs there, or choose another: --port." in second.err
        )
    finally:
        serving.terminate()
        assert serving.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize(
    ("state", "succeeded", "skipped", "failed", "code"),
    [
        ("completed", 3, 0, 0, 0),
        ("completed", 0, 0, 0, 0),
        ("completed", 2, 0, 1, 3),
        ("completed", 0, 1, 1, 3),
        ("completed", 0, 0, 1, 1),
        ("failed", 2, 0, 1, 1),
        ("cancelled", 3, 0, 0, 1),
    ],
)
def test_a_command_tells_by_its_code_whether_all_a_part_or_nothing_was_done(state, succeeded, skipped, failed, code):
    assert exit_code(Task(state=state, succeeded=succeeded, skipped=skipped, failed=failed)) == code
