"""The two dialects in which BigCommerce answers: V2 bare bodies and error arrays, V3 envelopes and error objects.

Also its ways of writing numbers, dates and pages. Knows nothing of stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final, TypeGuard
from urllib.parse import quote

import msgspec

from twinshelf_sandbox.wire import Response, json_encode

Json = dict[str, Any]

STATUS_PAGE: Final = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"
STATUS_PAGE_SHORT: Final = "/api-docs/getting-started/api-status-codes"

decode = msgspec.json.Decoder(float_hook=Decimal).decode
encode = json_encode


class Refused(Exception):
    """The platform's answer to a bad call. What the call had changed is put back when this leaves the handler."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(f"{response.status} {response.body[:200].decode(errors='replace')}")


# -- V3 -------------------------------------------------------------------------------------------------------------


def v3_error(
    status: int,
    title: str,
    errors: Mapping[str, Any] | None = None,
    *,
    detail: str | None = None,
    short: bool = False,
) -> Refused:
    """An error object. `short` gives the relative address in `type` that channels, hooks and 413 answers carry."""
    body: Json = {"status": status, "title": title, "type": STATUS_PAGE_SHORT if short else STATUS_PAGE}
    body["errors"] = dict(errors or {})
    if detail is not None:
        body["detail"] = detail
    return Refused(Response(status, encode(body), {"content-type": "application/json"}))


def invalid(errors: Mapping[str, str], title: str = "JSON data is missing or invalid") -> Refused:
    """422 with a message per field, in the style of channels, hooks and listings."""
    return v3_error(422, title, errors, short=True)


def not_found(title: str = "The requested resource was not found.") -> Refused:
    """404 in the V3 dialect."""
    return v3_error(404, title)


def data(value: Any, meta: Json | None = None, status: int = 200) -> Response:
    """`{"data": …, "meta": …}`."""
    return Response.json({"data": value, "meta": meta or {}}, status)


def data_raw(body: bytes, meta: Json | None = None, status: int = 200) -> Response:
    """The same around a value that is JSON already."""
    whole = b'{"data":' + body + b',"meta":' + encode(meta or {}) + b"}"
    return Response(status, whole, {"content-type": "application/json"})


def no_content() -> Response:
    """204, no body."""
    return Response(204)


# -- V2 -------------------------------------------------------------------------------------------------------------


def v2_error(status: int, message: str, details: Json | None = None, *, inner: int | None = None) -> Refused:
    """An error array. `inner` is the status inside the body where it differs from HTTP's, as in one sample."""
    row: Json = {"status": inner or status, "message": message}
    if details:
        row["details"] = details
    return Refused(Response.json([row], status))


def v2_invalid(field: str, reason: str | None = None) -> Refused:
    """400 for a value that cannot be."""
    return v2_error(400, f"The field '{field}' is invalid.", {"invalid_reason": reason} if reason else None)


def v2_missing(field: str) -> Refused:
    """400 for a field that must be there."""
    return v2_error(400, f"The required field '{field}' was not supplied.")


def v2_not_found() -> Refused:
    """404 in the V2 dialect."""
    return v2_error(404, "The requested resource was not found.")


def v2_list(rows: Sequence[Any]) -> Response:
    """A bare array; nothing at all (204) where it would be empty."""
    return Response.json(list(rows)) if rows else no_content()


# -- pages ----------------------------------------------------------------------------------------------------------


def number_param(query: Mapping[str, str], name: str, default: int) -> int:
    """A query parameter that must be a whole number. Source: channels sample, 422 with the text it could not read."""
    text = query.get(name)
    if text is None or text == "":
        return default
    if not is_whole(text):
        raise v3_error(
            422, f'Query parameter "{name}" value must be integer. For input string: "{text[:50]}".', short=True
        )
    return int(text)


