"""The BigCommerce double: the order of checks every call passes, the quota, and all stores of one world.

Order of checks as observed on the wire: route and method, token, store, then quota and scope. What each route does
lives in the modules named after their subject.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from twinshelf_sandbox.bigcommerce import actions, content_negotiation, customers, metafields
from twinshelf_sandbox.bigcommerce.apps import oauth, webhooks
from twinshelf_sandbox.bigcommerce.calls import Call, Handler, Route, allowed
from twinshelf_sandbox.bigcommerce.catalog import (
    assignments,
    brands,
    categories,
    image_files,
    images,
    options,
    price_lists,
    product_subresources,
    products,
    variants,
)
from twinshelf_sandbox.bigcommerce.channels import channels, sites
from twinshelf_sandbox.bigcommerce.inventory import inventory, locations
from twinshelf_sandbox.bigcommerce.not_doubled import not_doubled, not_doubled_word
from twinshelf_sandbox.bigcommerce.orders import order_creation, order_reads, order_updates, refunds, shipments
from twinshelf_sandbox.bigcommerce.responses import Json, Refused, v2_error, v3_error
from twinshelf_sandbox.bigcommerce.settings import countries, settings
from twinshelf_sandbox.bigcommerce.store import WINDOW_SECONDS, Store
from twinshelf_sandbox.faults import Fault, Faults
from twinshelf_sandbox.webhooks import Outbox
from twinshelf_sandbox.wire import Request, Response, Router
from twinshelf_sandbox.world import Key, Table, World

NO_SCOPE: Final = "You don't have a required scope to access the endpoint"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
_AT_ONCE: Final = {
    ("GET", "/v3/catalog/trees/{tree_id}/categories"): 1,
    ("GET", "/v3/inventory/locations"): 50,
    ("PUT", "/v3/pricelists/records"): 1,
    ("GET", "/v3/pricelists/{price_list_id}/records"): 10,
    ("POST", "/v3/pricelists/{price_list_id}/records"): 10,
    ("PUT", "/v3/pricelists/{price_list_id}/records"): 2,
    ("PUT", "/v3/pricelists/{price_list_id}/assignments"): 25,
    ("PUT", "/v3/customers"): 3,
    ("PUT", "/v3/customers/addresses"): 3,
}
"""How many calls of a route a store answers at the same time; one more gets 429.

