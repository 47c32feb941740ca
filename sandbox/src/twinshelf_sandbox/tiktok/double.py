"""The double of TikTok Shop: which paths are its own, and who answers them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from twinshelf_sandbox.faults import Faults
from twinshelf_sandbox.tiktok import finance
from twinshelf_sandbox.tiktok.aftersales import (
    aftersales_requests,
    cancellations,
    return_actions,
    return_approval,
    return_search,
    returns,
)
from twinshelf_sandbox.tiktok.apps import authorization, webhooks
from twinshelf_sandbox.tiktok.errors import Refused
from twinshelf_sandbox.tiktok.fulfillment import deliveries, invoices, logistics, packages, shipping, split_and_combine
from twinshelf_sandbox.tiktok.gateway import Call, Gateway, envelope
from twinshelf_sandbox.tiktok.orders import orders
from twinshelf_sandbox.tiktok.products import (
    categories,
    compliance,
    global_products,
    prices_and_stock,
    product_audits,
    product_optimization,
    product_search,
    products,
    replication,
    size_charts,
    uploads,
)
from twinshelf_sandbox.tiktok.promotions import promotions
from twinshelf_sandbox.tiktok.seller_center import order_actions, product_actions
from twinshelf_sandbox.tiktok.state import Platform
from twinshelf_sandbox.webhooks import Outbox
from twinshelf_sandbox.wire import Request, Response
from twinshelf_sandbox.world import World

_NOT_OURS = frozenset(("stores", "oauth2", "app", "_bigcommerce", "_sandbox"))
_AUTHORIZE = ("/open/authorize", "/oauth/authorize")


class TikTok:
    """TikTok Shop's API, token host, consent page and CDN behind one address. Put it last: it answers unknown paths."""

    name = "tiktok"

    def __init__(self, world: World, outbox: Outbox, faults: Faults) -> None:
        self.world = world
        self.platform = Platform(world, outbox, faults)
        with world.transaction("tiktok starts"):
            categories.seed_brands(self.platform)
        self.gateway = Gateway(
            self.platform,
            (
                *authorization.ENDPOINTS,
                *webhooks.ENDPOINTS,
                *categories.ENDPOINTS,
                *uploads.ENDPOINTS,
                *products.ENDPOINTS,
                *product_search.ENDPOINTS,
                *prices_and_stock.ENDPOINTS,
                *product_optimization.ENDPOINTS,
                *logistics.ENDPOINTS,
                *orders.ENDPOINTS,
                *packages.ENDPOINTS,
                *shipping.ENDPOINTS,
                *split_and_combine.ENDPOINTS,
                *invoices.ENDPOINTS,
                *deliveries.ENDPOINTS,
                *cancellations.ENDPOINTS,
                *return_search.ENDPOINTS,
                *return_approval.ENDPOINTS,
                *aftersales_requests.ENDPOINTS,
                *compliance.ENDPOINTS,
                *size_charts.ENDPOINTS,
                *promotions.ENDPOINTS,
                *finance.ENDPOINTS,
                *replication.ENDPOINTS,
                *global_products.ENDPOINTS,
            ),
        )
        self.gateway.revoke = self._revoke
        outbox.on_result[self.name] = lambda delivery, status: webhooks.delivered(self.platform, delivery, status)
        for kind, job in {
            "tt.authorization_warning": authorization.warn_of_expiry,
            **product_audits.JOBS,
            **product_optimization.JOBS,
            **orders.JOBS,
            **invoices.JOBS,
            **cancellations.JOBS,
            **returns.JOBS,
            **promotions.JOBS,
            **replication.JOBS,
        }.items():
            world.handlers[kind] = partial(job, self.platform)
        for name, action in self._actions().items():
            world.actions[name] = bound(action, self.platform)
        world.on_restore.append(self._seed_again)

    def _actions(self) -> dict[str, Callable[..., Any]]:
        return {
            **authorization.ACTIONS,
            **product_actions.ACTIONS,
            **global_products.ACTIONS,
            **deliveries.ACTIONS,
            **return_actions.ACTIONS,
            **order_actions.ACTIONS,
            **promotions.ACTIONS,
            "tt.load_categories": categories.load_categories,
        }

    def _seed_again(self) -> None:
        with self.world.transaction("tiktok starts"):
            categories.seed_brands(self.platform)

    # -- the Double protocol -----------------------------------------------------------------------------------

    def owns(self, path: str) -> bool:
        """Everything that is neither BigCommerce's nor the control's."""
        return path != "/" and path.split("/", 2)[1] not in _NOT_OURS

    def tenant(self, request: Request) -> str:
        """The shop a call is for: by its cipher, else by its token when the seller has one shop."""
        found = self.platform.ciphers.get(request.query.get("shop_cipher", ""))
        if found is not None:
            return str(found["shop_id"])
        token = self.platform.tokens.get(request.headers.get("x-tts-access-token", ""))
        if token is None:
            return ""
        shops = self.platform.shops_of(token["seller_id"])
        return shops[0].id if len(shops) == 1 else ""

    def handle(self, request: Request) -> Response:
        """Answer from the CDN, the consent page, the token host or the API."""
        self.platform.address = uploads.base(request)
        if request.path.startswith("/_tiktok/"):
            return uploads.serve(self.platform, request)
        if request.path in _AUTHORIZE:
            return authorization.authorize_page(self.platform, request)
        if request.path in ("/api/v2/token/get", "/api/v2/token/refresh"):
            return authorization.token_call(self.platform, request)
        return self.gateway.answer(request)

    def crash(self, request: Request, error: Exception) -> Response:  # noqa: ARG002 - a client sees no more than this
        """The platform's internal error: a client sees no more than that."""
        return envelope({}, 36009003, "Internal error. Please try again.", status=500)

    def summary(self) -> dict[str, Any]:
        """Counts per shop, for the control pages."""
        shops = (self.platform.shop(str(key)) for key in self.platform.shops.keys())  # noqa: SIM118 - a table is not a mapping
        return {
            f"{shop.facts['name']} ({shop.id}, {shop.facts['region']})": {
                "products": shop.product_index.statuses(),
                "orders": shop.order_index.statuses(),
                "packages": shop.package_index.statuses(),
                "cancellations": shop.cancellation_index.statuses(),
                "returns": shop.return_index.statuses(),
            }
            for shop in shops
        }

    def _revoke(self, call: Call) -> None:
        authorization.deauthorize(self.platform, call.app_key, call.seller_id)


def bound(action: Callable[..., Any], *first: Any) -> Callable[..., Any]:
    """An action with its first arguments filled in; keeps name, docstring and the signature of the rest.

    Wrong arguments are refused by name, as everything else a person asks for wrongly.
    """
    signature = inspect.signature(action)
    rest = list(signature.parameters.values())[len(first) :]
    shown = signature.replace(parameters=rest)

    def run(**arguments: Any) -> Any:
        try:
            shown.bind(**arguments)
        except TypeError as error:
            raise Refused(str(error)) from error
        return action(*first, **arguments)

    update_wrapper(run, action)
    run.__signature__ = shown  # type: ignore[attr-defined]
    return run
