"""Attacks on the console, address by address: walls between accounts, forged forms, hostile parameters, frames."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.urls.resolvers import URLResolver
from django_scopes import scopes_disabled

from tests.console_data import PASSWORD, World
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import Account, Membership, User
from twinshelf.accounts.queries import account_of_owner
from twinshelf.goods.models import StoreProduct
from twinshelf.listings.models import Link
from twinshelf.orders.models import ShopOrderRow
from twinshelf.sync.models import Lane, Mark, Problem, Task

ACTIONS = {"products_act": "push", "connection_act": "pull"}


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """Every address of the console by name."""
    for found in get_resolver("twinshelf.console.urls").url_patterns:
        assert isinstance(found, URLPattern)
        yield str(found.name), found


def with_ids() -> list[str]:
    """The names of addresses that name a row."""
    return [name for name, found in addresses() if re.search(r"<int:", str(found.pattern))]


def row_of(world: World, name: str) -> int:
    """A row of that account which such an address could name."""
    owner = {"account": world.account}
    if name.startswith("order"):
        return int(ShopOrderRow.objects.with_scopes_disabled().filter(**owner)[0].pk)
    if name.startswith("product"):
        return int(StoreProduct.objects.with_scopes_disabled().filter(**owner)[0].pk)
    if name.startswith("problem"):
        return int(Problem.objects.with_scopes_disabled().filter(**owner)[0].pk)
    if name.startswith("task"):
        return int(Task.objects.with_scopes_disabled().filter(**owner)[0].pk)
    if name == "inventory_sku":
        return int(Link.objects.with_scopes_disabled().filter(**owner)[0].pk)
    if name.startswith("shop"):
        return int(world.us.shop_id)
    return int(world.us.id)


def address(name: str, found: int) -> str:
    [((_int, argument), *more)] = [
        re.findall(r"<(\w+):(\w+)>", str(pattern.pattern)) for known, pattern in addresses() if known == name
    ]
    others = {each: found if kind == "int" else ACTIONS.get(name, "x") for kind, each in more}
    return reverse(name, kwargs={argument: found, **others})


def state() -> tuple[Any, ...]:
    """What a request of one account might change of all."""
    with scopes_disabled():
        tables: list[Any] = [Lane, Mark, Problem, Task, ShopOrderRow, StoreProduct]
        return tuple(tuple(table.objects.order_by("pk").values_list("pk", flat=True)) for table in tables)


@pytest.mark.parametrize("name", with_ids())
@pytest.mark.parametrize("method", ["get", "post"])
def test_a12_what_belongs_to_another_account_is_not_there(console, other, name, method):
    before = state()

    answer = getattr(console.client, method)(address(name, row_of(other, name)))

    assert answer.status_code in {404, 405}
    assert state() == before


def test_a12_addresses_that_name_rows_are_all_walked():
    assert {"product", "order", "order_retry", "order_sync", "order_cancel", "task", "task_items", "template"} <= set(
        with_ids()
    )


def test_a31_no_form_is_taken_from_another_site(console, world):
    visitor = Client(enforce_csrf_checks=True)
    visitor.force_login(world.owner)
    before = state()

    for name, found in addresses():
        known = re.findall(r"<(\w+):(\w+)>", str(found.pattern))
        values = {n: row_of(world, name) if kind == "int" else ACTIONS.get(name, "x") for kind, n in known}
        answer = visitor.post(reverse(name, kwargs=values), headers={"origin": "https://evil.example"})
        assert answer.status_code in {403, 405}, name
    assert state() == before


def test_a31_only_webhooks_are_taken_without_a_token():
    def views(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, Any]]:
        for found in patterns:
            if isinstance(found, URLResolver):
                yield from views(found.url_patterns)
            else:
                yield str(found.name), found.callback

    exempt = {name for name, view in views(get_resolver().url_patterns) if getattr(view, "csrf_exempt", False)}
    assert exempt == {"hooks_storefront", "hooks_tiktok"}


HOSTILE = [
    "'",
    "' or 1=1 --",
    '"; drop table sync_task; --',
    "%27%20union%20select%201--",
    "<script>alert(1)</script>",
    "${7*7}{{7*7}}",
    "../../etc/passwd",
    "\x00",
    "9" * 400,
    "-1",
    "1e400",
    "٣",
    " ".join(f"word{number}" for number in range(2500)),
    "9999-12-31",
    "0001-01-01",
]


@pytest.mark.parametrize("path", ["/products/", "/orders/", "/activity/", "/activity/problems/", "/search/", "/"])
@pytest.mark.parametrize("name", ["q", "tab", "sort", "page", "per", "shop", "since", "until", "problem", "days", "by"])
def test_a21_hostile_parameters_change_nothing_and_break_nothing(console, path, name):
    tables = len(connection.introspection.table_names())
    for text in HOSTILE:
        answer = console.client.get(path, {name: text})
        assert answer.status_code in {200, 302, 400, 404}, text
        assert b"<script>alert(1)</script>" not in answer.content
        assert b"49{49}" not in answer.content
        assert b"Traceback" not in answer.content
    assert len(connection.introspection.table_names()) == tables


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "\\\\evil.example", "javascript:alert(1)"]
)
def test_a27_nobody_is_sent_away(console, world, target):
    assert console.client.post("/orders/fetch/", {"next": target}).headers["Location"].startswith("/")
    assert console.client.post("/theme/", {"theme": "dark", "next": target}).headers["Location"].startswith("/")
    console.client.logout()
    form = {"login": world.owner.email, "password": PASSWORD, "next": target}
    signed_in = console.client.post(f"/accounts/login/?{urlencode({'next': target})}", form)
    assert (signed_in.status_code, signed_in.headers["Location"]) == (302, "/")


def test_a29_signing_in_gives_a_new_session_and_signing_out_ends_it(world):
    visitor = Client()
    visitor.get("/accounts/login/")
    session = visitor.session
    session["planted"] = "yes"
    session.save()
    fixed = session.session_key

    visitor.force_login(world.owner)
    signed_in = visitor.cookies[settings.SESSION_COOKIE_NAME].value
    assert signed_in != fixed
    assert visitor.get("/").status_code == 200
    visitor.post("/accounts/logout/")

    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = signed_in
    assert thief.get("/").status_code == 302


def test_a30_no_page_may_be_framed_and_none_is_kept_by_browsers_or_sniffed(console):
    for path in ("/", "/orders/", "/connections/", "/accounts/login/"):
        headers = console.client.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-inline" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] in {"same-origin", "strict-origin", "no-referrer"}
        assert "no-store" in headers["Cache-Control"]
        assert int(headers["Strict-Transport-Security"].removeprefix("max-age=")) >= 180 * 86_400


def test_a30_cookies_stay_on_this_very_host_and_site(world, client):
    assert signs_in(client, world.owner.email)
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        assert name.startswith("__Host-")
        cookie = client.cookies[name]
        assert (cookie["secure"], cookie["path"], cookie["domain"], cookie["samesite"]) == (True, "/", "", "Lax")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("twinshelf.test", 200),
        ("TWINSHELF.test:443", 200),
        ("twinshelf.test:444", 400),
        ("localhost", 400),
        ("127.0.0.1", 400),
        ("testserver", 400),
        ("evil.example", 400),
        ("twinshelf.test.", 400),
        ("", 400),
    ],
)
def test_a33_in_production_only_the_operators_address_is_answered(world, monkeypatch, host, status):
    monkeypatch.setattr(settings.OPERATOR, "production", True)
    visitor = Client(headers={"host": host})

    assert visitor.get("/accounts/login/").status_code == status
    assert visitor.get("/healthz").status_code == 200  # asked for by the machine itself


def test_what_is_allowed_as_host_follows_production(tmp_path):
    code = "import twinshelf.settings as s; print(sorted(s.ALLOWED_HOSTS))"
    for production, hosts in (("1", ["shop.example"]), ("0", ["127.0.0.1", "localhost", "shop.example"])):
        told = settings_with(tmp_path, code, TWINSHELF_PRODUCTION=production, TWINSHELF_BASE_URL="https://shop.example")
        assert told.stdout.strip() == str(hosts)


def settings_with(data: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What Python code prints about the settings that these variables make."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHELF_")}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, "TWINSHELF_DATA": str(data), "TWINSHELF_KEY": "k" * 40, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a24_a_file_that_nobody_asked_for_is_kept_nowhere(world, client):
    form = {"login": world.owner.email, "password": PASSWORD}
    for size in (10, 2_600_000):
        spooled = SimpleUploadedFile("a.bin", b"x" * size)
        answer = client.post("/accounts/login/", {**form, "more": spooled})
        assert not answer.wsgi_request.FILES
    assert (
        client.post("/accounts/login/", {**form, "more": SimpleUploadedFile("a", b"x" * 3_000_000)}).status_code == 413
    )


def test_a32_guessing_passwords_is_slowed_and_tells_nothing_of_who_exists(world, client):
    def guess(email: str) -> tuple[int, str]:
        page = client.post("/accounts/login/", {"login": email, "password": "wrong"})
        return page.status_code, re.sub(r'value="[^"]*"', "", page.content.decode())

    known, unknown = guess(world.owner.email), guess("nobody@nowhere.test")
    assert known[0] == unknown[0] == 200
    told = [re.findall(r'class="error"[^>]*>([^<]*)', page) for _status, page in (known, unknown)]
    assert told[0] == told[1] != []
    for _ in range(12):
        guess(world.owner.email)
    late = client.post("/accounts/login/", {"login": world.owner.email, "password": PASSWORD})
    assert late.status_code != 302  # the right one does not help for a while


def test_i20_credentials_of_a_store_are_not_tried_without_end(console):
    form = {"store_hash_or_url": "!", "access_token": "made up"}
    statuses = [console.client.post("/connections/store/", form).status_code for _ in range(12)]

    assert statuses == [400] * 10 + [429] * 2


def guesses(visitor: Client, email: str, count: int, **where: str) -> None:
    for _ in range(count):
        visitor.post("/accounts/login/", {"login": email, "password": "wrong"}, **where)  # type: ignore[arg-type]


def signs_in(visitor: Client, email: str, **where: str) -> bool:
    return visitor.post("/accounts/login/", {"login": email, "password": PASSWORD}, **where).status_code == 302  # type: ignore[arg-type]


def test_a32_a_guard_against_guessing_outlasts_failures_for_other_addresses(world, client):
    guesses(client, world.owner.email, 5, REMOTE_ADDR="203.0.113.1")
    for number in range(400):
        cache.set(f"allauth:rl:other{number}", [1.0], 300)

    assert not signs_in(client, world.owner.email, REMOTE_ADDR="203.0.113.1")
    assert "kit_cache" in connection.introspection.table_names()  # shared by all processes


def test_a32_a_stranger_locks_nobody_out_and_does_not_guess_without_end(world):
    known, home, stranger = Client(), "198.51.100.7", Client()
    assert signs_in(known, world.owner.email, REMOTE_ADDR=home)
    known.post("/accounts/logout/")

    guesses(stranger, world.owner.email, 10, REMOTE_ADDR="203.0.113.1")
    assert signs_in(Client(), world.owner.email, REMOTE_ADDR="198.51.100.8")
    for number in range(60):  # from everywhere
        guesses(stranger, world.owner.email, 1, REMOTE_ADDR=f"203.0.113.{number + 10}")
    assert not signs_in(stranger, world.owner.email, REMOTE_ADDR="203.0.113.200")
    assert signs_in(known, world.owner.email, REMOTE_ADDR=home)  # a browser that is known passes

    known.post("/accounts/logout/")
    guesses(known, world.owner.email, 10, REMOTE_ADDR=home)
    assert not signs_in(known, world.owner.email, REMOTE_ADDR=home)  # but guesses no more than others


def test_a32_behind_a_proxy_people_are_told_apart_only_if_the_operator_trusts_it(world, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    guesses(Client(), world.owner.email, 5, HTTP_X_FORWARDED_FOR="203.0.113.1")
    assert signs_in(Client(), world.owner.email, HTTP_X_FORWARDED_FOR="203.0.113.2")

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    guesses(Client(), world.owner.email, 5, HTTP_X_FORWARDED_FOR="203.0.113.3")
    assert not signs_in(Client(), world.owner.email, HTTP_X_FORWARDED_FOR="203.0.113.4")


@pytest.mark.parametrize("path", ["email/", "reauthenticate/", "login/code/", "3rdparty/"])
def test_a33_of_sign_in_pages_only_those_in_use_are_open(console, world, path):
    before = User.objects.filter(id=world.owner.id).values().get()
    form = {"email": "boss@other.example", "action_add": "", "action_primary": ""}

    assert console.client.get(f"/accounts/{path}").status_code == 404
    assert console.client.post(f"/accounts/{path}", form).status_code == 404
    assert User.objects.filter(id=world.owner.id).values().get() == before


@pytest.mark.parametrize("host", ["twinshelf.test:444", "localhost"])
def test_a33_a_link_to_reset_a_password_leads_to_the_operators_address(world, host):
    answer = Client(headers={"host": host}).post("/accounts/password/reset/", {"email": world.owner.email})

    assert answer.status_code == 302
    assert re.findall(r"https?://[^\s/]+", str(mail.outbox[0].body)) == ["https://twinshelf.test"] * 2
    assert host not in mail.outbox[0].subject


def test_a33_who_does_not_exist_is_sent_no_email(world):
    Client().post("/accounts/password/reset/", {"email": "nobody@nowhere.example"})

    assert mail.outbox == []


def test_a33_an_installation_without_email_offers_no_reset_and_writes_no_link_anywhere(world, settings, capfd):
    settings.SENDS_EMAIL = False
    visitor = Client()

    assert b"This installation sends no email" in visitor.get("/accounts/password/reset/").content
    assert visitor.post("/accounts/password/reset/", {"email": world.owner.email}).status_code == 404
    assert mail.outbox == []
    assert "password/reset/key" not in "".join(capfd.readouterr())


def test_a32_who_took_an_address_first_does_not_get_the_account_that_is_made_for_it(world):
    owner, before = world.owner.email.upper(), Account.objects.count()

    for password in ("the password of somebody else", ""):
        with pytest.raises(accounts.EmailTaken):
            accounts.create_account("Victim", owner_email=owner, password=password, by=COMMAND_LINE)
    assert Account.objects.count() == before

    made = accounts.create_account("Another of theirs", owner_email=owner, password=PASSWORD, by=COMMAND_LINE)
    assert Membership.objects.get(account=made).user == world.owner

    User.objects.filter(id=world.owner.id).update(is_active=False)
    with pytest.raises(accounts.EmailTaken):
        accounts.create_account("Victim", owner_email=owner, password=PASSWORD, by=COMMAND_LINE)


def test_a32_an_account_is_found_by_its_owner_and_not_by_a_name_that_anybody_may_take(world):
    eves = accounts.create_account(
        world.account.name, owner_email="eve@evil.example", password="a long enough password", by=COMMAND_LINE
    )

    assert eves.name == world.account.name
    assert account_of_owner(eves.name, world.owner.email.upper()) == world.account
    assert account_of_owner(eves.name, "eve@evil.example") == eves
    assert account_of_owner(eves.name, "nobody@evil.example") is None
    Membership.objects.filter(account=world.account, user=world.owner).update(role="admin")
    assert account_of_owner(world.account.name, world.owner.email) is None


def test_a21_hostile_values_in_forms_change_nothing_and_break_nothing(console):
    before = state()
    for days in (("9999-12-30", "9999-12-31"), ("0001-01-01", "0001-01-02")):
        answer = console.client.post("/orders/fetch-missed/", dict(zip(("start", "end"), days, strict=True)))
        assert answer.status_code == 302
    for pk in ("9" * 19, "9" * 30, "-1", "٣"):
        answer = console.client.post("/products/do/push/", {"product": pk})
        assert answer.status_code in {302, 404}, pk
        assert console.client.get(f"/products/{pk}/").status_code == 404

    assert state() == before


@pytest.mark.parametrize(
    "key", ["short", "k" * 31, "k" * 40 + ",", ",".join(["k" * 40, "old"]), "k" * 40 + ", " + " " * 40]
)
def test_no_key_that_is_easily_guessed_signs_anything(tmp_path, key):
    by_variable = settings_with(tmp_path, "import twinshelf.settings", TWINSHELF_KEY=key)
    (tmp_path / "key").write_text(key)
    by_file = settings_with(tmp_path, "import twinshelf.settings", TWINSHELF_KEY="")

    for told in (by_variable, by_file):
        assert told.returncode == 1
        assert "must have at least 32 characters" in told.stderr


def test_keys_may_stand_apart_and_what_is_made_is_nobody_elses_to_read(tmp_path):
    code = "; ".join(
        [
            f"import os; os.chdir({str(tmp_path)!r}); import twinshelf.settings as s; print(s.KEYS)",
            "open('made', 'w').close(); print(oct(os.stat('made').st_mode & 0o777))",
        ]
    )
    told = settings_with(tmp_path, code, TWINSHELF_KEY=f"{'a' * 32}, {'b' * 32} ")

    assert told.stdout.split("\n")[:2] == [str(("a" * 32, "b" * 32)), "0o600"]
