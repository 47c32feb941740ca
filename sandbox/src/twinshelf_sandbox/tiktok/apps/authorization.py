"""Apps, sellers, shops, authorizations and tokens of the TikTok Shop double.

Source: `docs/platforms/tiktok-shop.md` section 6. Tokens are asked for without a signature, the secret in the query;
a refresh rotates both tokens; lifetimes are given as absolute times; the app store's redirect carries no `state`.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint, envelope
from twinshelf_sandbox.tiktok.regions import REGIONS
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.wire import Request, Response
from twinshelf_sandbox.world import Entity

SCOPES: Final = (
    "seller.authorization.info",
    "seller.shop.info",
    "seller.product.basic",
    "seller.product.write",
    "seller.product.delete",
    "serller.product.optimize",
    "seller.global_product.info",
    "seller.global_product.write",
    "seller.global_product.delete",
    "seller.global_product.category.info",
    "seller.order.info",
    "seller.order.ext_ref.read",
    "seller.order.ext_ref.write",
    "seller.fulfillment.basic",
    "seller.fulfillment.package.write",
    "seller.logistics",
    "seller.delivery.status.write",
    "seller.return_refund.basic",
    "seller.finance.info",
    "seller.promotion.info",
    "seller.promotion.write",
)

_CODE_SECONDS: Final = 1800
_ACCESS_SECONDS: Final = 604_799
_REFRESH_SECONDS: Final = 365 * 86_400
_WARNING_DAYS: Final = 30


# -- what people set up ----------------------------------------------------------------------------------------


def create_app(
    platform: Platform,
    *,
    redirect_url: str,
    app_key: str | None = None,
    app_secret: str | None = None,
    service_id: str | None = None,
    scopes: list[str] | None = None,
    name: str | None = None,
) -> dict[str, str]:
    """Register a partner app. Scopes None: all. Repeating it with the same key replaces the app's settings.

    `name` is what sellers find it by in the App & Service Store; None: as before, or its key.
    """
    if scopes is not None and (unknown := sorted(set(scopes) - set(SCOPES))):
        raise Refused(f"scopes: {unknown[0]!r} is unknown")
    key = app_key or "6" + platform.secret("app_key", 11)
    before = platform.apps.get(key) or {}
    app = {
        "app_key": key,
        "name": name or before.get("name") or key,
        "app_secret": app_secret or before.get("app_secret") or platform.secret("app_secret", 40),
        "service_id": service_id or before.get("service_id") or platform.new_id("service"),
        "redirect_url": redirect_url,
        "scopes": list(SCOPES) if scopes is None else scopes,
        "status": "ACTIVE",
        "webhook_url": before.get("webhook_url", ""),
    }
    platform.apps.put(key, app)
    return {"app_key": app["app_key"], "app_secret": app["app_secret"], "service_id": app["service_id"]}


def create_seller(platform: Platform, name: str, region: str = "US", seller_type: str = "LOCAL") -> dict[str, str]:
    """Register a seller account; `seller_type` is LOCAL, CROSS_BORDER or INTRA_EU."""
    if region not in REGIONS and region != "CN":
        raise Refused(f"region: {region!r} is unknown")
    if seller_type not in ("LOCAL", "CROSS_BORDER", "INTRA_EU"):
        raise Refused(f"seller_type: {seller_type!r} is not LOCAL, CROSS_BORDER or INTRA_EU")
    seller_id = platform.new_id("seller")
    platform.sellers.put(
        seller_id, {"id": seller_id, "name": name, "region": region, "seller_type": seller_type, "status": "ACTIVE"}
    )
    return {"seller_id": seller_id}


_PLACES: Final = {
    "US": (
        ("California", "Alameda County", "Oakland", "94607", "1200 Example Harbor Way"),
        ("New Jersey", "Middlesex County", "Edison", "08817", "77 Sample Mill Road"),
    ),
    "GB": (
        ("England", "West Yorkshire", "Leeds", "LS1 4AP", "14 Example Wharf"),
        ("England", "Kent", "Ashford", "TN23 1AA", "3 Sample Park"),
    ),
    "DE": (("Hessen", "", "Kassel", "34117", "Musterstraße 12"), ("Sachsen", "", "Leipzig", "04103", "Beispielweg 4")),
    "VN": (
        ("Hồ Chí Minh", "Quận 7", "Phường Tân Phú", "", "12 Đường Mẫu"),
        ("Hà Nội", "Cầu Giấy", "Phường Dịch Vọng", "", "8 Phố Ví Dụ"),
    ),
}


def _warehouses(platform: Platform, region: str, seller_type: str, names: list[str]) -> list[Entity]:
    """For each name a sales warehouse and the return warehouse at the same place: one entity, two ids."""
    places = _PLACES.get(region, (("Region One", "", "Sampletown", "10001", "1 Example Street"),))
    rows: list[Entity] = []
    for number, name in enumerate(names):
        state, district, city, postal, street = places[number % len(places)]
        entity = platform.new_id("entity")
        address = {
            "region": REGIONS[region].name,
            "state": state,
            "city": city,
            "distict": district,
            "town": "",
            "contact_person": "Avery Sample",
            "postal_code": postal,
            "full_address": ", ".join(
                part for part in (street, city, district, state, postal, REGIONS[region].name) if part
            ),
            "region_code": region,
            "phone_number": f"({REGIONS[region].phone})555010{number}",
            "address_line1": street,
            "address_line2": "",
            "geolocation": {"latitude": "37.80000", "longitude": "-122.27000"},
        }
        rows += [
            {
                "id": platform.new_id("warehouse"),
                "entity_id": entity,
                "name": name,
                "effect_status": "ENABLED",
                "type": kind,
                "sub_type": "DOMESTIC_WAREHOUSE" if seller_type != "CROSS_BORDER" else "CB_OVERSEA_WAREHOUSE",
                "is_default": number == 0,
                "address": address,
            }
            for kind in ("SALES_WAREHOUSE", "RETURN_WAREHOUSE")
        ]
    return rows


def create_shop(
    platform: Platform,
    seller: str,
    name: str,
    *,
    region: str = "US",
    warehouses: list[str] | None = None,
    development: bool = False,
) -> dict[str, Any]:
    """Open a shop of a seller with warehouses of the given names, each for sales and for returns."""
    owner = platform.sellers.get(seller)
    if owner is None:
        raise Refused(f"seller: there is no seller {seller!r}")
    if region not in REGIONS:
        raise Refused(f"region: {region!r} is unknown")
    if owner["seller_type"] == "LOCAL" and platform.shops_of(seller):
        raise Refused("seller: a local seller has one shop")
    shop_id = platform.new_id("shop")
    kind = "LC" if owner["seller_type"] == "LOCAL" else "CB"
    places = _warehouses(platform, region, owner["seller_type"], warehouses or ["Main warehouse"])
    row = {
        "id": shop_id,
        "name": name,
        "region": region,
        "seller_id": seller,
        "seller_type": "LOCAL" if owner["seller_type"] == "LOCAL" else "CROSS_BORDER",
        "cipher": "",
        "code": f"{region}{kind}{platform.secret('code', 6).upper()}",
        "status": "ACTIVE",
        "warehouses": places,
        "switches": {"development_shop": True} if development else {},
        "limits": {},
        "audit": {"seconds": 30.0, "rules": []},
        "create_time": platform.now,
    }
    platform.shops.put(shop_id, row)
    shop = platform.shop(shop_id)
    return {
        "shop_id": shop_id,
        "code": row["code"],
        "cipher": _cipher(shop),
        "sales_warehouse_ids": [w["id"] for w in places if w["type"] == "SALES_WAREHOUSE"],
        "return_warehouse_ids": [w["id"] for w in places if w["type"] == "RETURN_WAREHOUSE"],
    }


def set_warehouse(platform: Platform, shop_id: str, warehouse_id: str, effect_status: str) -> None:
    """Enable, disable or restrict a warehouse, as a seller does in Seller Center."""
    if effect_status not in ("ENABLED", "DISABLED", "RESTRICTED"):
        raise Refused("effect_status: must be ENABLED, DISABLED or RESTRICTED")
    shop = platform.shop(shop_id)
    row = shop.row
    for warehouse in row["warehouses"]:
        if warehouse["id"] == warehouse_id:
            warehouse["effect_status"] = effect_status
            shop.save(row)
            return
    raise Refused(f"warehouse_id: {warehouse_id!r} is not one of the shop")


def set_holiday(platform: Platform, shop_id: str, on: bool) -> None:  # noqa: FBT001 - arguments of actions are JSON
    """The seller's holiday mode: every warehouse for sales that is on is restricted, and back on afterwards."""
    shop = platform.shop(shop_id)
    row = shop.row
    for warehouse in row["warehouses"]:
        if warehouse["type"] == "SALES_WAREHOUSE" and warehouse["effect_status"] != "DISABLED":
            warehouse["effect_status"] = "RESTRICTED" if on else "ENABLED"
    shop.save(row)


