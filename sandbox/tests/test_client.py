"""The client of the control API, over a socket and inside the process."""

from __future__ import annotations

import httpx2
import pytest

from sandbox.tests.tiktok_client import open_shop
from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.client import ControlClient, ControlError
from twinshelf_sandbox.transport import SandboxTransport


def client_of(sandbox: Sandbox) -> ControlClient:
    return ControlClient("http://sandbox.test", transport=SandboxTransport(sandbox.site))


@pytest.fixture
def control(sandbox: Sandbox) -> ControlClient:
    return client_of(sandbox)


def test_it_acts_and_lets_time_pass(control, sandbox):
    before = control.clock()["now"]

    assert control.act("bc.create_store", hash="abc123")["hash"] == "abc123"
    control.advance(3600)

    assert control.clock()["now"] == pytest.approx(before + 3600, abs=5)
    assert sandbox.world.effects[0].kind == "store_created"


@pytest.mark.parametrize(
    ("action", "arguments", "field", "says"),
    [
        ("tt.create_seller", {"name": "X", "region": "MOON"}, "region", "MOON"),
        ("tt.create_seller", {}, "name", "name"),
        ("tt.nothing", {}, "", "there is no action 'tt.nothing'"),
    ],
)
def test_a_refusal_has_the_words_of_the_sandbox_and_names_the_argument(control, action, arguments, field, says):
    with pytest.raises(ControlError, match=says) as refused:
        control.act(action, **arguments)
    assert refused.value.field == field


def test_effects_of_all_pages_come_in_order(control, sandbox):
    sandbox.act("bc.create_store", hash="abc123")
    with sandbox.world.transaction("test"):
        for number in range(2345):
            sandbox.world.effect("bigcommerce", "abc123", "stock_set", str(number))

    numbers = [effect["seq"] for effect in control.effects(kind="stock_set")]

    assert len(numbers) == 2345
    assert numbers == sorted(set(numbers))
    assert [effect["seq"] for effect in control.effects(since=numbers[-3], kind="stock_set")] == numbers[-2:]


def test_calls_are_counted_by_platform_without_the_files_it_serves(control, sandbox):
    shop = open_shop(sandbox)
    shop.list_product()
    control.forget_calls()
    shop.post("/product/202502/products/search", {}, page_size="10")
    httpx2.Client(transport=SandboxTransport(sandbox.site)).get("http://sandbox.test/_tiktok/none")

    assert (control.count_calls("tiktok"), control.count_calls("bigcommerce")) == (1, 0)
    assert [row["path"] for row in control.calls("tiktok")] == ["/product/202502/products/search"]


def test_a_world_is_carried_from_one_sandbox_into_another(control, sandbox):
    sandbox.act("bc.create_store", hash="abc123")
    other = build()

    client_of(other).restore(control.snapshot())

    assert other.world.effects[0].kind == "store_created"
    assert list(other.world.effects) == list(sandbox.world.effects)
    for one in (control, client_of(other)):
        assert one.get("snapshot") == {"snapshots": []}
    with pytest.raises(ControlError):
        client_of(other).restore(b"nonsense")
    assert client_of(other).get("snapshot") == {"snapshots": []}
    other.close()


def test_it_drives_a_sandbox_over_a_socket_and_tells_when_none_answers(sandbox):
    server = sandbox.serve()
    server.start()
    control = ControlClient(server.address)

    assert control.is_up()
    control.set_latency(0.002, spread=0.003)
    assert control.get("latency") == {"seconds": 0.002, "spread": 0.003}

    server.stop()
    assert not control.is_up()
    with pytest.raises(ControlError, match=f"No sandbox answers at {server.address}"):
        control.get("state")


def test_whatever_else_answers_is_no_sandbox():
    def refuse(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(404, text="not here")

    other = ControlClient("http://other.test", transport=httpx2.MockTransport(refuse))

    assert not other.is_up()
    with pytest.raises(ControlError, match=r"http://other\.test is no sandbox: it answered 404"):
        other.act("tt.create_app")
