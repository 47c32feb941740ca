"""The newer model of returns: requests and parcels on their way back, apart from each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.aftersales.cancellations import ANSWER_SECONDS
from twinshelf_sandbox.tiktok.aftersales.return_approval import make_offer, reject_reasons_of, why_not
from twinshelf_sandbox.tiktok.aftersales.return_search import shown
from twinshelf_sandbox.tiktok.aftersales.returns import (
    AWAITING,
    COMPLETE,
    DISPUTE_SECONDS,
    OFFERED,
    REJECT,
    REJECT_PARCEL,
    SHIPPED,
    SUCCESS,
    aftersales_status,
    approve_request,
    kind_status,
    move,
    returned_lines,
    send_replacement,
    succeed,
)
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

_RMA: Final = {AWAITING: "AWAITING_BUYER_RETURN", SHIPPED: "PENDING_PACKAGE_REVIEW"}


class _Between(msgspec.Struct):
    min_unix_time_inclusive: int | None = None
    max_unix_time_exclusive: int | None = None


class _Times(msgspec.Struct):
    create_time: _Between | None = None
    update_time: _Between | None = None


class _Filters(msgspec.Struct):
    aftersales_request_ids: list[str] | None = None
    aftersales_request_statuses: list[str] | None = None
    rma_ids: list[str] | None = None
    statuses: list[str] | None = None
    return_types: list[str] | None = None
    main_order_ids: list[str] | None = None
    buyer_ids: list[str] | None = None
    time: _Times | None = None


class _Sort(msgspec.Struct):
    sort_field: str = "CREATE_TIME"
    sort_order: str = "ASC"


class _Pagination(msgspec.Struct):
    page_size: int = 20
    page_token: str = ""


class _NewSearch(msgspec.Struct):
    whitelisted_data_fields: list[str] = []
    filters: _Filters | None = None
    sort: _Sort | None = None
    pagination: _Pagination | None = None


def _new_rows(call: Call, body: _NewSearch, status: Callable[[Entity], str]) -> tuple[list[Entity], int, str]:
    filters, sort, paging = body.filters or _Filters(), body.sort or _Sort(), body.pagination or _Pagination()
    if not 1 <= paging.page_size <= 100:
        raise call.bad("`page_size` must be 1 to 100")
    # The token is in the body here: it is bound to the rest of it.
    asked = status.__name__.encode() + msgspec.json.encode((filters, sort))
    start = int(call.platform.paging.place(asked, paging.page_token, _BAD)) if paging.page_token else 0
    ids = set(filters.aftersales_request_ids or filters.rma_ids or ())
    statuses = set(filters.aftersales_request_statuses or filters.statuses or ())
    kinds, order_ids, buyers = (
        set(filters.return_types or ()),
        set(filters.main_order_ids or ()),
        set(filters.buyer_ids or ()),
    )
    times = filters.time or _Times()

    def between(at: int, given: _Between | None) -> bool:
        return given is None or (
            (given.min_unix_time_inclusive is None or at >= given.min_unix_time_inclusive)
            and (given.max_unix_time_exclusive is None or at < given.max_unix_time_exclusive)
        )

    found = [
        row
        for row in call.shop.returns.values()
        if (not ids or row["id"] in ids)
        and (not statuses or status(row) in statuses)
        and (not kinds or row["type"] in kinds)
        and (not order_ids or row["order_id"] in order_ids)
        and (not buyers or row["user_id"] in buyers)
        and between(row["create_time"], times.create_time)
        and between(row["update_time"], times.update_time)
    ]
    field = "update_time" if sort.sort_field == "UPDATE_TIME" else "create_time"
    found.sort(key=lambda row: (row[field], row["id"]), reverse=sort.sort_order == "DESC")
    page = found[start : start + paging.page_size]
    more = start + paging.page_size < len(found)
    token = call.platform.paging.token(asked, str(start + paging.page_size)) if more else ""
    return page, len(found), token


def _sku_request(shop: Shop, row: Entity) -> Entity:
    entry = shown(shop, row)
    discount, fee = entry.pop("discount_amount")[0], entry.pop("shipping_fee_amount")[0]
    entry["discount"] = {name: value for name, value in discount.items() if name != "currency"}
    entry["shipping_fee"] = {f"{name}_amount": value for name, value in fee.items() if name != "currency"}
    return {name: value for name, value in entry.items() if name not in {"can_buyer_keep_item", "partial_refund"}}


def _new_lines(shop: Shop, row: Entity) -> list[Entity]:
    lines = returned_lines(shop.orders[row["order_id"]], row)
    return [
        {
            "return_line_item_id": i,
            "sku_id": line["sku_id"],
            "main_order_id": row["order_id"],
            "sku_return_request_id": row["id"],
        }
        for (i, _), line in zip(row["lines"], lines, strict=True)
    ]


def search_aftersales(call: Call) -> Any:
    """Requests of buyers in the newer model."""
    body = call.body(_NewSearch)
    rows, total, token = _new_rows(call, body, aftersales_status)
    entries = []
    for row in rows:
        entry: Entity = {"id": row["id"], "status": aftersales_status(row)}
        if "LINE_ITEMS" in body.whitelisted_data_fields:
            entry["line_items"] = _new_lines(call.shop, row)
        if "SKU_RETURN_REQUESTS" in body.whitelisted_data_fields:
            entry["sku_return_requests"] = [_sku_request(call.shop, row)]
        entries.append(entry)
    return {"aftersales_requests": entries, "total_count": total, "next_page_token": token}


def _rma_status(row: Entity) -> str:
    return _RMA.get(
        row["status"], "PACKAGE_REVIEW_COMPLETED" if row["status"] in (SUCCESS, COMPLETE, REJECT_PARCEL) else "INIT"
    )


def search_rma(call: Call) -> Any:
    """Parcels on their way back in the newer model."""
    body = call.body(_NewSearch)
    rows, total, token = _new_rows(call, body, _rma_status)
    entries = []
    for row in rows:
        entry: Entity = {
            "id": row["id"],
            "package_id": "",
            "aftersales_request_id": row["id"],
            "status": _rma_status(row),
        }
        if "LINE_ITEMS" in body.whitelisted_data_fields:
            entry["line_items"] = _new_lines(call.shop, row)
        if "SKU_RETURN_REQUESTS" in body.whitelisted_data_fields:
            entry["sku_return_requests"] = [_sku_request(call.shop, row)]
        entries.append(entry)
    return {"return_merchandise_authorizations": entries, "total_count": total, "next_page_token": token}


class _Solution(msgspec.Struct):
    partial_refund_amount: str | None = None
    currency: str | None = None


class _Why(msgspec.Struct):
    reason_id: str | None = None
    text: str | None = None


class _LineDecision(msgspec.Struct):
    action: str = ""
    line_items: list[dict[str, Any]] = []
    alternative_solution_details: _Solution | None = None
    reason: _Why | None = None


class _Decision(msgspec.Struct):
    request_id: str = ""
    line_item_decisions: list[_LineDecision] = []
    request_id_type: str | None = None
    idempotency_key: str | None = None


class _Review(msgspec.Struct):
    aftersales_request_decisions: list[_Decision] = []


def review(call: Call) -> Any:
    """Decide on requests of the newer model, several in one call. Errors are listed; their codes are texts."""
    shop = call.shop
    errors = []
    for at, given in enumerate(call.body(_Review).aftersales_request_decisions):
        key = given.idempotency_key
        if key and f"review:{key}" in shop.idempotency:
            continue
        try:
            if call.breaks(given.request_id, at):
                raise call.broken()
            with call.platform.world.savepoint():
                _review_one(shop, given)
        except ApiError as error:
            errors.append({"code": str(error.code), "message": f"{given.request_id}: {error.message}"})
            continue
        if key:
            shop.idempotency.put(f"review:{key}", {"answer": {}})
    return {"errors": errors} if errors else {}


def _review_one(shop: Shop, given: _Decision) -> None:
    row = shop.returns.get(given.request_id)
    if row is None:
        raise ApiError(25007006)
    for entry in given.line_item_decisions[:1]:  # the double keeps one request per decision
        kind = row["type"]
        decision = {
            "APPROVE_REQUEST": {"REFUND": "APPROVE_REFUND", "RETURN_AND_REFUND": "APPROVE_RETURN"}.get(
                kind, "APPROVE_REPLACEMENT"
            ),
            "REJECT_REQUEST": {"REFUND": "REJECT_REFUND", "RETURN_AND_REFUND": "REJECT_RETURN"}.get(
                kind, "REJECT_REPLACEMENT"
            ),
            "APPROVE_RETURN_PACKAGE": "APPROVE_RECEIVED_PACKAGE",
            "REJECT_RETURN_PACKAGE": "REJECT_RECEIVED_PACKAGE",
            "OFFER_PARTIAL_REFUND": "OFFER_PARTIAL_REFUND",
            "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG": "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG",
            "REFUND_INSTEAD": "ISSUE_REPLACEMENT_REFUND" if kind in ("REPLACEMENT", "EXCHANGE") else "DIRECT_REFUND",
        }.get(entry.action)
        if decision is None:
            raise ApiError(25001001)
        if (problem := why_not(row, decision)) is not None:
            raise problem
        if decision.startswith("REJECT") and (entry.reason or _Why()).reason_id not in reject_reasons_of(
            shop, row, decision
        ):
            raise ApiError(25001014)
        _carry_out(shop, row, decision, entry.alternative_solution_details or _Solution())


def _carry_out(shop: Shop, row: Entity, decision: str, offer: _Solution) -> None:
    match decision:
        case "APPROVE_RETURN":
            approve_request(shop, row)
        case "APPROVE_REPLACEMENT":
            send_replacement(shop, row)
        case "OFFER_PARTIAL_REFUND" | "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG":
            make_offer(shop, row, offer.partial_refund_amount, offer.currency)
            move(shop, row, OFFERED, ANSWER_SECONDS)
        case "REJECT_RECEIVED_PACKAGE":
            move(shop, row, REJECT_PARCEL, DISPUTE_SECONDS)
        case "REJECT_REFUND" | "REJECT_RETURN":
            move(shop, row, REJECT, DISPUTE_SECONDS)
        case "REJECT_REPLACEMENT":
            move(shop, row, kind_status(row["type"], "REJECT" if row["type"] == "REPLACEMENT" else "CANCEL"))
        case _:
            succeed(shop, row)


_SCOPE: Final = "seller.return_refund.basic"
_BAD: Final = 25001001
_PATH: Final = "/return_refund/{v}"

ENDPOINTS: Final = (
    Endpoint("POST", f"{_PATH}/aftersales/search", ("202603",), _SCOPE, search_aftersales, bad_input=_BAD),
    Endpoint("POST", f"{_PATH}/rma/search", ("202604",), _SCOPE, search_rma, bad_input=_BAD),
    Endpoint("POST", f"{_PATH}/aftersales/review", ("202609",), _SCOPE, review, bad_input=_BAD),
)
