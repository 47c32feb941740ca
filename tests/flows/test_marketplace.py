"""Stores that install the app from BigCommerce's Marketplace: auth, load and uninstall, as BigCommerce calls them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django_scopes import scope

from tests.flows.conftest import MAYA, StoreWorld
from tests.flows.faults import fault
from tests.flows.neighbors import connect_shop, consent, open_shop
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import AuditEntry, Membership, User
from twinshelf.connections import actions as connections
from twinshelf.connections import queries
from twinshelf.connections.bindings import store_binding
from twinshelf.connections.models import Installation, Store
from twinshelf.errors import Unauthorized
from twinshelf.goods import actions as goods
from twinshelf.goods.models import StoreProduct
from twinshelf.kit.secrets import unseal
from twinshelf.sync.models import Problem

HASH = "maple0lane"


@pytest.fixture
def maple(sandbox, twinshelf, monkeypatch) -> StoreWorld:
    """Another store, and our app in BigCommerce's Developer Portal."""
    sandbox.act("bc.create_store", hash=HASH, name="Maple Lane", currency="USD")
    base = settings.OPERATOR.base_url
    app = sandbox.act(
        "bc.register_app",
        auth_url=f"{base}/apps/bigcommerce/auth/",
        load_url=f"{base}/apps/bigcommerce/load/",
        uninstall_url=f"{base}/hooks/bigcommerce/uninstall",
        remove_user_url=f"{base}/hooks/bigcommerce/remove_user",
    )
    monkeypatch.setattr(settings.OPERATOR, "bigcommerce_client_id", app["client_id"])
    monkeypatch.setattr(settings.OPERATOR, "bigcommerce_client_secret", app["client_secret"])
    return StoreWorld(sandbox, HASH)


@pytest.fixture
def owner(twinshelf) -> User:
    return Membership.objects.get(account=twinshelf.account, role="owner").user


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def path(address: str) -> str:
    assert address.startswith(settings.OPERATOR.base_url), address
    return address.removeprefix(settings.OPERATOR.base_url)


def install(store: StoreWorld, browser: Client | None = None, **how: Any) -> Any:
    return (browser or Client()).get(path(store.act("install", **how)))


def load(store: StoreWorld, browser: Client | None = None, **who: Any) -> Any:
    return (browser or Client()).get(path(store.act("load", **who)))


def tickets(page: Any) -> list[str]:
    """The addresses of the links that lead out of the control panel."""
    found = re.findall(r'href="([^"]+/apps/bigcommerce/take/[^"]+)"', page.content.decode())
    return [path(each) for each in found]


def take(browser: Client, address: str) -> str:
    """Open the link, and confirm what its page shows; what is told then."""
    browser.get(address, follow=True)
    told = browser.post("/connections/store/take/", {"store": HASH}, follow=True)
    return " ".join(str(message) for message in told.context["messages"])


def stores() -> list[str]:
    return sorted(Store.objects.with_scopes_disabled().values_list("hash", flat=True))


@pytest.mark.covers("CED-03")
def test_a_store_that_installs_the_app_is_connected_with_its_token_and_one_that_uninstalls_it_is_disabled(
    sandbox, maple, twinshelf, owner
):
    maple.add_product(sku="LEAF-1", title="Maple leaf")

    page = install(maple)

    assert page.status_code == 200
    assert "Maple Lane has installed Twinshelf" in page.content.decode()
    assert stores() == [twinshelf.connection.store.hash]  # no account was named yet
    browser = signed_in(owner)
    [address] = tickets(page)
    assert "Is this your store?" in browser.get(address, follow=True).content.decode()
    assert stores() == [twinshelf.connection.store.hash]  # asked, not yet answered
    assert take(browser, address) == "Connected: Maple Lane."
    connections.authorize_shops(twinshelf.account, consent(sandbox, open_shop(sandbox, "Loose")), by=MAYA)
    step = browser.get("/setup/connect/")
    store = Store.objects.get(hash=HASH)
    assert step.context["pair_form"].initial["store"] == store.id  # and not the one that has its shop
    token = unseal(store.token, bound_to=store_binding(HASH))
    assert token in sandbox.world.table("bc/tokens")
    assert Installation.objects.count() == 0

    _shop, maple_us = connect_shop(sandbox, twinshelf, "Maple US", store=store)
    connection = maple_us.connection
    twinshelf.finished(goods.pull(store, by=MAYA))
    assert StoreProduct.objects.filter(store=store).count() == 1  # the token works
    assert "Maple US" in load(maple).content.decode()

    answer = Client().get(path(maple.act("uninstall")))

    assert answer.status_code == 200
    twinshelf.settle()
    store.refresh_from_db()
    assert (queries.store_access(store).state, store.token) == ("ended", "")
    assert {"E-CON-AUTH"} == set(
        Problem.objects.filter(closed_at=None, lane__owner=f"store:{store.id}").values_list("code", flat=True)
    )
    with pytest.raises(Unauthorized):
        queries.working_connection(connection.id)
    assert StoreProduct.objects.filter(store=store).count() == 1  # nothing is lost

    assert install(maple).status_code == 200
    twinshelf.settle()
    store.refresh_from_db()
    assert queries.store_access(store).state == "connected"
    assert Problem.objects.filter(closed_at=None, lane__owner=f"store:{store.id}").count() == 0
    assert queries.working_connection(connection.id).id == connection.id