def add_warehouse(
    platform: Platform, shop_id: str, name: str, sub_type: str = "DOMESTIC_WAREHOUSE", region: str = ""
) -> str:
    """Open a warehouse for sales, with the one for returns at the same place; returns the id of that for sales."""
    if sub_type not in _SUB_TYPES:
        raise Refused(f"sub_type: must be one of {', '.join(_SUB_TYPES)}")
    shop = platform.shop(shop_id)
    row = shop.row
    market = region or row["region"]
    if market not in REGIONS:
        raise Refused(f"region: {region!r} is not a market")
    made = _warehouses(platform, market, row["seller_type"], [name])
    for warehouse in made:
        warehouse.update(sub_type=sub_type, is_default=False)
    row["warehouses"] = [*row["warehouses"], *made]
    shop.save(row)
    return str(made[0]["id"])


_SUB_TYPES = ("DOMESTIC_WAREHOUSE", "CB_OVERSEA_WAREHOUSE", "CB_DIRECT_SHIPPING_WAREHOUSE")


def remove_warehouse(platform: Platform, shop_id: str, warehouse_id: str, into: str | None = None) -> None:
    """Close a warehouse for good, or merge it into another one, which gets its stock; SKUs are in it no more."""
    shop = platform.shop(shop_id)
    row = shop.row
    gone = next((w for w in row["warehouses"] if w["id"] == warehouse_id), None)
    if gone is None:
        raise Refused(f"warehouse_id: {warehouse_id!r} is not one of the shop")
    if into is not None and (into == warehouse_id or shop.warehouse(into) is None):
        raise Refused(f"into: {into!r} is not another one of the shop")
    row["warehouses"] = [w for w in row["warehouses"] if w["entity_id"] != gone["entity_id"]]
    shop.save(row)
    for product_id, offers in list(shop.offers.items()):
        if not any(warehouse_id in offer["stock"] for offer in offers["skus"].values()):
            continue
        for offer in offers["skus"].values():
            level = offer["stock"].pop(warehouse_id, None)
            offer["backorder"].pop(warehouse_id, None)
            if level is not None and into is not None:
                kept = offer["stock"].setdefault(into, [0, 0])
                offer["stock"][into] = [kept[0] + level[0], kept[1] + level[1]]
        shop.offers.put(product_id, offers)


