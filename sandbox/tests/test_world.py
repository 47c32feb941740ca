"""The world itself: its clock, its chance, and what survives restarts and snapshots."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from twinshelf_sandbox.app import build
from twinshelf_sandbox.world import World

ROOT = Path(__file__).resolve().parents[2]


def draws(world, count=5):
    return [world.rng.random() for _ in range(count)]


def test_chance_is_decided_by_the_seed():
    assert draws(World(seed=7)) == draws(World(seed=7)) != draws(World(seed=8))


def test_a_restart_does_not_draw_the_same_again(tmp_path):
    """Tokens are drawn: a restarted world that began from its seed anew would hand out the first one's tokens again."""
    keys: list[str] = []
    for _ in range(3):
        sandbox = build(tmp_path / "world.db")
        if not keys:
            sandbox.act("bc.create_store", hash="abc123")
        keys.append(sandbox.act("bc.create_api_account", hash="abc123")["access_token"])
        sandbox.close()
    assert len(set(keys)) == 3


def test_a_restored_world_goes_on_as_the_first_did(world):
    draws(world)
    snapshot = world.snapshot()
    expected = draws(world)
    world.restore(snapshot)
    assert draws(world) == expected


STORY = """
import json, sys
from twinshelf_sandbox.app import build
sandbox = build(seed=int(sys.argv[1]))
sandbox.world.clock.run(0)
sandbox.world.clock.set(1_800_000_000)
sandbox.act("bc.create_store", hash="abc123")
keys = sandbox.act("bc.create_api_account", hash="abc123")
from twinshelf_sandbox.wire import Request
headers = {"x-auth-token": keys["access_token"]}
body = b'{"name": "Mug", "type": "physical", "weight": 1, "price": 12}'
sandbox.site.handle(Request("POST", "/stores/abc123/v3/catalog/products", "", headers, body))
seller = sandbox.act("tt.create_seller", name="S")["seller_id"]
sandbox.act("tt.create_shop", seller=seller, name="S")
sandbox.advance(3600)
print(json.dumps([effect.__dict__ for effect in sandbox.world.effects]))
print(sandbox.world.snapshot().hex())
"""


def story(seed):
    ran = subprocess.run([sys.executable, "-c", STORY, str(seed)], cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout


def test_the_same_seed_makes_the_same_world_byte_for_byte_in_every_process():
    first = story(3)
    assert story(3) == first != story(4)
    effects = json.loads(first.splitlines()[0])
    assert [e["kind"] for e in effects][-1] == "product_created"
    assert effects[-1]["cause"].startswith("bigcommerce POST /stores/abc123/v3/catalog/products #")


def test_a_world_in_a_file_that_is_restored_is_that_one_after_a_restart(tmp_path):
    sandbox = build(tmp_path / "world.db")
    sandbox.act("bc.create_store", hash="first")
    snapshot, effects = sandbox.world.snapshot(), list(sandbox.world.effects)
    sandbox.act("bc.create_store", hash="second")
    sandbox.world.restore(snapshot)
    sandbox.close()
    again = build(tmp_path / "world.db")
    assert again.world.table("bc/stores").keys() == ["first"]
    assert again.world.effects == effects
    again.close()


def test_a_cleared_world_is_empty_and_can_be_filled_again(tmp_path):
    sandbox = build(tmp_path / "world.db")
    sandbox.act("bc.create_store", hash="abc123")
    sandbox.world.clear()
    assert sandbox.world.effects == []
    sandbox.act("bc.create_store", hash="abc123")
    assert [effect.key for effect in sandbox.world.effects if effect.kind == "store_created"] == ["abc123"]
    sandbox.close()


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x80", b"\x81\xa6format\xa5other"])
def test_what_is_no_snapshot_changes_nothing(world, data):
    world.clock.run(0)
    before = world.snapshot()
    with pytest.raises(ValueError, match="no snapshot"):
        world.restore(data)
    assert world.snapshot() == before


def test_the_clock_goes_forward_but_is_set_anywhere(world):
    clock = world.clock
    clock.run(0)
    clock.set(1_800_000_000)
    clock.advance(60)
    assert clock.now() == 1_800_000_060
    with pytest.raises(ValueError, match="cannot be advanced"):
        clock.advance(-1)
    clock.set(1_700_000_000)
    assert clock.datetime().isoformat() == "2023-11-14T22:13:20+00:00"