Source: BigCommerce docs, the notes on these operations in category-trees_catalog.v3.yml, locations.v3.yml,
price_lists.v3.yml and customers.v3.yml.
"""
_SUBJECTS: Final = (
    assignments, brands, products, categories, channels, countries, customers, product_subresources, webhooks, images,
    inventory, locations, metafields, options, order_updates, order_creation, order_reads, price_lists, refunds,
    settings, shipments, sites, variants,
)  # fmt: skip


class BigCommerce:
    """All BigCommerce stores of one world, API and sign-in host behind one address, told apart by path.

    Stores are made and edited through `world.act("bc.…")`; see `actions`.
    """

    name = "bigcommerce"

    def __init__(self, world: World, outbox: Outbox, faults: Faults) -> None:
        self.world, self.faults = world, faults
        self.real_time: Callable[[], float] = time.monotonic  # quota windows run on real time
        self.hooks = webhooks.Hooks(world, outbox)
        self.hooks.store_of = self.store
        self._stores: dict[str, Store] = {}
        self._windows: dict[str, list[float]] = {}  # store hash → [start of the window, calls in it]
        self._router = Router()
        self._routes: dict[Handler, Route] = {}
        self.routes = tuple(route for subject in _SUBJECTS for route in subject.routes.all)
        for route in self.routes:
            # The router hands out handlers; the same one may stand under several routes, with one set of scopes.
            self._routes[route.handler] = route
            self._router.add(route.method, route.path, route.handler)
        world.handlers["bc.inventory"] = lambda job: inventory.carry_out(self.known(job["hash"]), job)
        world.handlers["bc.channel_terminated"] = lambda job: channels.terminate(self.known(job["hash"]), job)
        world.on_restore.append(self._rebuild)
        world.on_undo.append(self._undone)
        actions.register(self)

    # -- stores -----------------------------------------------------------------------------------------------------

    def store(self, hash_: str) -> Store | None:
        """The store of that hash, if there is one."""
        known = self._stores.get(hash_)
        exists = hash_ in self.world.table("bc/stores")
        if known is not None and exists:
            return known
        if not exists:
            self._stores.pop(hash_, None)
            return None
        known = self._stores[hash_] = Store(self.world, hash_, self.hooks.fire)
        return known

    def known(self, hash_: str) -> Store:
        """The store of that hash. Raises KeyError if there is none."""
        store = self.store(hash_)
        if store is None:
            msg = f"no store {hash_!r}"
            raise KeyError(msg)
        return store

    def _rebuild(self) -> None:
        self._stores.clear()

    def _undone(self, table: Table, key: Key) -> None:
        parts = table.name.split("/")
        if parts[0] == "bc" and len(parts) == 3:
            store = self._stores.get(parts[1])
            if store is not None:
                store.undone(parts[2], key)

    # -- the double's side of the wire ------------------------------------------------------------------------------

    def owns(self, path: str) -> bool:
        """Stores, the sign-in host and the pictures, all told by the path's first segment."""
        return path.split("/", 2)[1] in {"stores", "oauth2", "app", "_bigcommerce"}

    def tenant(self, request: Request) -> str:
        """The store hash of the path."""
        parts = request.path.split("/")
        return parts[2] if len(parts) > 2 and parts[1] in {"stores", "_bigcommerce"} else ""

    def handle(self, request: Request) -> Response:
        """Answer a call, whatever it is for."""
        first = request.path.split("/", 2)[1]
        if first == "_bigcommerce":
            return image_files.serve(self.world, request)
        if first != "stores":
            return oauth.login_host(self.world, request)
        response = self._api(request)
        if request.method == "HEAD":
            response.headers["content-length"] = str(len(response.body))
            response.body = b""
        return response

    def crash(self, request: Request, error: Exception) -> Response:  # noqa: ARG002 - a platform says nothing of it
        """500 in the dialect of the call."""
        if "/v2/" in request.path[:40]:
            return v2_error(500, "An error occurred. Please try again later.").response
        return v3_error(500, "An internal error occurred. Please try again later.").response

    # -- the order of checks ----------------------------------------------------------------------------------------

    def _api(self, request: Request) -> Response:
        parts = request.path.split("/", 3)  # "", "stores", hash, rest
        rest = "/" + (parts[3] if len(parts) > 3 else "")
        v2 = rest.startswith("/v2/")
        if v2 and rest.endswith(".json"):  # the old suffix still works on V2
            rest = rest[:-5]
        if request.method not in _METHODS:
            return _dialect(v2, 501, "The method is not implemented.")
        found = self._router.find("GET" if request.method == "HEAD" else request.method, rest)
        if found is None or isinstance(found, frozenset):
            return _no_route(rest, found, v2=v2)
        handler, arguments = found
        kind = content_negotiation.accepted(request)
        if kind is None:
            return _dialect(v2, 406, "None of the content types in the Accept header can be answered.")
        account = self._account(request)
        if isinstance(account, Response):
            return account
        store = self.store(parts[2])
        if store is None or account["hash"] != store.hash:
            return _dialect(v2, 403, "You don't have access to this store")
        if store.row["status"] == "suspended":
            return _dialect(
                v2,
                503,
                "The store is suspended. This may be due to an administrative action, or due to a billing issue.",
            )
        fault = self.faults.active
        if fault is not None and fault.action == "revoke":
            oauth.revoke(store, account["token"])
            return _unauthorized()
        limited = self._spend(store, fault, v2=v2) or self._crowded(store, request, self._routes[handler])
        response = limited or self._carry_out(Call(store, request, account, fault), self._routes[handler], arguments)
        if kind == content_negotiation.XML:
            content_negotiation.as_xml(request, response)
        if store.switch("compress"):
            content_negotiation.compress(request, response)
        response.headers.update(self._quota_headers(store, response))
        response.headers.setdefault("x-bc-store-version", "26.1.0")
        return response

    def _account(self, request: Request) -> Json | Response:
        token = request.headers.get("x-auth-token")
        if token is None:
            return Response.text("X-Auth-Token header is required", 401, "text/plain")
        if not token.strip():
            return Response.text("X-Auth-Token header should have correct format", 401, "text/plain")
        account = self.world.table("bc/tokens").get(token)
        return _unauthorized() if account is None else account

    def _carry_out(self, call: Call, route: Route, arguments: dict[str, str]) -> Response:
        store, v2 = call.store, call.v2
        if not allowed(route.scopes, call.account["scopes"], call.request.method):
            return _dialect(v2, 403, NO_SCOPE)
        try:
            numbers = {k: _whole(v) if k.endswith("_id") else v for k, v in arguments.items()}
        except ValueError:
            what = not_doubled_word("/" + call.request.path.split("/", 3)[3])
            return _not_doubled(what, v2=v2) if what else _dialect(v2, 404, "The requested resource was not found.")
        fault = call.fault
        if fault is not None and fault.action == "stale" and call.request.method in {"GET", "HEAD"}:
            store.look_back(fault.seconds)
        try:
            with self.world.savepoint():
                response = route.handler(call, **numbers)
        except Refused as refused:
            if not v2:
                refused.response.headers["content-type"] = route.refusals
            return refused.response
        finally:
            store.look_now()
        share = store.switch("extra_keys")
        if share and self.world.rng.random() < share:
            _surprise(response)
        return response

    # -- the quota --------------------------------------------------------------------------------------------------

    def _spend(self, store: Store, fault: Fault | None, *, v2: bool) -> Response | None:
        """Count a call; the 429 if the window is used up. The window is the store's: all its tokens share it.

        A `quota` fault takes `code` calls out of the window, as other apps do; 0 takes all that is left.
        """
        quota = store.quota
        drained = fault if fault is not None and fault.action == "quota" else None
        if quota is None and drained is None:
            return None
        window = self._window(store)
        limit = quota or 150
        if drained is not None:
            window[1] = limit if not drained.code else min(limit, window[1] + drained.code)
        if window[1] < limit:
            window[1] += 1
            return None
        style = store.switch("throttle_style")
        if style == "500":
            return _dialect(v2, 500, "An internal error occurred. Please try again later.")
        return _dialect(v2, 429, "Too Many Requests")

    def _crowded(self, store: Store, request: Request, route: Route) -> Response | None:
        """The 429 if as many calls of the route are under way as the store answers at the same time."""
        most = _AT_ONCE.get((request.method, route.path))
        if most is None or request.beside < most or not store.switch("concurrency_limits"):
            return None
        return _dialect(False, 429, "Too Many Requests")

    def _window(self, store: Store) -> list[float]:
        now = self.real_time()
        window = self._windows.get(store.hash)
        if window is None or now - window[0] >= WINDOW_SECONDS:
            window = self._windows[store.hash] = [now, 0]
        return window

    def _quota_headers(self, store: Store, response: Response) -> dict[str, str]:
        quota = store.quota
        window = self._window(store)
        left_ms = max(0, int((window[0] + WINDOW_SECONDS - self.real_time()) * 1000))
        left = max(0, int((quota or 150) - window[1]))
        spent = response.status == 429 and not left
        if (quota is None and not spent) or store.switch("throttle_style") != "429":
            return {}
        headers = {
            "x-rate-limit-time-window-ms": str(int(WINDOW_SECONDS * 1000)),
            "x-rate-limit-time-reset-ms": str(left_ms),
            "x-rate-limit-requests-quota": str(quota or 150),
            "x-rate-limit-requests-left": str(left),
            "x-bc-apilimit-remaining": "20000",
        }
        if spent:
            headers["x-retry-after"] = str(-(-left_ms // 1000))
        return headers


def _whole(text: str) -> int:
    if not text.isdigit() or len(text) > 18:
        raise ValueError(text)
    return int(text)


def _dialect(v2: bool, status: int, text: str) -> Response:  # noqa: FBT001
    return (v2_error(status, text) if v2 else v3_error(status, text)).response


def _not_doubled(what: str, *, v2: bool) -> Response:
    return _dialect(v2, 501, f"The sandbox does not double this: {what}.")


def _no_route(path: str, methods: frozenset[str] | None, *, v2: bool) -> Response:
    """The answer to a call of no route: not doubled, unknown, or of another method than `methods`."""
    if what := not_doubled(path):
        return _not_doubled(what, v2=v2)
    if methods is None:
        return _dialect(v2, 404, "The route is not found, check the URL")
    response = _dialect(v2, 405, "The method is not allowed on this resource.")
    response.headers["allow"] = ", ".join(sorted(methods))
    return response


def _unauthorized() -> Response:
    return v3_error(401, "Unauthorized").response


def _surprise(response: Response) -> None:
    """Add a key that no specification names; clients must ignore it. Source: best practices, change policy."""
    for start in (b'{"data":[{', b'{"data":{', b"[{", b"{"):
        if response.body.startswith(start) and len(response.body) > len(start) + 1:
            response.body = start + b'"x_unannounced":{"since":"today"},' + response.body[len(start) :]
            return