def set_shop_status(platform: Platform, shop_id: str, active: bool) -> None:  # noqa: FBT001 - arguments of actions are JSON
    """Close a shop or open it again; the gateway refuses calls for a closed one."""
    shop = platform.shop(shop_id)
    shop.save({**shop.row, "status": "ACTIVE" if active else "INACTIVE"})


def set_seller_status(platform: Platform, seller: str, active: bool) -> None:  # noqa: FBT001 - arguments of actions are JSON
    """Disable a seller account or enable it again."""
    row = platform.sellers.get(seller)
    if row is None:
        raise Refused(f"seller: there is no seller {seller!r}")
    platform.sellers.put(seller, {**row, "status": "ACTIVE" if active else "DISABLED"})


# -- authorization ---------------------------------------------------------------------------------------------


def authorize(platform: Platform, app_key: str, seller: str, scopes: list[str] | None = None) -> str:
    """A seller consents to an app, to all of its scopes or to some. Returns the auth code the redirect would carry."""
    app = platform.apps.get(app_key)
    if app is None:
        raise Refused(f"app_key: there is no app {app_key!r}")
    if seller not in platform.sellers:
        raise Refused(f"seller: there is no seller {seller!r}")
    code = f"TTP_{platform.secret('code', 40)}"
    granted = [scope for scope in app["scopes"] if scopes is None or scope in scopes]
    platform.codes.put(
        code, {"app_key": app_key, "seller_id": seller, "scopes": granted, "expires": platform.now + _CODE_SECONDS}
    )
    return code