SPENT = "This link does not work any more"


def test_a10_a_store_is_never_put_into_the_account_of_the_browser_it_is_installed_in(maple, twinshelf, owner):
    browser = signed_in(owner)

    page = install(maple, browser)
    load(maple, browser)

    assert page.status_code == 200
    assert stores() == [twinshelf.connection.store.hash]
    assert "Maple" not in browser.get("/connections/").content.decode()


def test_a10_installing_again_renews_the_store_where_it_is_and_moves_it_nowhere(sandbox, maple, twinshelf, owner):
    assert take(signed_in(owner), tickets(install(maple))[0]) == "Connected: Maple Lane."
    first = Store.objects.get(hash=HASH).token
    rival = accounts.create_account(
        "Rival", owner_email="rival@rival.test", password="a long enough password", by=COMMAND_LINE
    )

    page = install(maple, signed_in(Membership.objects.get(account=rival).user))

    assert tickets(page) == []
    with scope(account=twinshelf.account):
        renewed = Store.objects.get(hash=HASH)
    assert renewed.token != first
    assert unseal(renewed.token, bound_to=store_binding(HASH)) in sandbox.world.table("bc/tokens")
    assert [str(store.account) for store in Store.objects.with_scopes_disabled().filter(hash=HASH)] == ["Fernhollow"]


def test_a_ticket_is_good_for_an_hour_once_and_for_the_newest_link_only(maple, twinshelf, owner):
    browser = signed_in(owner)
    [first] = tickets(install(maple))
    [second] = tickets(load(maple))

    assert SPENT in take(browser, first)
    twinshelf.wait(3000)
    assert "Is this your store?" in browser.get(second, follow=True).content.decode()
    twinshelf.wait(601)
    assert SPENT in take(browser, second)
    [third] = tickets(load(maple))
    assert take(browser, third) == "Connected: Maple Lane."
    assert SPENT in take(browser, third)
    assert AuditEntry.objects.filter(action="connections.claim_store").count() == 1


def test_what_is_confirmed_is_the_store_that_was_shown(sandbox, maple, twinshelf, owner):
    sandbox.act("bc.create_store", hash="mallory0shop", name="Mallory", currency="USD")
    mallory = StoreWorld(sandbox, "mallory0shop")
    browser = signed_in(owner)
    browser.get(tickets(install(maple))[0])
    browser.get(tickets(install(mallory))[0])  # opened in another tab, by a link somebody sent

    browser.post("/connections/store/take/", {"store": HASH})

    assert stores() == [twinshelf.connection.store.hash]


def test_only_the_owner_of_the_store_is_handed_a_ticket_and_only_an_owner_here_uses_it(maple, twinshelf, owner):
    [address] = tickets(install(maple))
    staff = load(maple, user={"id": 77, "email": "staff@maple.test"})

    assert tickets(staff) == []
    assert "Its owner chooses one" in staff.content.decode()
    admin = User.objects.create_user("admin@fernhollow.test", "a long enough password")
    Membership.objects.create(account=twinshelf.account, user=admin, role="admin")
    browser = signed_in(admin)
    assert browser.get(address, follow=True).status_code == 403
    assert browser.post("/connections/store/take/", {"store": HASH}).status_code == 403
    stranger = Client().get(address, follow=True)
    assert stranger.redirect_chain[-1][0] == "/accounts/login/?next=/connections/store/take/"


def test_an_old_word_of_uninstalling_ends_nothing(sandbox, maple, twinshelf, owner):
    take(signed_in(owner), tickets(install(maple))[0])
    caught = path(maple.act("uninstall"))
    twinshelf.wait(60)
    install(maple)

    assert Client().get(caught).status_code == 200

    twinshelf.settle()
    store = Store.objects.get(hash=HASH)
    assert queries.store_access(store).state == "connected"
    assert unseal(store.token, bound_to=store_binding(HASH)) in sandbox.world.table("bc/tokens")


