"""Cancellations and returns: asked for by the seller or the buyer, granted or declined when the buyer asks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final

from twinshelf.documents import CancellationRequest, Money, ReturnChoice, ReturnDecision, ReturnEvent, ShopReturn
from twinshelf.tiktok import cancellations, returns, wire
from twinshelf.tiktok.client.calls import Calls, nothing
from twinshelf.tiktok.wire import Page

# What one call takes at most (docs of the endpoints).
CANCELLATIONS_PAGE: Final = 50
RETURNS_PAGE: Final = 50


class AftersaleCalls(Calls):
    """What undoes an order."""

    def cancel_reasons(self, order_id: str) -> tuple[str, ...]:
        """The reasons with which the seller can cancel the whole order now; () if it cannot be cancelled.

        Source: Get Aftersale Eligibility, GET /return_refund/202602/orders/{order_id}/aftersale_eligibility.
        """
        return self._get(
            "/return_refund/202602/orders/{}/aftersale_eligibility",
            cancellations.reasons_from_json,
            ids=(order_id,),
            query={"initiate_aftersale_user": "SELLER", "request_types": "CANCEL"},
        )

    def cancel_order(self, order_id: str, reason: str) -> tuple[str, str]:
        """Cancel the whole order with one of `cancel_reasons`, and return (cancel id, status).

        Not repeatable: read the order, or `cancel_reasons`, first. Raises WrongState if TikTok does not allow it now.
        Source: Cancel Order, POST /return_refund/202602/cancellations.
        """
        body = {"order_id": order_id, "cancel_reason": reason}
        return self._post(
            "/return_refund/202602/cancellations", cancellations.cancelled_from_json, body, repeatable=False
        )

    def cancellations_page(
        self,
        *,
        updated_from: datetime | None = None,
        updated_to: datetime | None = None,
        order_ids: Collection[str] = (),
        page_token: str = "",
    ) -> Page[CancellationRequest]:
        """One page of 50 cancellations changed from `updated_from` until before `updated_to`, oldest change first.

        Source: Search Cancellations, POST /return_refund/202602/cancellations/search.
        """
        body, query = _changed(updated_from, updated_to, order_ids, page_token, CANCELLATIONS_PAGE)
        return self._post(
            "/return_refund/202602/cancellations/search",
            lambda data: wire.page(data, "cancellations", cancellations.cancellation_from_json, id_field="cancel_id"),
            body,
            query=query,
        )

    def cancellation_pages(
        self, *, updated_from: datetime | None = None, order_ids: Collection[str] = ()
    ) -> Iterator[Page[CancellationRequest]]:
        """All pages of cancellations changed from `updated_from` on, or of these orders, each asked for when wanted.

        Raises PlatformDown, besides, where they lead in a circle.
        """
        return self._pages(
            lambda token: self.cancellations_page(updated_from=updated_from, order_ids=order_ids, page_token=token)
        )

    def approve_cancellation(self, cancel_id: str, key: str) -> None:
        """Grant a buyer's request. Safe to repeat with the same `key`. Raises WrongState if it is decided already.

        Source: Approve Cancellation, POST /return_refund/202309/cancellations/{cancel_id}/approve.
        """
        path = "/return_refund/202309/cancellations/{}/approve"
        self._post(path, nothing, {}, ids=(cancel_id,), query={"idempotency_key": key}, keyed=True)

    def reject_cancellation(self, cancel_id: str, reason: str, key: str) -> None:
        """Decline a buyer's request with one of `reject_reasons`. Safe to repeat with the same `key`.

        In the US do not: shipping the order declines it. Raises WrongState if it is decided already.
        Source: Reject Cancellation, POST /return_refund/202309/cancellations/{cancel_id}/reject.
        """
        path = "/return_refund/202309/cancellations/{}/reject"
        self._post(
            path, nothing, {"reject_reason": reason}, ids=(cancel_id,), query={"idempotency_key": key}, keyed=True
        )

    def reject_reasons(self, request_id: str) -> tuple[tuple[str, str], ...]:
        """(name, text) of the reasons with which a cancellation or return can be declined.

        Source: Get Reject Reasons, GET /return_refund/202309/reject_reasons.
        """
        return self._rows(
            "/return_refund/202309/reject_reasons",
            "reasons",
            cancellations.reject_reason_from_json,
            query={"return_or_cancel_id": request_id},
        )

    def returns_page(
        self, *, updated_from: datetime | None = None, order_ids: Collection[str] = (), page_token: str = ""
    ) -> Page[ShopReturn]:
        """One page of 50 returns changed from `updated_from` on, or of these orders, oldest change first.

        Source: Search Returns, POST /return_refund/202602/returns/search. Without any, the list is left out.
        """
        body, query = _changed(updated_from, None, order_ids, page_token, RETURNS_PAGE)
        return self._post(
            "/return_refund/202602/returns/search",
            lambda data: wire.page(data, "return_orders", returns.return_from_json, id_field="return_id"),
            body,
            query=query,
        )

    def return_pages(
        self, *, updated_from: datetime | None = None, order_ids: Collection[str] = ()
    ) -> Iterator[Page[ShopReturn]]:
        """All pages of returns changed from `updated_from` on, or of these orders, each asked for when wanted.

        Raises PlatformDown, besides, where they lead in a circle.
        """
        return self._pages(
            lambda token: self.returns_page(updated_from=updated_from, order_ids=order_ids, page_token=token)
        )

    def return_records(self, return_id: str) -> tuple[ReturnEvent, ...]:
        """The history of a return, as TikTok gives it. What buyers wrote in it is personal.

        Source: Get Return Records, GET /return_refund/202309/returns/{return_id}/records.
        """
        return self._rows(
            "/return_refund/202309/returns/{}/records", "records", returns.event_from_json, ids=(return_id,)
        )

    def return_choices(self, return_id: str) -> tuple[ReturnChoice, ...]:
        """The decisions that the seller can take on a return now, with the reasons to reject it.

        Source: Get Decision Eligibility, GET /return_refund/202601/decision_eligibility.
        """
        return self._get(
            "/return_refund/202601/decision_eligibility",
            returns.choices_from_json,
            query={"return_or_cancel_id": return_id},
        )

    def decide_return(
        self,
        return_id: str,
        decision: ReturnDecision,
        key: str,
        *,
        reason: str = "",
        comment: str = "",
        amount: Money | None = None,
    ) -> None:
        """Tell what the seller decided. Safe to repeat with the same `key`. Raises WrongState if it is too late.

        Source: Approve Return, POST /return_refund/202309/returns/{return_id}/approve; Reject Return,
        POST /return_refund/202606/returns/{return_id}/reject.
        """
        body: dict[str, Any] = {"decision": decision.value}
        path = "/return_refund/202309/returns/{}/approve"
        if decision.sent_as_rejection:
            path = "/return_refund/202606/returns/{}/reject"
            body |= {"reject_reason": reason} | ({"comment": comment} if comment else {})
        if amount is not None:
            sum_ = {"currency": amount.currency, "amount": str(amount.amount)}
            if decision.sent_as_rejection:
                body["partial_refund_amount"] = {"currency": amount.currency, "partial_refund_total": sum_["amount"]}
            else:
                body["partial_refund"] = sum_
        self._post(path, nothing, body, ids=(return_id,), query={"idempotency_key": key}, keyed=True)


def _changed(
    updated_from: datetime | None,
    updated_to: datetime | None,
    order_ids: Collection[str],
    page_token: str,
    size: int,
) -> tuple[dict[str, Any], dict[str, str]]:
    """(body, query) of a search for what changed in a span, or belongs to these orders, oldest change first."""
    body: dict[str, Any] = {}
    if updated_from is not None:
        body["update_time_ge"] = int(updated_from.timestamp())
    if updated_to is not None:
        body["update_time_lt"] = int(updated_to.timestamp())
    if order_ids:
        body["order_ids"] = list(order_ids)
    query = {"page_size": str(size), "page_token": page_token, "sort_field": "update_time", "sort_order": "ASC"}
    return body, query
