"""TikTok Shop's refusals, by what the program does about them: one function sorts every code that is not 0.

What a person reads is `twinshelf.messages`' business. A class of its own exists only where a caller acts on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from twinshelf.errors import NotFound, PlatformDown, Refused, Transient, Unauthorized
from twinshelf.messages import say
from twinshelf.tiktok import messages, wire

PLATFORM: Final = "TikTok Shop"

TOKEN_EXPIRED: Final = 105002
BAD_PARAMETER: Final = 36009004
SCOPE_MISSING: Final = 105005
THROTTLED: Final = frozenset({36009002, 36009037})
HOUR_USED_UP: Final = 36009037

# "Internal error", "timeout", "try again later": the call was right, and may be made again. Of these nobody can say
# whether a write took effect. Source: docs/platforms/tiktok-shop.md section 4.4.
_DOWN: Final = frozenset(
    {36009003, 36009007, 10002014, 10002015, 10037002, 10037003, 10037004, 11001027, 11001031, 11006005, 11006026}
    | {21001003, 21001008, 21001011, 21022026, 21022029, 21022030, 21042001, 25001028, 25001058, 25007002}
    | {12001000, 12052881, 33001002}
)

# Nothing to correct, but not now: code → seconds. The category upgrade takes up to two hours, a label about a minute.
_LATER: Final = {12052234: 900.0, 11034023: 60.0, 11034037: 60.0}

_LISTING_CAP: Final = 12052093
_WRONG_SHOP: Final = frozenset({101000})
_NO_CATEGORY: Final = frozenset({12019064, 12052912, 12052913})

ALREADY_SHIPPED: Final = frozenset({21008099, 21011006, 21011020, 21011040, 11006021, 21042056, 21023046})


class ListingCapReached(Transient):
    """The shop may make no more listings today (12052093). `wait_seconds` is a guess: TikTok does not tell the hour."""


class TooManyRows(Refused):
    """A product search would end at 10,000 rows (12052180): cut it into slices of time."""


class ShopDisabled(Refused):
    """TikTok serves neither this shop nor its seller at the moment: pause all of its work."""


class PriceLocked(Refused):
    """The product is in a promotion: its price can be set again when that has ended."""


class WrongStatus(Refused):
    """The listing's status does not allow the change: read it again before the next try."""


class AlreadyListed(Refused):
    """The external product id is taken: the listing exists; look it up instead of making a second."""


class NoCategory(Refused):
    """TikTok has no category to recommend."""


class OnHold(Refused):
    """The buyer may still cancel without asking: ship after the hold, not before."""


class OrderCancelled(Refused):
    """Too late: the order or its package is cancelled."""


class RequestPending(Refused):
    """The buyer asked to cancel or return, and wants an answer before anything is shipped."""


class AlreadyShipped(Refused):
    """The units were shipped before, and not with what we wanted to report."""


class AlreadyDelivered(Refused):
    """The package has arrived: nothing about its shipment can change."""


class ShippedByTikTok(Refused):
    """Not for the seller to ship."""


class TrackingRefused(Refused):
    """The tracking number does not fit the carrier, or was used before."""


class WrongState(Refused):
    """The cancellation or return is done, under way, or in a state that does not allow the decision."""


_CLOSED_WAREHOUSE: Final = frozenset({12052531, 12052096, 12052403})
"""Source: Update Inventory; 12052531 was split into the others in 2025 (docs/platforms/tiktok-shop.md section 13)."""


@dataclass(frozen=True)
class RefusedItem:
    """One item that a call left out although it succeeded as a whole. `warehouse_id` is "" unless it is to blame."""

    id: str
    code: int
    message: str
    warehouse_id: str = ""

    @property
    def closed(self) -> bool:
        """Whether it was left out because its warehouse is switched off."""
        return bool(self.warehouse_id) and self.code in _CLOSED_WAREHOUSE


def explain(code: int, message: str) -> str:
    """What a code of TikTok Shop means, in our words where we have some, else in its own."""
    return say(messages.code_of(code), {"platform": PLATFORM, "answer": _words(code, message)})


def _words(code: int, message: str) -> str:
    return message.strip() or f"code {code}"