def test_a_store_whose_credentials_were_typed_in_is_not_ended_by_the_app(sandbox, maple, twinshelf):
    keys = sandbox.act("bc.create_api_account", hash=HASH, name="Twinshelf")
    store = connections.connect_store(
        twinshelf.account, store_hash_or_url=HASH, access_token=keys["access_token"], by=MAYA
    )
    claims = connections.claims_of(path(maple.act("load")).split("jwt=")[1])

    connections.uninstalled(claims, by=MAYA)

    store.refresh_from_db()
    assert (store.state, store.token != "") == ("connected", True)


def test_a_store_that_uninstalls_before_anybody_took_it_leaves_nothing_behind(maple, twinshelf, owner):
    [address] = tickets(install(maple))
    assert Client().get(path(maple.act("uninstall"))).status_code == 200

    assert Installation.objects.count() == 0
    assert SPENT in take(signed_in(owner), address)


@pytest.mark.parametrize(
    "callback", ["apps/bigcommerce/load/", "hooks/bigcommerce/uninstall", "hooks/bigcommerce/remove_user"]
)
def test_a06_a_callback_that_bigcommerce_did_not_sign_is_refused(maple, twinshelf, owner, callback):
    take(signed_in(owner), tickets(install(maple))[0])
    genuine = path(maple.act("load")).split("jwt=")[1]
    head, body, signature = genuine.split(".")
    for forged in ("", "x", f"{head}.{body}.", f"{head}.{body}.{signature[::-1]}", f"{genuine}x"):
        answer = Client().get(f"/{callback}", {"signed_payload_jwt": forged})
        assert answer.status_code == 401, forged
        assert "Maple" not in answer.content.decode()

    assert Client().get(f"/{callback}", {"signed_payload_jwt": genuine}).status_code == 200
    assert Client().post(f"/{callback}", {"signed_payload_jwt": genuine}).status_code == 405


def test_less_than_we_need_is_refused_by_the_name_of_each_scope_and_nothing_is_kept(sandbox, maple, twinshelf):
    sandbox.act(
        "bc.set_app_scopes",
        client_id=settings.OPERATOR.bigcommerce_client_id,
        scopes=["store_v2_products", "store_v2_information", "store_channel_settings", "store_v2_orders"],
    )

    page = install(maple)

    assert page.status_code == 400
    assert "store_inventory" in page.content.decode()
    assert Installation.objects.count() == 0
    assert install(maple, external=True).headers["Location"].endswith("/install/failed")


def test_a_code_that_is_refused_or_not_answered_keeps_nothing_and_says_so(sandbox, maple, twinshelf):
    address = path(maple.act("install"))
    Client().get(address)
    Installation.objects.all().delete()

    again = Client().get(address)  # the browser's Back button: BigCommerce takes a code once
    assert again.status_code == 400
    assert "the installation code was refused" in again.content.decode()

    fault(sandbox, platform="bigcommerce", path="/oauth2/token", action="status", status=503)
    late = install(maple)
    assert late.status_code == 502
    assert "Install the app again in a moment" in late.content.decode()
    assert Installation.objects.count() == 0


def test_an_installation_from_outside_ends_on_bigcommerces_own_page(maple, twinshelf):
    address = path(maple.act("install", external=True))
    told = address.split("external_install=")[1]
    theirs = f"{settings.OPERATOR.bigcommerce_login}/app/{settings.OPERATOR.bigcommerce_client_id}/install"

    done = Client().get(address.replace(told, "https%3A%2F%2Fevil.example%2F"))
    again = Client().get(address)

    assert (done.headers["Location"], again.headers["Location"]) == (f"{theirs}/succeeded", f"{theirs}/failed")
    assert Installation.objects.count() == 1


def test_only_bigcommerces_control_panel_may_frame_these_pages_and_nobody_keeps_them(maple, twinshelf):
    for page in (install(maple), load(maple), Client().get("/apps/bigcommerce/load/")):
        policy = page.headers["Content-Security-Policy"]
        assert "frame-ancestors https://*.mybigcommerce.com https://*.bigcommerce.com" in policy
        assert "X-Frame-Options" not in page.headers
        assert "no-store" in page.headers["Cache-Control"]
        assert not page.cookies  # it works where browsers keep none in a frame


def test_without_an_app_the_operator_is_told_what_to_set(twinshelf):
    page = Client().get("/apps/bigcommerce/auth/", {"code": "c", "context": "stores/abc123", "scope": "s"})

    assert page.status_code == 400
    assert "TWINSHELF_BIGCOMMERCE_CLIENT_ID" in page.content.decode()
    assert Client().get("/hooks/bigcommerce/uninstall").status_code == 401
