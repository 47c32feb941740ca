"""BigCommerce's notation: lists that survive one bad row, two kinds of dates, and what is not its JSON at all.

Keeps out what any field means; the mapping modules know that. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from twinshelf.documents import Money, Unreadable
from twinshelf.errors import DocumentError, TwinshelfError

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""An id as BigCommerce writes it. Beyond the mappers it is text, as the ids of all platforms are."""

_TOO_MUCH = Decimal(10) ** 15

T = TypeVar("T")
R = TypeVar("R")


class NotAnAnswer(TwinshelfError):
    """The body is not what BigCommerce documents for the call: cut, HTML, or without its envelope."""


@dataclass(frozen=True)
class Rows(Generic[T]):
    """One page of a list. `more` is what the page says about a next one; None where it says nothing (all of V2)."""

    good: Sequence[T]
    bad: tuple[Unreadable, ...]
    more: bool | None

    @property
    def count(self) -> int:
        """How many rows the page had, readable or not."""
        return len(self.good) + len(self.bad)


class _Pagination(msgspec.Struct):
    total: int | None = None
    count: int | None = None
    current_page: int | None = None
    total_pages: int | None = None


class _Meta(msgspec.Struct):
    pagination: _Pagination | None = None


class _List(msgspec.Struct, Generic[T]):
    data: list[T]
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _One(msgspec.Struct, Generic[T]):
    data: T


class _RawList(msgspec.Struct):
    data: list[msgspec.Raw]
    meta: msgspec.Raw = msgspec.Raw(b"{}")


class _IdOnly(msgspec.Struct):
    id: int = 0


class Reader(Generic[T]):
    """Reads answers made of rows of one Struct, which tolerates numbers in quotes (V2 has them) and unknown keys."""

    def __init__(self, row: type[T]) -> None:
        kind: Any = row  # msgspec builds the types at run time
        self._row: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind, strict=False)
        self._v3_list = msgspec.json.Decoder(_List[kind], strict=False)
        self._v3_one = msgspec.json.Decoder(_One[kind], strict=False)
        self._v2_list = msgspec.json.Decoder(list[kind], strict=False)

    def v3_list(self, body: bytes) -> Rows[T]:
        """The rows of `{"data": [...], "meta": {...}}`. An empty body (204) is an empty list. Raises NotAnAnswer."""
        if not body:
            return Rows((), (), more=False)
        try:
            page = self._v3_list.decode(body)
        except msgspec.ValidationError:
            raw = _envelope(_raw_list, body)
            return self._one_by_one(raw.data, _more(_meta_or_none(raw.meta)))
        except (msgspec.DecodeError, RecursionError) as error:
            raise NotAnAnswer(str(error)) from error
        return Rows(page.data, (), _more(page.meta))

    def v2_list(self, body: bytes) -> Rows[T]:
        """The rows of a bare array. An empty body (204) is an empty list. Raises NotAnAnswer."""
        if not body:
            return Rows((), (), more=False)
        try:
            return Rows(self._v2_list.decode(body), (), more=None)
        except msgspec.ValidationError:
            return self._one_by_one(_envelope(_raw_array, body), more=None)
        except (msgspec.DecodeError, RecursionError) as error:
            raise NotAnAnswer(str(error)) from error

    def enveloped(self, body: bytes) -> T:
        """The row of `{"data": {...}}`. Raises NotAnAnswer, or DocumentError naming the field that does not fit."""
        result: T = decode(self._v3_one, body, within="data.").data
        return result

    def bare(self, body: bytes) -> T:
        """A bare object. Raises NotAnAnswer, or DocumentError naming the field that does not fit."""
        return decode(self._row, body)

    def _one_by_one(self, rows: list[msgspec.Raw], more: bool | None) -> Rows[T]:  # noqa: FBT001 - a fact, not a flag
        good: list[T] = []
        bad: list[Unreadable] = []
        for row in rows:
            try:
                good.append(decode(self._row, row))
            except DocumentError as error:
                bad.append(Unreadable(_id_of(row), error))
        return Rows(good, tuple(bad), more)


_raw_list = msgspec.json.Decoder(_RawList)
_raw_array = msgspec.json.Decoder(list[msgspec.Raw])
_meta = msgspec.json.Decoder(_Meta, strict=False)
_id_only = msgspec.json.Decoder(_IdOnly, strict=False)


def decode(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw, *, within: str = "") -> T:
    """One document. Raises NotAnAnswer for what is not JSON, DocumentError naming the field that does not fit.

    `within` is the part of the path that the reader of the error need not see.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        field, reason = _explained(str(error))
        raise DocumentError(field.removeprefix(within), reason) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotAnAnswer(str(error)) from error


def mapped(
    rows: Rows[T], document: Callable[[T], R], id_of: Callable[[T], int]
) -> tuple[list[R], tuple[Unreadable, ...]]:
    """Every row as a document; the rows that are none as Unreadable beside those that could not even be decoded."""
    documents: list[R] = []
    bad = list(rows.bad)
    for row in rows.good:
        try:
            documents.append(document(row))
        except DocumentError as error:
            bad.append(Unreadable(str(id_of(row)), error))
    return documents, tuple(bad)


def highest(rows: Rows[T], id_of: Callable[[T], int]) -> int:
    """The highest id on a page, also of rows that could not be read; 0 if there is none."""
    return max([*map(id_of, rows.good), *(int(entry.id) for entry in rows.bad if entry.id)], default=0)


def moment(text: str, field: str) -> datetime:
    """An aware time in UTC from ISO 8601 (V3) or RFC 2822 (V2). Without an offset it is UTC.

    Raises DocumentError naming `field`; V2 writes "" for a time that has not come.
    """
    try:
        time = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise DocumentError(field, f"{text!r} is not a time") from error


def stamp(time: datetime) -> str:
    """A time as both API versions take it in a filter.

    Always with the time of day: BigCommerce adds the current one to a bare date (products_catalog.v3.yml,
    `date_modified:min`).
    """
    return time.astimezone(UTC).replace(microsecond=0).isoformat()


def money(amount: Decimal, currency: str, field: str) -> Money:
    """A bare number of BigCommerce as Money. Raises DocumentError for what is no amount: negative, endless, absurd."""
    if not amount.is_finite() or not 0 <= amount < _TOO_MUCH:
        raise DocumentError(field, f"{amount} cannot be an amount of money")
    return Money(amount, currency)


def _envelope(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotAnAnswer(str(error)) from error


def _meta_or_none(raw: msgspec.Raw) -> _Meta | None:
    try:
        return _meta.decode(raw)
    except msgspec.DecodeError:
        return None


def _more(meta: _Meta | None) -> bool | None:
    pages = None if meta is None else meta.pagination
    if pages is None:
        return None
    if pages.current_page is not None and pages.total_pages is not None:
        return pages.current_page < pages.total_pages
    return None


def _id_of(row: msgspec.Raw) -> str:
    try:
        found = _id_only.decode(row).id
    except msgspec.DecodeError:
        return ""
    return str(found) if found > 0 else ""


def _explained(text: str) -> tuple[str, str]:
    """The sentence of msgspec as (path of the field, reason)."""
    reason, _, path = text.partition(" - at `")
    field = path.rstrip("`").removeprefix("$").removeprefix(".")
    missing = "Object missing required field `"
    if reason.startswith(missing):
        name = reason.removeprefix(missing).rstrip("`")
        return f"{field}.{name}" if field else name, "not in what BigCommerce sent"
    return field or "document", reason.replace("`", "")
