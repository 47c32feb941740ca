"""The sign-in host: apps, installing, the exchange of codes for tokens, and the callbacks with their signed payloads.

Source: BigCommerce docs, integrations/apps/guide/{auth,callbacks,buttons}. What a bad exchange is told is our own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import uuid
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from twinshelf_sandbox.bigcommerce.apps import webhooks
from twinshelf_sandbox.bigcommerce.responses import Json
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Request, Response
from twinshelf_sandbox.world import World

CODE_SECONDS: Final = 600
PAYLOAD_SECONDS: Final = 86_400
NEEDED_SCOPES: Final = (
    "store_v2_products", "store_inventory", "store_locations", "store_v2_orders", "store_v2_transactions_read_only",
    "store_channel_settings", "store_channel_listings", "store_v2_information", "store_v2_customers",
    "store_sites_read_only",
)  # fmt: skip
"""What a channel app may ask for; an account without wishes gets all of it."""


def secret(world: World, length: int = 64) -> str:
    """A token of the sandbox: repeatable from its seed, worth nothing elsewhere."""
    return "".join(world.rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(length))


# -- accounts -------------------------------------------------------------------------------------------------------


def open_account(
    store: Store, client_id: str, client_secret: str, token: str, scopes: list[str], *, kind: str, name: str
) -> None:
    """Give an account a token for a store."""
    account = {
        "hash": store.hash, "client_id": client_id, "client_secret": client_secret, "token": token, "scopes": scopes,
        "kind": kind, "name": name,
    }  # fmt: skip
    store.world.table("bc/tokens").put(token, account)
    store.rows("accounts").put(client_id, account)
    store.effect("account_opened", client_id, name=name, account_kind=kind, scopes=scopes)


def revoke(store: Store, token: str) -> None:
    """End a token; its account and webhooks stay until they are taken away."""
    if store.world.table("bc/tokens").delete(token):
        store.effect("token_revoked", token[:6])


def close_account(store: Store, client_id: str) -> None:
    """Take an account away with its token and its webhooks. Its secret still signs what is on the way."""
    account = store.rows("accounts").get(client_id)
    if account is None:
        return
    for hook in list(store.rows("hooks").values()):
        if hook["client_id"] == client_id:
            webhooks.remove(store, hook["id"])
    store.world.table("bc/tokens").delete(account["token"])
    store.rows("closed_accounts").put(client_id, account)
    store.rows("accounts").delete(client_id)
    store.effect("account_closed", client_id)


# -- callbacks ------------------------------------------------------------------------------------------------------


def _segment(value: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def payload_jwt(store: Store, app: Json, user: Json, *, url: str = "/", channel_id: int | None = None) -> str:
    """`signed_payload_jwt`: HS256 with the app's secret, valid for a day, from up to 5 seconds before it was issued."""
    now = int(store.now)
    claims = {
        "aud": app["client_id"],
        "iss": "bc",
        "iat": now,
        "nbf": now - 5,
        "exp": now + PAYLOAD_SECONDS,
        "jti": str(uuid.UUID(int=store.world.rng.getrandbits(128), version=4)),
        "sub": f"stores/{store.hash}",
        "user": {"id": user["id"], "email": user["email"], "locale": user.get("locale", "en-US")},
        "owner": {"id": store.row["owner"]["id"], "email": store.row["owner"]["email"]},
        "url": url,
        "channel_id": channel_id,
    }
    signed = f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{_segment(claims)}"
    mac = hmac.new(app["client_secret"].encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def callback(app: Json, kind: str, jwt: str) -> str:
    """The address of a load, uninstall or remove_user call."""
    url: str = app[f"{kind}_url"]
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'signed_payload_jwt': jwt})}"


def grant(store: Store, app: Json, *, external: bool = False) -> str:
    """The merchant installs the app or accepts its new scopes: the address of the auth callback the browser opens.

    A token the app had for the store is worth nothing from now on.
    """
    account = store.rows("accounts").get(app["client_id"])
    if account is not None:
        revoke(store, account["token"])
    code = secret(store.world, 30)
    store.world.table("bc/codes").put(code, {
        "client_id": app["client_id"], "hash": store.hash, "scopes": app["scopes"],
        "expires": store.now + CODE_SECONDS, "used": False,
    })  # fmt: skip
    store.effect("app_authorized", app["client_id"], scopes=app["scopes"])
    query = {
        "account_uuid": store.row["account_uuid"],
        "code": code,
        "context": f"stores/{store.hash}",
        "scope": " ".join(app["scopes"]),
    }
    if external:
        query["external_install"] = f"{store.base_url}/app/{app['client_id']}/install/succeeded"
    url: str = app["auth_url"]
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


