"""Invoices that parcels in Brazil travel with. Source: `docs/platforms/tiktok-shop.md` section 16."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.fulfillment.packages import keep, orders_of
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.orders.order_states import put, touch
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity


class _Invoice(msgspec.Struct):
    package_id: str = ""
    order_ids: list[str] | str = []
    file_type: str = ""
    file: str = ""


class _Invoices(msgspec.Struct):
    invoices: list[_Invoice] = []


def upload_invoice(call: Call) -> Any:
    """Brazil: an NF-e per package, checked a little later; shipping waits for it."""
    shop, body = call.shop, call.body(_Invoices)
    if shop.facts["region"] != "BR":
        raise ApiError(21008106)
    if not 1 <= len(body.invoices) <= 500:
        raise ApiError(21001001)
    errors = []
    for entry in body.invoices:
        package = shop.packages.get(entry.package_id)
        try:
            content = base64.b64decode(entry.file, validate=True)
        except ValueError:
            content = b""
        if (
            package is None
            or not content
            or len(content) > 1024 * 1024
            or entry.file_type != "XML"
            or package["invoice"] in ("PROCESSING", "SUCCESS")
        ):
            ids = [entry.order_ids] if isinstance(entry.order_ids, str) else entry.order_ids
            errors.append(ApiError(10007014).entry(package_id=entry.package_id, order_ids=ids))
            continue
        _set_invoice(shop, package, "PROCESSING")
        valid = b"<" in content and b"NFe" in content
        payload = {"shop": shop.id, "package": package["id"], "valid": valid}
        shop.platform.world.schedule(shop.now + 30, "tt.invoice", payload)
    return {"errors": errors} if errors else {}


def _set_invoice(shop: Shop, package: Entity, status: str, why: str = "") -> None:
    package["invoice"] = status
    keep(shop, package)
    word = {"PROCESSING": "INVOICE_PROCESSING", "SUCCESS": "INVOICE_UPLOADED"}.get(status, "NEED_INVOICE")
    for order in orders_of(shop, package):
        order["need_upload_invoice"] = word
        touch(shop, order)
        put(shop, order)
    shop.effect("invoice", package["id"], status=status)
    data = {
        "package_id": package["id"],
        "order_ids": package["order_ids"],
        "invoice_status": status,
        "invalid_reason": why,
    }
    webhooks.notify(shop, "INVOICE_STATUS_CHANGE", data)


def check_invoice(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that ends the check of an invoice."""
    shop = platform.shop(payload["shop"])
    package = shop.packages.get(payload["package"])
    if package is not None and package["invoice"] == "PROCESSING":
        _set_invoice(
            shop, package, "SUCCESS" if payload["valid"] else "INVALID", "" if payload["valid"] else "NOT_FOUND"
        )


JOBS: Final[dict[str, Callable[[Platform, dict[str, Any]], None]]] = {"tt.invoice": check_invoice}

_BASIC: Final = "seller.fulfillment.basic"
_BAD: Final = 21001001

ENDPOINTS: Final = (
    Endpoint("POST", "/fulfillment/{v}/invoice/upload", ("202502",), _BASIC, upload_invoice, bad_input=_BAD),
)
