"""Reading what TikTok Shop sends: typed, exact, and forgiving where its documentation and its answers part ways.

Nulls stand where lists were promised, ids come as numbers, enums grow overnight. Each row is read on its own, so that
one odd row never costs the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Generic, TypeVar, cast

import msgspec

from twinshelf.documents import Money, Unreadable
from twinshelf.errors import DocumentError

T = TypeVar("T")

# From here on a number is a time in milliseconds: in seconds it would be the year 5138.
_MILLISECONDS = 100_000_000_000

# Above any price or total in any currency; below what sums of Decimal keep exactly.
_TOO_MUCH = Decimal(10) ** 15

_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_MISSING = "Object missing required field `"


class Rows(tuple[T, ...]):  # noqa: SLOT001 - Python allows a tuple none
    """The rows that could be read, in TikTok's order; `unreadable` are the others."""

    unreadable: tuple[Unreadable, ...] = ()

    @classmethod
    def of(cls, good: Iterable[T], bad: Iterable[Unreadable]) -> Rows[T]:
        """Both together."""
        rows = cls(good)
        rows.unreadable = tuple(bad)
        return rows


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a search. `next_token` is "" on the last one; `total` is TikTok's own count, None if it gave none."""

    rows: Rows[T]
    next_token: str = ""
    total: int | None = None

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """The rows of this page that could not be read."""
        return self.rows.unreadable


def read(data: bytes | msgspec.Raw, kind: type[T]) -> T:
    """The JSON `data` as `kind`, ids and amounts exact. Raises DocumentError naming the field that does not fit.

    What comes as documented is read in one pass. The rest is read again with nulls and empty texts left out and every
    number as text, which then becomes whatever the field asks for.
    """
    decoder: msgspec.json.Decoder[T] = _decoder(cast("Any", kind))
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        return _read_again(data, kind)
    except _NOT_JSON as error:
        raise DocumentError("document", f"not JSON: {error}") from error


def rows(raws: Iterable[msgspec.Raw] | None, reader: Callable[[msgspec.Raw], T], *, id_field: str = "id") -> Rows[T]:
    """Each of `raws` through `reader`; those it refuses are kept apart with the id found in `id_field`."""
    good: list[T] = []
    bad: list[Unreadable] = []
    for raw in raws or ():
        try:
            good.append(reader(raw))
        except DocumentError as error:
            bad.append(Unreadable(_id_of(raw, id_field), error))
    return Rows.of(good, bad)


def rows_at(
    data: bytes | msgspec.Raw, key: str, reader: Callable[[msgspec.Raw], T], *, id_field: str = "id"
) -> Rows[T]:
    """The rows of the list `key` of an answer; a list that is missing or null has none."""
    return page(data, key, reader, id_field=id_field).rows


def page(data: bytes | msgspec.Raw, key: str, reader: Callable[[msgspec.Raw], T], *, id_field: str = "id") -> Page[T]:
    """One page of a search whose rows are the list `key`."""
    fields = read(data, dict[str, msgspec.Raw])
    listed = read(fields[key], list[msgspec.Raw] | None) if key in fields else None  # type: ignore[arg-type]
    total = read(fields["total_count"], int | None) if "total_count" in fields else None  # type: ignore[arg-type]
    token = read(fields["next_page_token"], str | None) if "next_page_token" in fields else None  # type: ignore[arg-type]
    return Page(rows(listed, reader, id_field=id_field), token or "", total)


def money(amount: Decimal, currency: str, field: str) -> Money:
    """An amount that TikTok sent. Raises DocumentError for what is no amount: not a number, endless, absurd."""
    if not amount.is_finite() or not -_TOO_MUCH < amount < _TOO_MUCH:
        raise DocumentError(field, f"{amount} cannot be an amount of money")
    return Money(amount, currency)


def moment(value: int, field: str) -> datetime:
    """A time of TikTok's: Unix seconds, or milliseconds where it forgot itself. Raises DocumentError."""
    seconds, milliseconds = divmod(value, 1000) if abs(value) >= _MILLISECONDS else (value, 0)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)
    except (OverflowError, ValueError, OSError) as error:
        raise DocumentError(field, f"{value} is not a time") from error


def moment_or_none(value: int, field: str) -> datetime | None:
    """As `moment`; 0 is TikTok's way to say that it has not happened."""
    return moment(value, field) if value else None


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


# Floats are kept as the text they were sent as: a Decimal field then reads every digit.
_untyped = msgspec.json.Decoder(float_hook=str)


def _read_again(data: bytes | msgspec.Raw, kind: type[T]) -> T:
    try:
        return msgspec.convert(_loosened(_untyped.decode(data)), kind, strict=False)
    except msgspec.ValidationError as error:
        raise DocumentError(*_place_and_reason(str(error))) from error
    except _NOT_JSON as error:
        raise DocumentError("document", f"not JSON: {error}") from error


def _loosened(value: Any) -> Any:
    match value:
        case dict():
            return {key: _loosened(part) for key, part in value.items() if part is not None and part != ""}
        case list():
            return [_loosened(part) for part in value if part is not None]
        case int() if not isinstance(value, bool):
            return str(value)
        case _:
            return value


def _place_and_reason(text: str) -> tuple[str, str]:
    """The sentence of msgspec taken apart: "Object missing required field `x` - at `$.y[1]`" is field `y[1].x`."""
    reason, _, place = text.partition(" - at ")
    place = place.strip("`").removeprefix("$").removeprefix(".")
    if reason.startswith(_MISSING):
        name = reason.removeprefix(_MISSING).rstrip("`")
        return f"{place}.{name}" if place else name, "not in what TikTok Shop sent"
    return place or "document", reason.replace("`", "")


def _id_of(raw: msgspec.Raw, field: str) -> str:
    try:
        value = _untyped.decode(raw).get(field)
    except (*_NOT_JSON, AttributeError):
        return ""
    return "" if value is None else str(value)
