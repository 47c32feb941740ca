"""The console, driven by Django's client against invented data."""

from __future__ import annotations

import html
import pickle
import re
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import caches
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django_scopes import scope

from tests import console_data
from tests.console_data import World
from twinshelf.goods.models import StoreProduct
from twinshelf.kit.text_search import rebuild


class Answer:
    """A page as a person reads it: its words without markup, and what the template was given."""

    def __init__(self, response: Any) -> None:
        self.response, self.status = response, response.status_code
        self.html: str = response.content.decode() if not response.streaming else ""
        without = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", self.html, flags=re.DOTALL)
        self.text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without)).split())

    def __contains__(self, words: str) -> bool:
        return words in self.text

    def __getitem__(self, name: str) -> Any:
        return self.response.context[name]

    @property
    def links(self) -> list[str]:
        return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', self.html)]

    @property
    def told(self) -> list[str]:
        """The toasts of the page."""
        return [re.sub(r"<[^>]+>", "", str(message)) for message in self.response.context["messages"]]


class Console:
    """A browser in which somebody is signed in."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> Answer:
        return Answer(self.client.get(path, headers=headers))

    def post(self, path: str, data: dict[str, Any] | None = None, *, follow: bool = True) -> Answer:
        return Answer(self.client.post(path, data or {}, follow=follow))

    def raw(self, path: str) -> HttpResponse:
        return self.client.get(path)  # type: ignore[return-value]  # the test client's answer is one


_kept: tuple[bytes, list[tuple[str, list[Any]]]] | None = None


def _world() -> World:
    """The account of `console_data`. Making it takes half a second, so its rows are kept for the next test."""
    global _kept  # noqa: PLW0603 - as long as the process
    if connection.vendor != "sqlite":
        return console_data.fill()
    with connection.cursor() as cursor:
        if _kept is None:
            made = console_data.fill()
            tables = [m._meta.db_table for m in apps.get_models() if m.__module__.startswith("twinshelf.")]
            rows = [(table, cursor.execute(f"select * from {table}").fetchall()) for table in tables]
            _kept = pickle.dumps(made), [(table, found) for table, found in rows if found]
            return made
        for table, found in _kept[1]:
            places = ", ".join("%s" for _ in found[0])
            cursor.executemany(f"insert into {table} values ({places})", found)
        rebuild(StoreProduct)
        restored: World = pickle.loads(_kept[0])
        return restored


@pytest.fixture
def world(db):
    """An account with 60 products, 160 orders, problems and tasks; its scope is open."""
    for cache in (caches["default"], caches["memory"]):
        cache.clear()
    made = _world()
    with scope(account=made.account):
        yield made


@pytest.fixture
def console(world: World) -> Console:
    """The console as its owner sees it."""
    client = Client()
    client.force_login(world.owner)
    return Console(client)


@pytest.fixture
def other(world: World) -> World:
    """Another account with the same kind of things in it."""
    return console_data.fill("Rival Goods", email="rival@rival.example", tag="9")