# -- the login host -------------------------------------------------------------------------------------------------


def login_host(world: World, request: Request) -> Response:
    """`POST /oauth2/token` and the pages below `/app/{client_id}/install`."""
    parts = request.path.strip("/").split("/")
    if parts == ["oauth2", "token"]:
        return _token(world, request) if request.method == "POST" else Response.text("Method not allowed", 405)
    if len(parts) >= 3 and parts[0] == "app" and parts[2] == "install":
        return _install_page(world, request, parts[1], parts[3] if len(parts) > 3 else "")
    return Response.text("Not found", 404)


def _install_page(world: World, request: Request, client_id: str, outcome: str) -> Response:
    app = world.table("bc/apps").get(client_id)
    if app is None:
        return Response.text("Not found", 404)
    if outcome in {"succeeded", "failed"}:
        name = html.escape(app["name"])
        text = f"<!doctype html><title>{outcome}</title><p>The installation of {name} has {outcome}.</p>"
        return Response.text(text, 200, "text/html; charset=utf-8")
    if outcome:
        return Response.text("Not found", 404)
    hash_ = request.query.get("store_hash", "")
    if hash_ not in world.table("bc/stores"):
        name = html.escape(app["name"])
        text = f"<!doctype html><title>Install</title><p>Which store is {name} for? Add ?store_hash=…</p>"
        return Response.text(text, 200, "text/html; charset=utf-8")
    store = Store(world, hash_, lambda *_: None, light=True)
    return Response(302, b"", {"location": grant(store, app, external=True)})


def _token(world: World, request: Request) -> Response:
    """Exchange a code; JSON as documented, or form-encoded as the official client sends it."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    try:
        body = dict(parse_qsl(request.body.decode())) if kind == "application/x-www-form-urlencoded" else request.json()
    except (ValueError, RecursionError):
        return _bad("invalid_request", "The request is not well-formed.")
    if not isinstance(body, dict):
        return _bad("invalid_request", "The request is not well-formed.")
    missing = [
        name
        for name in ("client_id", "client_secret", "code", "context", "scope", "grant_type", "redirect_uri")
        if not body.get(name)
    ]
    if missing:
        return _bad("invalid_request", f"The parameter {missing[0]} is missing.")
    if body["grant_type"] != "authorization_code":
        return _bad("unsupported_grant_type", "Only authorization_code is supported.")
    app = world.table("bc/apps").get(str(body["client_id"]))
    if app is None or not hmac.compare_digest(app["client_secret"].encode(), str(body["client_secret"]).encode()):
        return _bad("invalid_client", "The client is unknown or its secret is wrong.", 401)
    code = world.table("bc/codes").get(str(body["code"]))
    fits = (
        code is not None
        and not code["used"]
        and code["expires"] > world.clock.now()
        and code["client_id"] == app["client_id"]
        and body["context"] == f"stores/{code['hash']}"
        and body["redirect_uri"] == app["auth_url"]
        and set(str(body["scope"]).split()) <= set(code["scopes"])
    )
    if not fits or code is None:
        return _bad("invalid_grant", "The code is invalid, expired or was used.")
    world.table("bc/codes").put(str(body["code"]), {**code, "used": True})
    store = Store(world, code["hash"], lambda *_: None, light=True)
    known = store.rows("accounts").get(app["client_id"])
    if known is not None:
        world.table("bc/tokens").delete(known["token"])
    token = secret(world, 31)
    open_account(store, app["client_id"], app["client_secret"], token, code["scopes"], kind="app", name=app["name"])
    owner = store.row["owner"]
    return Response.json({
        "access_token": token, "scope": " ".join(code["scopes"]), "user": owner, "owner": owner,
        "context": f"stores/{store.hash}", "account_uuid": store.row["account_uuid"],
    })  # fmt: skip


def _bad(error: str, description: str, status: int = 400) -> Response:
    return Response.json({"error": error, "error_description": description}, status)