class PartlyRefused(Refused):
    """Some `items` of one call were refused; the others took effect. The first item's reason speaks for all."""

    def __init__(self, items: tuple[RefusedItem, ...], *, request_id: str = "") -> None:
        self.items = items
        first = items[0]
        super().__init__(
            PLATFORM,
            _words(first.code, first.message),
            platform_code=first.code,
            request_id=request_id,
            fields=tuple((item.id, explain(item.code, item.message)) for item in items),
            code=messages.code_of(first.code),
            items=", ".join(dict.fromkeys(item.id for item in items)),
        )

    def one_by_one(self) -> dict[str, PartlyRefused]:
        """The refusal of each item by its id."""
        return {item.id: PartlyRefused((item,), request_id=self.request_id) for item in self.items}


class _ExtraError(msgspec.Struct, frozen=True):
    code: int
    message: str = ""
    warehouse_id: str = ""


class _Detail(msgspec.Struct, frozen=True):
    product_id: str = ""
    sku_id: str = ""
    order_id: str = ""
    extra_errors: list[_ExtraError] = []


class _ItemError(msgspec.Struct, frozen=True):
    code: int
    message: str = ""
    detail: _Detail = _Detail()


class _Errors(msgspec.Struct, frozen=True):
    errors: list[_ItemError] = []


def refused_items(
    data: bytes | msgspec.Raw, id_field: Literal["product_id", "sku_id", "order_id"]
) -> tuple[RefusedItem, ...]:
    """The items that an answer with code 0 names in `errors`; none if all took effect.

    Where TikTok gives closer reasons (`extra_errors`), these stand for the general one.
    """
    items: list[RefusedItem] = []
    for error in wire.read(data, _Errors).errors:
        item_id: str = getattr(error.detail, id_field)
        closer = error.detail.extra_errors or [_ExtraError(code=error.code, message=error.message)]
        items += [RefusedItem(item_id, reason.code, reason.message, reason.warehouse_id) for reason in closer]
    return tuple(items)


_KINDS: Final[dict[int, type[Refused]]] = {
    code: kind
    for kind, codes in (
        (NotFound, (12052030, 12052031, 12052032, 12052034, 12052048, 12052260, 12019150, 21011001, 25007006)),
        (TooManyRows, (12052180,)),
        (ShopDisabled, (36009043, 36009044, 12052700)),
        (PriceLocked, (12019045, 12052038)),
        (WrongStatus, (12019113, 12052901)),
        (AlreadyListed, (12052996,)),
        (NoCategory, tuple(_NO_CATEGORY)),
        (OnHold, (21011044,)),
        (OrderCancelled, (21011041, 21011042, 21023059)),
        (RequestPending, (21011007, 21008044, 21021010)),
        (AlreadyShipped, tuple(ALREADY_SHIPPED)),
        (AlreadyDelivered, (21011027, 21011030)),
        (ShippedByTikTok, (21011004, 21008025, 21008043, 21008117)),
        (TrackingRefused, (21011022, 21004012, 21004015, 21004016, 11028006, 21011025, 21011026, 21034012)),
        (
            WrongState,
            (25001003, 25001010, 25001011, 25001044, 25001045, 25001051, 25011011, 25011012, 25011013, 25011014),
        ),
        (WrongState, (25011035, 25020003, 25020004, 25020009, 25020010, 25020011, 25020012)),
    )
    for code in codes
}


def is_down(code: int) -> bool:
    """Whether a code says no more than "not now": the same call may be made again at once."""
    return code in _DOWN


def refusal(code: int, message: str, *, request_id: str = "", repeatable: bool = True) -> Exception:
    """The error that a business code stands for. Throttling, expired tokens and missing scopes are the client's.

    `repeatable` says of the call whether doing it twice is harmless; if it is not, a code that leaves the outcome open
    is marked so.
    """
    text = explain(code, message)
    if is_down(code):
        return PlatformDown(f"{PLATFORM}: {text} (code {code}, request {request_id})", outcome_unknown=not repeatable)
    if code in _LATER:
        return Transient(f"{PLATFORM}: {text}", wait_seconds=_LATER[code])
    if code == _LISTING_CAP:
        return ListingCapReached(f"{PLATFORM}: {text}", wait_seconds=3600.0)
    if code in _WRONG_SHOP:
        return Unauthorized(PLATFORM, _words(code, message))
    return _KINDS.get(code, Refused)(
        PLATFORM, _words(code, message), platform_code=code, request_id=request_id, code=messages.code_of(code)
    )
