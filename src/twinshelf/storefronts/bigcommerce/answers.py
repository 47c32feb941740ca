"""What an answer means: fine, not now, not allowed, or no, in words a merchant can act on. Pure.

Source: BigCommerce docs, docs/start/about/status-codes.mdx, docs/api-docs/getting-started/api-rate-limits.mdx,
docs/start/migration/4_errors.md; reference/orders.v2.oas2.yml for V2's array of errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from twinshelf.errors import (
    NotFound,
    OutOfStock,
    PlatformDown,
    Refused,
    ScopeMissing,
    Throttled,
    Unauthorized,
)

PLATFORM = "BigCommerce"

_LONGEST_WAIT_SECONDS = 3600.0  # its windows last 30 s; more than this in a header is a mistake
_LONGEST_TEXT = 500
_MOST_FIELDS = 100

# Server errors that no repeating cures: a method it lacks, an HTTP version, a limit of the merchant's plan.
_FINAL_5XX = frozenset({501, 505, 507})
# Client errors that pass by themselves: time-outs and locks.
_PASSING_4XX = frozenset({408, 423, 425, 499})

_OUT_OF_STOCK = "OutOfStock"
_QUANTITY_RULES = frozenset({"ExceedsMaxQuantity", "InsufficientQuantity"})  # no stock that comes back cures these
_V2_FIELD = re.compile(r"[Ff]ield '([^']{1,100})'")


@dataclass(frozen=True)
class Complaint:
    """What an error body says. `kinds` are the types of V2's order errors, such as OutOfStock."""

    message: str
    fields: tuple[tuple[str, str], ...] = ()
    kinds: frozenset[str] = frozenset()


def judge(
    status: int, headers: Mapping[str, str], body: bytes, *, content_type: str, doing: str, repeatable: bool
) -> None:
    """Return if the call succeeded and its body is JSON (or rightly absent); otherwise raise what it means.

    `doing` names the operation for people. Header names are lower-case. Raises Throttled, whose `wait_seconds` is 0
    where the answer names no wait; PlatformDown, with `outcome_unknown` unless `repeatable`; Unauthorized;
    ScopeMissing; NotFound; OutOfStock; Refused.

    A partial success (207) is Refused as well: what is named in `fields` was not done, the rest was.
    """
    if status in {200, 201, 202}:
        if not content_type.endswith("json"):
            unknown = content_type or "no content type"
            raise PlatformDown(f"{PLATFORM} answered with {unknown} instead of JSON", outcome_unknown=not repeatable)
        return
    if status == 204:
        return
    if status == 429:
        raise Throttled(f"{PLATFORM} refused {doing} for being one call too many", wait_seconds=wait_seconds(headers))
    complaint = complaint_from_json(body)
    text = complaint.message or f"HTTP {status}"
    if (status >= 500 and status not in _FINAL_5XX) or status in _PASSING_4XX:
        raise PlatformDown(
            f"{PLATFORM} is not available: {text}",
            wait_seconds=min(_number(headers.get("x-retry-after")), _LONGEST_WAIT_SECONDS),
            outcome_unknown=not repeatable,
        )
    if status == 401:
        raise Unauthorized(PLATFORM, text)
    if status == 403 and "scope" in text.lower():
        raise ScopeMissing(PLATFORM, doing)
    lacking = status == 409 and _OUT_OF_STOCK in complaint.kinds and not complaint.kinds & _QUANTITY_RULES
    kind = NotFound if status == 404 else OutOfStock if lacking else Refused
    if status == 207:
        text = f"only a part was done. {text}"
    raise kind(
        PLATFORM, text, platform_code=status, fields=complaint.fields, request_id=headers.get("x-request-id", "")
    )


def wait_seconds(headers: Mapping[str, str]) -> float:
    """How long the answer asks us to wait: the longer of its two waits, 0 if it names none.

    `X-Retry-After` is in seconds, `X-Rate-Limit-Time-Reset-Ms` in milliseconds.
    Source: api-rate-limits.mdx; migration/4_errors.md.
    """
    waits = (
        _number(headers.get("x-retry-after")),
        _number(headers.get("retry-after")),
        _number(headers.get("x-rate-limit-time-reset-ms")) / 1000,
    )
    return min(max(waits), _LONGEST_WAIT_SECONDS)