def pagination(total: int, count: int, page: int, limit: int, query: Mapping[str, str] | None = None) -> Json:
    """`meta` of a numbered page; `next` is absent on the last one. Links are query strings that keep the filters."""
    pages = max(1, -(-total // limit))
    rest = "".join(f"&{quote(k)}={quote(v)}" for k, v in (query or {}).items() if k not in {"page", "limit"})
    links = {"current": f"?page={page}&limit={limit}{rest}"}
    if page > 1:
        links["previous"] = f"?page={page - 1}&limit={limit}{rest}"
    if page < pages:
        links["next"] = f"?page={page + 1}&limit={limit}{rest}"
    return {
        "pagination": {
            "total": total,
            "count": count,
            "per_page": limit,
            "current_page": page,
            "total_pages": pages,
            "links": links,
        }
    }


# -- values ---------------------------------------------------------------------------------------------------------

_FOUR: Final = Decimal("0.0001")
_MOST_DIGITS: Final = 24
"""Digits before the point of the largest amount that is read at all: far more than any field of the platform holds."""
_MOST_ID_DIGITS: Final = 18


def number(value: Decimal | int | str) -> Decimal | int:
    """A price or measure as V3 writes it: at most 4 decimals, no trailing zeros, whole numbers without a point.

    Raises ValueError for what is no number, or one that no field could hold.
    """
    if isinstance(value, int):
        return value
    try:
        exact = Decimal(value)
        if not exact.is_finite() or exact.adjusted() >= _MOST_DIGITS:
            raise ValueError(value)
        rounded = exact.quantize(_FOUR) if exact != exact.to_integral_value() else exact
    except InvalidOperation:
        raise ValueError(value) from None
    if rounded == rounded.to_integral_value():
        return int(rounded)
    return rounded.normalize()


def money(value: Decimal | int | str) -> str:
    """An amount as V2 writes it: text with four decimals."""
    return f"{Decimal(value):.4f}"


def plain(value: Decimal | int | str | None) -> str | None:
    """An amount for the effect log: exact text without trailing zeros, the same before and after a restart."""
    if value is None:
        return None
    exact = number(value)
    return str(exact) if isinstance(exact, int) else f"{exact:f}"


_LAST: Final = 253_402_300_799  # the end of the year 9999


@lru_cache(maxsize=1024)
def _at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@lru_cache(maxsize=1024)
def _iso(second: int) -> str:
    return _at(second).strftime("%Y-%m-%dT%H:%M:%S")


def iso(timestamp: float) -> str:
    """`2018-08-15T14:48:46+00:00`, as the catalog writes dates."""
    return _iso(int(timestamp)) + "+00:00"


def iso_z(timestamp: float) -> str:
    """`2018-08-15T14:48:46Z`, as channels, locations and price lists write dates."""
    return _iso(int(timestamp)) + "Z"


def rfc2822(timestamp: float | None) -> str:
    """`Wed, 13 Mar 2019 16:35:37 +0000`; an unset date is ""."""
    return "" if timestamp is None else format_datetime(_at(int(timestamp)))


def parse_date(text: str, now: float) -> float:
    """A date a client sends, ISO-8601 or RFC-2822, as Unix seconds; without a zone it is UTC.

    A date without a time gets the time of day of the request. Raises ValueError.
    Source: BigCommerce docs, reference/catalog/products_catalog.v3.yml, `date_modified`.
    """
    text = text.strip()
    if len(text) == 10 and text[4] == "-":
        day = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
        return day + now % 86400
    if text[:1].isdigit() and "T" not in text and " " not in text and text.replace(".", "").isdigit():
        return min(float(text), float(_LAST))
    try:
        # A plus sign that was not encoded arrives as a blank.
        parsed = datetime.fromisoformat(text.replace(" 00:00", "+00:00") if "T" in text else text)
    except ValueError:
        try:
            parsed = parsedate_to_datetime(text)
        except (TypeError, IndexError) as error:
            raise ValueError(text) from error
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return parsed.timestamp()


def ints(text: str) -> list[int]:
    """The whole numbers of an `:in` filter; anything else in it matches nothing and is dropped."""
    return [int(part) for part in text.split(",") if is_whole(part)]


def is_whole(text: str) -> bool:
    """Whether a text is a whole number that could be an id or a quantity, in plain digits."""
    digits = text.strip().removeprefix("-")
    return len(digits) <= _MOST_ID_DIGITS and digits.isascii() and digits.isdigit()


def whole_number(value: Any) -> int | None:
    """The whole number a client sent as a number or as text, such as 3, 3.0 or "3"; None for what is none."""
    if isinstance(value, str) and is_whole(value):
        return int(value)
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < _MOST_ID_DIGITS:
        return int(value) if value == value.to_integral_value() else None
    return value if type(value) is int else None


def id_of(value: Any) -> int:
    """The id a client sent; 0, which nothing has, for what is no id."""
    return value if type(value) is int and 0 <= value < 1 << 62 else 0


def objects(value: Any) -> TypeGuard[list[Json]]:
    """Whether a value is an array of objects."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def truth(text: str) -> bool:
    """A boolean filter: true and 1 are true, anything else is false."""
    return text.strip().lower() in {"1", "true"}


def join(pieces: Iterable[bytes]) -> bytes:
    """A JSON array of values that are JSON already."""
    return b"[" + b",".join(pieces) + b"]"