def deauthorize(platform: Platform, app_key: str, seller: str) -> None:
    """A seller withdraws an app's authorization: its tokens end, webhook 6 goes out. Safe to repeat."""
    grant = platform.grants.get(f"{app_key}:{seller}")
    if grant is None or not grant["active"]:
        return
    for shop in platform.shops_of(seller):
        webhooks.notify(
            shop,
            "SELLER_DEAUTHORIZATION",
            {"message": f"Shop {shop.id} is deauthorized from your app."},
            app_key=app_key,
        )
        shop.effect("deauthorized", app_key)
    _end_tokens(platform, grant)
    platform.grants.put(f"{app_key}:{seller}", {**grant, "active": False})


def unbind_shop(platform: Platform, app_key: str, shop_id: str) -> None:
    """A seller takes one shop back from an app in Seller Center: webhook 6 goes out for it. Safe to repeat.

    Its cipher is refused from then on and it is no authorized shop of the app any more, while the tokens stay good for
    the seller's other shops. The next authorization brings it again.
    """
    shop = platform.shop(shop_id)
    grant = platform.grants.get(f"{app_key}:{shop.seller_id}")
    if grant is None or not grant["active"] or shop_id in grant.get("unbound", ()):
        return
    text = f"Shop {shop.id} is deauthorized from your app."
    webhooks.notify(shop, "SELLER_DEAUTHORIZATION", {"message": text}, app_key=app_key)
    shop.effect("deauthorized", app_key)
    platform.grants.put(f"{app_key}:{shop.seller_id}", {**grant, "unbound": [*grant.get("unbound", ()), shop_id]})


def expire_authorization(platform: Platform, app_key: str, seller: str, days: float) -> None:
    """Let an authorization end in `days`; within the last 30, webhook 7 goes out daily."""
    grant = platform.grants.get(f"{app_key}:{seller}")
    if grant is None or not grant["active"]:
        raise Refused(f"seller: {seller!r} has not authorized {app_key!r}")
    grant["ends"] = int(platform.now + days * 86_400)
    platform.grants.put(f"{app_key}:{seller}", grant)
    token = platform.refresh_tokens.get(grant["refresh_token"])
    if token is not None:
        platform.refresh_tokens.put(grant["refresh_token"], {**token, "expires": grant["ends"]})
    _warn_next(platform, grant)