def complaint_from_json(body: bytes) -> Complaint:
    """Read V3's object, V2's array, and the odd shapes in between; never fails. Email addresses are blanked out.

    Refused order lines are named `sku:…` where stock is tracked per variant and `product:…` (its id) elsewhere.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return Complaint(_plain(body))
    entries = [entry for entry in islice(_entries(found), _MOST_FIELDS) if isinstance(entry, dict)]
    texts, fields, kinds = [], [], set()
    for entry in entries:
        text = _text(entry.get("title") or entry.get("message") or entry.get("error") or entry.get("detail"))
        texts.append(text)
        fields += _named_fields(entry.get("errors"))
        details = entry.get("details")
        if isinstance(details, dict):
            reason = _text(details.get("invalid_reason"))
            fields += [(name, reason or text) for name in _V2_FIELD.findall(text)]
            for line, what in _refused_lines(details.get("errors")):
                kinds.add(what)
                fields.append(line)
        elif "status" in entry and "message" in entry:
            fields += [(name, text) for name in _V2_FIELD.findall(text)]
    message = " ".join(dict.fromkeys(filter(None, texts)))
    if fields:
        named = "; ".join(f"{name}: {text}" if name else text for name, text in fields if text not in texts)
        message = f"{message} ({named})".strip() if named else message
    return Complaint(message[:_LONGEST_TEXT], tuple(fields[:_MOST_FIELDS]), frozenset(kinds))


def _entries(found: Any) -> Iterator[Any]:
    """The single errors in any of the shapes: an object, an array, or an object with errors under a key."""
    if isinstance(found, list):
        yield from found
        return
    if not isinstance(found, dict):
        return
    batch = found.get("batch_errors")
    data = found.get("data")
    errors = found.get("errors")
    if isinstance(batch, list):
        yield from batch
    elif isinstance(data, list) and "title" not in found:  # refunds put their errors into the data
        yield from data
    elif isinstance(errors, dict) and "title" in errors and "title" not in found:  # 207 of the catalog
        yield errors
    else:
        yield found


def _named_fields(errors: Any) -> list[tuple[str, str]]:
    if isinstance(errors, dict):
        return [(_text(name), _text(text)) for name, text in islice(errors.items(), _MOST_FIELDS)]
    if isinstance(errors, list):
        return [("", text) for entry in errors[:_MOST_FIELDS] if (text := _text(entry))]
    return []


def _refused_lines(errors: Any) -> Iterator[tuple[tuple[str, str], str]]:
    for error in errors[:_MOST_FIELDS] if isinstance(errors, list) else ():
        if not isinstance(error, dict):
            continue
        kind = _text(error.get("type"))
        product = error.get("product")
        product = product if isinstance(product, dict) else {}
        sku = product.get("sku")
        sku = sku if isinstance(sku, dict) else {}
        name = f"sku:{_text(sku['sku'])}" if sku.get("sku") else f"product:{_text(product.get('id'))}"
        yield (name, _why(kind, product, sku)), kind


def _why(kind: str, product: dict[str, Any], sku: dict[str, Any]) -> str:
    title = _text(product.get("name")) or "This product"
    match kind:
        case "OutOfStock":
            left = sku.get("inventory_level", product.get("inventory_level"))
            return f"{title} is out of stock" + ("" if left is None else f", {_text(left)} left")
        case "ExceedsMaxQuantity":
            return f"{title} is sold at most {_text(product.get('maximum_quantity'))} at a time"
        case "InsufficientQuantity":
            return f"{title} is sold at least {_text(product.get('minimum_quantity'))} at a time"
        case "MandatoryProductOptions":
            options = product.get("required_product_options")
            named = (
                [_text(o.get("display_name")) for o in options if isinstance(o, dict)]
                if isinstance(options, list)
                else []
            )
            return f"{title} needs a choice for {', '.join(named) or 'an option'}"
        case _:
            return f"{title}: {kind or 'refused'}"


def _text(value: Any) -> str:
    if not isinstance(value, str | int | float):
        return ""
    return " ".join("…" if "@" in word else word for word in str(value)[:_LONGEST_TEXT].split())


def _plain(body: bytes) -> str:
    """A text body as it is, unless it is a page: two of the three 401s come as plain text."""
    text = body[:_LONGEST_TEXT].decode("utf-8", "replace").strip()
    return "" if text.startswith(("<", "{", "[")) else _text(text)


def _number(text: str | None) -> float:
    return float(text) if text and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text.strip()) else 0.0
