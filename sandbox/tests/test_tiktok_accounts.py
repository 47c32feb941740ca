"""Authorization, tokens and shops of the TikTok Shop double."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from sandbox.tests.tiktok_client import Shop, open_shop, receive, tokens
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.transport import SandboxTransport

CALLBACK = "https://twinshelf.example.com/tiktok/callback"


@pytest.fixture
def http(sandbox: Sandbox) -> httpx2.Client:
    return httpx2.Client(transport=SandboxTransport(sandbox.site))


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return open_shop(sandbox)


def refresh(http: httpx2.Client, shop: Shop, token: str) -> Any:
    query = {
        "app_key": shop.app_key,
        "app_secret": shop.app_secret,
        "refresh_token": token,
        "grant_type": "refresh_token",
    }
    return http.get("https://auth.tiktok-shops.com/api/v2/token/refresh", params=query).json()


def get_tokens(http: httpx2.Client, **query: str) -> Any:
    return http.get("https://auth.tiktok-shops.com/api/v2/token/get", params=query).json()


def app_of(shop: Shop) -> dict[str, str]:
    return {"app_key": shop.app_key, "app_secret": shop.app_secret}


def test_the_consent_page_redirects_with_code_and_state(http, sandbox, shop):
    service = sandbox.world.table("tt/apps")[shop.app_key]["service_id"]
    page = http.get(f"https://services.us.tiktokshop.com/open/authorize?service_id={service}&state=st-1")
    assert page.status_code == 200
    assert "Harbor Goods" in page.text
    (seller,) = re.findall(r'name="seller" value="(\d+)"', page.text)

    query = {"service_id": service, "state": "st-1", "seller": seller, "decision": "approve"}
    back = http.get("https://services.us.tiktokshop.com/open/authorize", params=query)
    assert back.status_code == 302
    target = urlsplit(back.headers["location"])
    answer = parse_qs(target.query)
    assert f"{target.scheme}://{target.netloc}{target.path}" == CALLBACK
    assert answer["state"] == ["st-1"]
    assert tokens(sandbox, app_of(shop), answer["code"][0])["seller_name"] == "Harbor Goods"


def test_declining_sends_back_an_error_and_the_app_store_no_state(http, sandbox, shop):
    service = sandbox.world.table("tt/apps")[shop.app_key]["service_id"]
    query = {"service_id": service, "seller": shop.seller, "decision": "decline"}
    back = http.get("https://services.tiktokshop.com/open/authorize", params=query)
    answer = parse_qs(urlsplit(back.headers["location"]).query)
    assert (answer["code"], answer["error"]) == (["null"], ["auth_denied"])
    assert "state" not in answer


def test_an_unknown_service_id_shows_that_the_service_does_not_exist(http, shop):
    page = http.get(f"https://services.tiktokshop.com/open/authorize?service_id={shop.app_key}")
    assert (page.status_code, "This service does not exist" in page.text) == (404, True)


def test_the_consent_page_escapes_what_it_is_given(http, sandbox, shop):
    sandbox.act("tt.create_seller", name="<script>alert(1)</script>")
    service = sandbox.world.table("tt/apps")[shop.app_key]["service_id"]
    page = http.get(
        "https://services.tiktokshop.com/open/authorize", params={"service_id": service, "state": '"><script>'}
    )
    assert "<script>" not in page.text


def test_a_code_works_once_and_for_thirty_minutes(http, sandbox, shop):
    first = sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller)
    query = {**app_of(shop), "grant_type": "authorized_code"}
    assert get_tokens(http, auth_code=first, **query)["code"] == 0
    assert get_tokens(http, auth_code=first, **query)["code"] == 36004004

    late = sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller)
    sandbox.advance(1801)
    assert get_tokens(http, auth_code=late, **query)["code"] == 36004004


@pytest.mark.parametrize(
    ("_case", "change"),
    [
        ("another secret", {"app_secret": "wrong"}),
        ("the usual spelling of the grant type", {"grant_type": "authorization_code"}),
        ("an unknown app", {"app_key": "nobody"}),
    ],
)
def test_bad_token_requests_are_refused_and_the_code_stays_good(http, sandbox, shop, _case, change):
    code = sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller)
    query = {**app_of(shop), "grant_type": "authorized_code", "auth_code": code}
    assert get_tokens(http, **{**query, **change})["code"] == 36004001
    assert get_tokens(http, **query)["code"] == 0


def test_expiry_times_are_absolute(http, sandbox, shop):
    data = tokens(sandbox, app_of(shop), sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller))
    now = sandbox.world.clock.now()
    assert 604_790 <= data["access_token_expire_in"] - now <= 604_799
    assert 364 * 86_400 <= data["refresh_token_expire_in"] - now <= 365 * 86_400
    assert (data["user_type"], data["seller_base_region"]) == (0, "US")
    assert "shop_id" not in data


def test_a_refresh_rotates_both_tokens_and_ends_the_old_ones(http, sandbox, shop):
    first = tokens(sandbox, app_of(shop), sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller))
    second = refresh(http, shop, first["refresh_token"])["data"]
    assert {first["access_token"], first["refresh_token"]}.isdisjoint({second["access_token"], second["refresh_token"]})
    assert second["open_id"] == first["open_id"]
    assert refresh(http, shop, first["refresh_token"])["code"] == 36004004  # of two refreshes at once one fails

    shop.token = first["access_token"]
    assert shop.refused("GET", "/seller/202309/shops", shop=False) == 105002
    shop.token = second["access_token"]
    assert shop.get("/seller/202309/shops", shop=False)["shops"] == [{"id": shop.id, "region": "US"}]


def test_the_old_access_token_can_be_switched_to_survive_a_refresh(http, sandbox, shop):
    sandbox.act("tt.set_switch", shop_id="*", name="refresh_ends_old_token", value=False)
    first = tokens(sandbox, app_of(shop), sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller))
    refresh(http, shop, first["refresh_token"])
    shop.token = first["access_token"]
    assert shop.get("/seller/202309/permissions", shop=False) == {"permissions": []}


def test_an_access_token_ends_after_seven_days(sandbox, shop):
    sandbox.world.clock.advance(604_800)
    assert shop.refused("GET", "/seller/202309/shops", shop=False) == 105002


def test_withdrawing_an_authorization_ends_the_token_and_tells_the_app(sandbox, shop):
    sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com/tt")
    got = receive(sandbox)
    sandbox.act("tt.deauthorize", app_key=shop.app_key, seller=shop.seller)
    sandbox.act("tt.deauthorize", app_key=shop.app_key, seller=shop.seller)
    sandbox.settle()
    assert [b'"type":6' in one.body for one in got] == [True]
    assert shop.refused("GET", "/seller/202309/shops", shop=False) == 105002


def test_one_shop_of_several_is_taken_back_until_the_next_authorization(sandbox, http, shop):
    seller = sandbox.act("tt.create_seller", name="Great", region="CN", seller_type="CROSS_BORDER")["seller_id"]
    made = [sandbox.act("tt.create_shop", seller=seller, name=region, region=region) for region in ("MY", "SG")]
    ids = [each["shop_id"] for each in made]
    sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com/tt")

    def authorized():
        code = sandbox.act("tt.authorize", app_key=shop.app_key, seller=seller)
        shop.token = tokens(sandbox, app_of(shop), code)["access_token"]

    def covered():
        return [each["id"] for each in shop.get("/authorization/202309/shops", shop=False)["shops"]]

    authorized()
    got = receive(sandbox)
    sandbox.act("tt.unbind_shop", app_key=shop.app_key, shop_id=ids[0])
    sandbox.act("tt.unbind_shop", app_key=shop.app_key, shop_id=ids[0])
    sandbox.settle()
    assert [(b'"type":6' in one.body, ids[0].encode() in one.body) for one in got] == [(True, True)]
    assert covered() == [ids[1]]
    for each, code in zip(made, (101000, 0), strict=True):
        shop.cipher = each["cipher"]
        if code:
            assert shop.refused("GET", "/logistics/202309/warehouses") == code
        else:
            assert shop.get("/logistics/202309/warehouses")["warehouses"]

    authorized()
    assert covered() == ids


def test_the_end_of_an_authorization_is_announced_daily_at_midnight(sandbox, shop):
    sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com/tt")
    got = receive(sandbox)
    sandbox.act("tt.expire_authorization", app_key=shop.app_key, seller=shop.seller, days=3.5)
    sandbox.advance(5 * 86_400)
    assert len(got) in (3, 4)
    assert {int(one.at) % 86_400 for one in got} == {0}


def test_authorized_shops_carry_a_cipher_and_active_shops_none(shop):
    (found,) = shop.get("/authorization/202309/shops", shop=False)["shops"]
    assert found == {
        "id": shop.id,
        "name": "Harbor Goods",
        "region": "US",
        "seller_type": "LOCAL",
        "cipher": shop.cipher,
        "code": found["code"],
    }
    assert re.fullmatch(r"USLC[A-F0-9]{6}", found["code"])
    assert re.search(r"[+/=]", shop.cipher)  # must be percent-encoded on the wire


def test_authorizing_again_can_be_switched_to_change_the_cipher(sandbox, shop):
    shop.switch("new_cipher_on_authorization", value=True)
    code = sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller)
    shop.token = tokens(sandbox, app_of(shop), code)["access_token"]
    assert shop.refused("GET", "/logistics/202309/warehouses") == 101000
    (found,) = shop.get("/authorization/202309/shops", shop=False)["shops"]
    shop.cipher = found["cipher"]
    assert len(shop.get("/logistics/202309/warehouses")["warehouses"]) == 2


def test_a_global_seller_has_a_shop_per_market_behind_one_token(sandbox):
    shop = open_shop(sandbox, seller_type="CROSS_BORDER")
    other = sandbox.act("tt.create_shop", seller=shop.seller, name="Harbor UK", region="GB")
    found = shop.get("/authorization/202309/shops", shop=False)["shops"]
    assert [(s["region"], s["seller_type"]) for s in found] == [("US", "CROSS_BORDER"), ("GB", "CROSS_BORDER")]
    assert found[1]["cipher"] == other["cipher"]
    assert shop.get("/seller/202309/permissions", shop=False) == {"permissions": ["MANAGE_GLOBAL_PRODUCT"]}
    assert len(shop.get("/seller/202601/shop_groups", shop=False)["shop_group_data"]["shops"]) == 2


def test_a_local_seller_has_one_shop(sandbox, shop):
    with pytest.raises(ValueError, match="one shop"):
        sandbox.act("tt.create_shop", seller=shop.seller, name="Second")


def test_warehouses_come_twice_with_the_misspelt_district(sandbox):
    shop = open_shop(sandbox, warehouses=["Harbor", "Mill"])
    found = shop.get("/logistics/202309/warehouses")["warehouses"]
    assert [(w["name"], w["type"], w["is_default"]) for w in found] == [
        ("Harbor", "SALES_WAREHOUSE", True),
        ("Harbor", "RETURN_WAREHOUSE", True),
        ("Mill", "SALES_WAREHOUSE", False),
        ("Mill", "RETURN_WAREHOUSE", False),
    ]
    assert found[0]["entity_id"] == found[1]["entity_id"] != found[2]["entity_id"]
    assert len({w["id"] for w in found}) == 4
    assert "distict" in found[0]["address"]
    assert "district" not in found[0]["address"]


def test_carriers_belong_to_a_delivery_option(shop):
    options = shop.get(f"/logistics/202309/warehouses/{shop.warehouses[0]}/delivery_options", scope="WAREHOUSE")[
        "delivery_options"
    ]
    assert [o["type"] for o in options] == ["SEND_BY_SELLER", "STANDARD", "EXPRESS"]
    carriers = shop.get(f"/logistics/202309/delivery_options/{options[0]['id']}/shipping_providers")[
        "shipping_providers"
    ]
    assert {"id": "7117858858072016686", "name": "USPS"} in carriers
    assert shop.refused("GET", f"/logistics/202309/delivery_options/{options[1]['id']}/shipping_providers") == 21008117
    assert shop.refused("GET", "/logistics/202309/delivery_options/1/shipping_providers") == 21008116


def test_in_the_eu_carriers_need_both_regions(sandbox):
    shop = open_shop(sandbox, region="DE")
    options = shop.get(f"/logistics/202309/warehouses/{shop.warehouses[0]}/delivery_options")["delivery_options"]
    path = f"/logistics/202309/delivery_options/{options[0]['id']}/shipping_providers"
    assert shop.refused("GET", path) == 36009004
    assert shop.get(path, warehouse_region="DE", buyer_region="FR")["shipping_providers"][0]["name"] == "DHL Paket"


def test_the_us_and_the_rest_have_consent_pages_of_their_own(http, sandbox, shop):
    german = sandbox.act("tt.create_seller", name="Kasseler Waren", region="DE")["seller_id"]
    service = sandbox.world.table("tt/apps")[shop.app_key]["service_id"]

    def shown(host: str) -> tuple[bool, bool]:
        page = http.get(f"https://{host}/open/authorize", params={"service_id": service}).text
        return ("Harbor Goods" in page, "Kasseler Waren" in page)

    assert shown("services.us.tiktokshop.com") == (True, False)
    assert shown("services.tiktokshop.com") == (False, True)
    assert shown("localhost") == (True, True)
    wrong = {"service_id": service, "seller": german, "decision": "approve"}
    assert http.get("https://services.us.tiktokshop.com/open/authorize", params=wrong).status_code == 200


def test_the_legacy_page_names_the_app_by_its_key(http, shop):
    query = {"app_key": shop.app_key, "state": "s-9", "seller": shop.seller, "decision": "approve"}
    back = http.get("https://auth.tiktok-shops.com/oauth/authorize", params=query)
    answer = parse_qs(urlsplit(back.headers["location"]).query)
    assert (back.status_code, answer["state"]) == (302, ["s-9"])
    assert http.get("https://auth.tiktok-shops.com/oauth/authorize", params={"app_key": "nobody"}).status_code == 404