def _warn_next(platform: Platform, grant: Entity) -> None:
    midnight = (platform.now // 86_400 + 1) * 86_400
    due = max(midnight, (grant["ends"] // 86_400 - _WARNING_DAYS) * 86_400)
    if due < grant["ends"]:
        payload = {"app_key": grant["app_key"], "seller": grant["seller_id"], "ends": grant["ends"]}
        platform.world.schedule(due, "tt.authorization_warning", payload)


def warn_of_expiry(platform: Platform, payload: dict[str, Any]) -> None:
    """The daily job of webhook 7; stops when the authorization was renewed or withdrawn."""
    grant = platform.grants.get(f"{payload['app_key']}:{payload['seller']}")
    if grant is None or not grant["active"] or grant["ends"] != payload["ends"]:
        return
    days = max(0, (grant["ends"] - platform.now) // 86_400)
    for shop in platform.shops_of(grant["seller_id"]):
        text = (
            f"Authorization of shop {shop.id} is expiring in {days} days. Please ask the merchant to authorize again."
        )
        data = {"message": text, "expiration_time": str(grant["ends"])}
        webhooks.notify(shop, "UPCOMING_AUTHORIZATION_EXPIRATION", data, app_key=grant["app_key"])
    _warn_next(platform, grant)


def _cipher(shop: Shop, *, new: bool = False) -> str:
    """The shop's cipher, made on first use; with `new` the old one ends."""
    platform = shop.platform
    row = shop.row
    if row["cipher"] and not new:
        return str(row["cipher"])
    if row["cipher"]:
        platform.ciphers.delete(row["cipher"])
    # Looks like base64 and needs percent-encoding, as the real ones do.
    row["cipher"] = f"{row['region']}_{platform.secret('cipher', 20)}+/{platform.secret('cipher', 8)}AA=="
    platform.ciphers.put(row["cipher"], {"shop_id": shop.id})
    shop.save(row)
    return str(row["cipher"])


def _end_tokens(platform: Platform, grant: Entity, *, access: bool = True) -> None:
    if access:
        platform.tokens.delete(grant["access_token"])
    platform.refresh_tokens.delete(grant["refresh_token"])


def _new_tokens(platform: Platform, grant: Entity) -> dict[str, Any]:
    now = platform.now
    access, refresh = f"TTP_{platform.secret('access', 56)}", f"TTP_{platform.secret('refresh', 56)}"
    expires = min(now + _ACCESS_SECONDS, grant["ends"])
    base = {"app_key": grant["app_key"], "seller_id": grant["seller_id"]}
    platform.tokens.put(access, {**base, "scopes": grant["scopes"], "expires": expires})
    platform.refresh_tokens.put(refresh, {**base, "expires": grant["ends"]})
    platform.grants.put(
        f"{grant['app_key']}:{grant['seller_id']}",
        {**grant, "access_token": access, "refresh_token": refresh, "active": True},
    )
    seller = platform.sellers[grant["seller_id"]]
    return {
        "access_token": access,
        "access_token_expire_in": expires,
        "refresh_token": refresh,
        "refresh_token_expire_in": grant["ends"],
        "open_id": grant["open_id"],
        "seller_name": seller["name"],
        "seller_base_region": seller["region"],
        "user_type": 0,
        "granted_scopes": grant["scopes"],
    }


def token_call(platform: Platform, request: Request) -> Response:
    """`/api/v2/token/get` and `/refresh`: unsigned GETs with the secret in the query."""
    if request.method != "GET":
        return envelope({}, 36009010, "Invalid method.", status=405)
    query = request.query
    try:
        app = platform.apps.get(query.get("app_key", ""))
        if app is None or app["app_secret"] != query.get("app_secret") or app["status"] != "ACTIVE":
            raise ApiError(36004001, "Invalid app_key or app_secret.")
        if request.path.endswith("/get"):
            return envelope(_exchange(platform, app, query), message="success")
        return envelope(_refresh(platform, app, query), message="success")
    except ApiError as error:
        return envelope({}, error.code, error.message)


def _exchange(platform: Platform, app: Entity, query: dict[str, str]) -> dict[str, Any]:
    if query.get("grant_type") != "authorized_code":
        raise ApiError(36004001, "grant_type must be authorized_code.")
    code = platform.codes.get(query.get("auth_code", ""))
    if code is None or code["app_key"] != app["app_key"] or code["expires"] <= platform.now:
        raise ApiError(36004004, "The auth_code is invalid, expired or was used before.")
    platform.codes.delete(query["auth_code"])
    key = f"{app['app_key']}:{code['seller_id']}"
    before = platform.grants.get(key)
    if before is not None:
        _end_tokens(platform, before)
    grant = {
        "app_key": app["app_key"],
        "seller_id": code["seller_id"],
        "scopes": code["scopes"],
        "open_id": before["open_id"] if before is not None else platform.secret("open_id", 50),
        "ends": platform.now + _REFRESH_SECONDS,
        "active": True,
    }
    answer = _new_tokens(platform, grant)
    for shop in platform.shops_of(code["seller_id"]):
        if before is not None and shop.switch("new_cipher_on_authorization"):
            _cipher(shop, new=True)
        shop.effect("authorized", app["app_key"], scopes=code["scopes"])
    return answer


def _refresh(platform: Platform, app: Entity, query: dict[str, str]) -> dict[str, Any]:
    if query.get("grant_type") != "refresh_token":
        raise ApiError(36004001, "grant_type must be refresh_token.")
    token = platform.refresh_tokens.get(query.get("refresh_token", ""))
    if token is None or token["app_key"] != app["app_key"] or token["expires"] <= platform.now:
        raise ApiError(36004004, "The refresh_token is invalid, expired or was used before.")
    grant = platform.grants[f"{app['app_key']}:{token['seller_id']}"]
    _end_tokens(platform, grant, access=bool(platform.switch("refresh_ends_old_token")))
    answer = _new_tokens(platform, grant)
    for shop in platform.shops_of(token["seller_id"]):
        shop.effect("token_refreshed", app["app_key"])
    return answer


_PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Authorize {service}</title>
<body style="font-family:sans-serif;max-width:34rem;margin:3rem auto"><h1>Authorize this app</h1>
<p>The app with service id <code>{service}</code> asks to work with a seller account of this sandbox.</p>
{sellers}</body></html>"""


_AMERICAN_HOSTS: Final = ("services.us.tiktokshop.com", "services.tiktokshops.us")
_OTHER_HOSTS: Final = ("services.tiktokshop.com",)


def _serves(request: Request, region: str) -> bool:
    """Whether the consent page at this address is for sellers of `region`; under a local address it is for all."""
    host = request.headers.get("host", "").partition(":")[0].lower()
    return host not in (_OTHER_HOSTS if region == "US" else _AMERICAN_HOSTS)


def authorize_page(platform: Platform, request: Request) -> Response:
    """The consent page: a seller, approve or decline; the choice redirects to the app with `code` and `state`.

    Without `state` in its own address it redirects without one, as authorization from the app store does. The pages for
    the US and for the rest of the world show their own sellers only, where a host name tells one from the other. A
    `seller` in the address is the one who is signed in; without one the page asks which it is. The legacy page names
    the app by its key.
    """
    query = request.query
    if request.path == "/oauth/authorize":
        app = platform.apps.get(query.get("app_key", ""))
    else:
        service = query.get("service_id", "")
        app = next((a for a in platform.apps.values() if a["service_id"] == service), None)
    if app is None:
        return Response.text("<h1>This service does not exist</h1>", 404, "text/html; charset=utf-8")
    seller, decision = query.get("seller", ""), query.get("decision", "")
    known = platform.sellers.get(seller)
    if decision and (decision == "decline" or (known is not None and _serves(request, known["region"]))):
        answer = {"code": "null", "error": "auth_denied"}
        if decision != "decline":
            scopes = query.get("scopes")
            answer = {"code": authorize(platform, app["app_key"], seller, scopes.split(",") if scopes else None)}
        if "state" in query:
            answer["state"] = query["state"]
        answer["locale"] = "en"
        separator = "&" if "?" in app["redirect_url"] else "?"
        return Response(302, b"", {"location": f"{app['redirect_url']}{separator}{urlencode(answer)}"})
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(query[name], quote=True)}">'
        for name in ("service_id", "app_key", "state")
        if name in query
    )
    rows = "".join(
        f'<form action="{quote(request.path)}"><fieldset><legend>{html.escape(s["name"])} ({s["region"]})</legend>'
        f'{hidden}<input type="hidden" name="seller" value="{s["id"]}">'
        f'<button name="decision" value="approve">Authorize</button> '
        f'<button name="decision" value="decline">Cancel</button></fieldset></form>'
        for s in platform.sellers.values()
        if _serves(request, s["region"]) and seller in ("", s["id"])
    )
    return Response.text(
        _PAGE.format(service=html.escape(app["service_id"]), sellers=rows), content_type="text/html; charset=utf-8"
    )


# -- the API ---------------------------------------------------------------------------------------------------


def authorized_shops(call: Call) -> dict[str, Any]:
    """`GET /authorization/202309/shops`: every shop of the token's seller that was not unbound, with its cipher."""
    shops = []
    for shop in call.platform.shops_of(call.seller_id):
        if call.platform.is_unbound(call.app_key, shop):
            continue
        facts = shop.facts
        shops.append(
            {
                "id": shop.id,
                "name": facts["name"],
                "region": facts["region"],
                "seller_type": facts["seller_type"],
                "cipher": _cipher(shop),
                "code": facts["code"],
            }
        )
    return {"shops": shops}


def active_shops(call: Call) -> dict[str, Any]:
    """All active shops of the token's seller."""
    found = call.platform.shops_of(call.seller_id)
    return {"shops": [{"id": s.id, "region": s.facts["region"]} for s in found if s.facts["status"] == "ACTIVE"]}


def permissions(call: Call) -> dict[str, Any]:
    """What the seller may do across borders; local sellers have no such permission."""
    kind = call.platform.sellers[call.seller_id]["seller_type"]
    return {"permissions": [] if kind == "LOCAL" else ["MANAGE_GLOBAL_PRODUCT"]}


def shop_groups(call: Call) -> dict[str, Any]:
    """The shops of a global seller that belong together."""
    seller = call.platform.sellers[call.seller_id]
    shops = call.platform.shops_of(call.seller_id)
    if seller["seller_type"] == "LOCAL" or not shops:
        return {}
    entries = [
        {"shop_id": s.id, "seller_id": s.seller_id, "shop_name": s.facts["name"], "shop_region": s.facts["region"]}
        for s in shops
    ]
    group = {"source": "GS_POP", "shop_group_name": f"{seller['name']} {seller['id'][-4:]}"}
    return {"shop_group_data": {"shop_group": group, "shops": entries}}


ENDPOINTS: Final = (
    Endpoint("GET", "/authorization/{v}/shops", ("202309",), "seller.authorization.info", authorized_shops, shop=False),
    Endpoint("GET", "/seller/{v}/shops", ("202309",), "seller.shop.info", active_shops, shop=False),
    Endpoint("GET", "/seller/{v}/permissions", ("202309",), "seller.shop.info", permissions, shop=False),
    Endpoint("GET", "/seller/{v}/shop_groups", ("202601",), "seller.shop.info", shop_groups, shop=False),
)


def set_switch(platform: Platform, shop_id: str, name: str, value: Any) -> None:
    """Set a switch of a shop, or with shop_id `*` of all shops that have no value of their own."""
    platform.set_switch(shop_id, name, value)


def set_limits(
    platform: Platform,
    shop_id: str,
    per_second: float | None = None,
    paths: dict[str, float] | None = None,
    daily_listings: int | None = None,
) -> None:
    """Set a shop's limits: calls per second for each operation (0: none), exceptions by path, listings a day (0: none).

    With shop_id `*`, `per_second` is the default of all shops. A path is written with `{v}` for the version.
    """
    if shop_id == "*":
        if per_second is None:
            raise Refused("per_second: the default of all shops needs a number")
        platform.settings.put("limits", {"per_second": float(per_second)})
        return
    shop = platform.shop(shop_id)
    row = shop.row
    for name, value in (("per_second", per_second), ("paths", paths), ("daily_listings", daily_listings)):
        if value is not None:
            row["limits"][name] = value
    shop.save(row)


ACTIONS: Final[dict[str, Callable[..., Any]]] = {
    "tt.create_app": create_app,
    "tt.create_seller": create_seller,
    "tt.create_shop": create_shop,
    "tt.set_warehouse": set_warehouse,
    "tt.set_holiday": set_holiday,
    "tt.add_warehouse": add_warehouse,
    "tt.remove_warehouse": remove_warehouse,
    "tt.set_shop_status": set_shop_status,
    "tt.set_seller_status": set_seller_status,
    "tt.authorize": authorize,
    "tt.deauthorize": deauthorize,
    "tt.unbind_shop": unbind_shop,
    "tt.expire_authorization": expire_authorization,
    "tt.set_webhook_url": webhooks.set_webhook_url,
    "tt.send_webhook": webhooks.send_webhook,
    "tt.set_switch": set_switch,
    "tt.set_limits": set_limits,
}
