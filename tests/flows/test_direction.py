"""The direction of the catalog: one of three, in the words of both platforms, and switched only by who has seen it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import typer
from django.test import Client
from rich.console import Console
from typer.testing import CliRunner

from tests.flows.conftest import MAYA
from tests.flows.test_incoming import made, sell
from twinshelf.accounts.models import User
from twinshelf.cli import settings as commands
from twinshelf.connections.actions import preferences
from twinshelf.listings.models import Link
from twinshelf.preferences import actions


@pytest.fixture
def console(twinshelf):
    client = Client()
    client.force_login(User.objects.get(email="maya@fernhollow.test"))
    return client


def command(twinshelf, *words: str) -> tuple[int, str]:
    """(exit code, what is printed) of `twinshelf settings …`."""
    printed = io.StringIO()

    @contextmanager
    def opened(_name: str) -> Iterator[Any]:
        yield twinshelf.account, twinshelf.connection

    app = typer.Typer()
    commands.mount(app, Console(file=printed, width=160), opened, lambda *_told: 1)
    ended = CliRunner().invoke(app, ["settings", *words])
    twinshelf.connection.refresh_from_db()
    twinshelf.settle()
    twinshelf.wait(5)
    return ended.exit_code, printed.getvalue()


def chosen(twinshelf) -> str:
    twinshelf.connection.refresh_from_db()
    return preferences(twinshelf.connection).catalog_direction


@pytest.mark.covers("P17-18", "P17-17", "P17-14")
def test_a_switch_shows_what_it_would_create_and_waits_for_a_yes(sandbox, store, shop, twinshelf, console):
    mug = store.add_product(sku="MUG-1", title="Enamel mug", price="12.00")
    store.add_product(sku="ONLY-BC", title="Only in the store")
    twinshelf.list(mug)
    bowl = sell(sandbox, shop, "BOWL-1")
    sell(sandbox, shop, "only-bc", title="Nearly the same")
    twinshelf.poll()
    assert made(store) == []  # the store leads: what only the shop has stays there
    place = f"/connections/{twinshelf.connection.id}/settings/"

    answer = console.post(place, {"catalog_direction": "tts_to_bc"}, follow=True)

    assert chosen(twinshelf) == "bc_to_tts"
    text = " ".join(answer.content.decode().split())
    assert "Both sides have products: 2 in BigCommerce, 3 on TikTok. Switching can create duplicates." in text
    assert "1 product has an equal SKU there and is linked." in text
    assert "1 product would be created in BigCommerce." in text
    assert "“Push updates to BigCommerce”" in text
    assert "“Pull from TikTok”" in text
    found = answer.context["found"]
    assert [(row.key, row.title, row.skus) for row in found.created] == [(bowl, "Oak bowl", ("BOWL-1",))]
    assert [(row.title, row.verdict, row.near) for row in found.unsure] == [("Nearly the same", "near", ("ONLY-BC",))]

    code, printed = command(twinshelf, "set", "catalog_direction", "Push updates to BigCommerce")
    assert (code, chosen(twinshelf)) == (2, "bc_to_tts")
    assert "1 product would be created in BigCommerce." in printed
    assert "BOWL-1" in printed
    assert "Nothing was changed. To switch, repeat the command with --yes." in printed

    store.add_product(sku="BOWL-1", title="The bowl, by now in the store")
    twinshelf.pull()
    sent = {"to": "tts_to_bc", "agreed": found.fingerprint}
    answer = console.post(f"{place}direction/", sent)
    assert answer.status_code == 409  # what was shown is not what it would do now
    assert "Nothing was switched: something has changed since." in answer.content.decode()
    assert (chosen(twinshelf), len(answer.context["found"].created)) == ("bc_to_tts", 0)

    answer = console.post(f"{place}direction/", sent | {"agreed": answer.context["found"].fingerprint}, follow=True)
    twinshelf.settle()
    twinshelf.wait(5)
    assert next(str(message) for message in answer.context["messages"]).startswith("Saved: Catalog direction.")
    assert (chosen(twinshelf), made(store)) == ("tts_to_bc", [])
    assert sorted(Link.objects.values_list("seller_sku", flat=True)) == ["BOWL-1", "MUG-1"]


def test_with_the_same_skus_on_both_sides_nothing_is_created_either_way(sandbox, store, shop, twinshelf):
    for number in (1, 2):
        store.add_product(sku=f"MUG-{number}", title=f"Mug {number}")
        sell(sandbox, shop, f"MUG-{number}", title=f"Mug {number}")
    twinshelf.pull()
    twinshelf.poll()
    with pytest.raises(actions.NotAgreed) as refused:
        actions.change(twinshelf.connection, {"catalog_direction": "tts_to_bc"}, by=MAYA)
    assert refused.value.found.created == ()

    code, printed = command(twinshelf, "set", "--yes", "catalog_direction", "Pull from TikTok")
    assert (code, chosen(twinshelf)) == (0, "tts_to_bc")
    assert "0 products would be created in BigCommerce." in printed
    assert (made(store), Link.objects.count()) == ([], 2)

    code, printed = command(twinshelf, "set", "--yes", "catalog_direction", "Push to TikTok")
    assert (code, chosen(twinshelf)) == (0, "bc_to_tts")
    assert "0 products would be created in TikTok Shop." in printed
    created = [effect.detail["source"] for effect in shop.effects("product_created")]
    assert (made(store), created) == ([], ["SELLER_CENTER"] * 2)


@pytest.mark.covers("P17-04", "P17-14", "P17-17")
def test_one_of_three_directions_is_chosen_in_the_words_of_both_platforms(sandbox, store, shop, twinshelf, console):
    page = console.get(f"/connections/{twinshelf.connection.id}/settings/").content.decode()
    radios = [part for part in page.split("<input") if 'name="catalog_direction"' in part.partition(">")[0]]
    assert [part.partition('value="')[2].partition('"')[0] for part in radios] == ["bc_to_tts", "tts_to_bc", "disabled"]
    assert ["checked" in part.partition(">")[0] for part in radios] == [True, False, False]
    assert all('type="radio"' in part for part in radios)
    text = " ".join(page.split())
    assert "BigCommerce: Pull updates from BigCommerce. TikTok: Push to TikTok." in text
    assert "BigCommerce: Push updates to BigCommerce. TikTok: Pull from TikTok." in text
    assert "BigCommerce: Disabled. TikTok: Disabled." in text

    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    pushed = ["OPEN_API"]
    assert [effect.detail["source"] for effect in shop.effects("product_created")] == pushed
    assert made(store) == []  # pulled from BigCommerce, pushed to TikTok: nothing comes back

    assert command(twinshelf, "set", "catalog_direction", "Disabled")[0] == 0  # neither way: nothing to warn of
    store.act("edit_product", sku="MUG-1", name="Renamed in the store")
    sell(sandbox, shop, "BOWL-1")
    twinshelf.poll()
    assert (shop.effects("product_edited"), made(store)) == ([], [])

    command(twinshelf, "set", "--yes", "catalog_direction", "tts_to_bc")
    assert made(store) == ["Oak bowl"]  # pulled from TikTok, pushed to BigCommerce
    assert store.act("product", sku="MUG-1")["name"] == "Enamel mug"
    assert shop.effects("product_edited") == []
