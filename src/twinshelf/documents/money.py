"""Documents as such, exact money, and the measures of packages."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal, TypeVar

import msgspec

from twinshelf.errors import DocumentError

# Currencies TikTok Shop sells in whose minor unit is not 1/100 (ISO 4217; IDR, VND are sold without decimals there).
_MINOR_DIGITS = {"JPY": 0, "VND": 0, "IDR": 0, "KRW": 0, "CLP": 0, "HUF": 2}


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all documents: frozen, built by keyword."""


D = TypeVar("D")


def to_json(document: Any) -> bytes:
    """A document, or a tuple or list of them, as JSON that keeps amounts as they are written: 1.5 is not 1.50."""
    return msgspec.json.encode(document)


def from_json(data: bytes | str, kind: type[D]) -> D:
    """The document that `to_json` wrote. Raises DocumentError naming the field that does not fit."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:  # what does not fit, and what is no JSON at all
        text = str(error)
        named = " - at `" in text or "required field" in text
        raise DocumentError(text.rsplit("`", 2)[-2].removeprefix("$.") if named else "document", text) from error


class Money(msgspec.Struct, frozen=True):
    """An exact amount with its currency (ISO 4217). Amounts of different currencies never meet in one sum."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        """Raises DocumentError if `amount` is not a finite decimal number. Floats are refused: they are not exact."""
        if isinstance(amount, float):
            raise DocumentError("amount", f"{amount!r} is a float; money needs exact decimals")
        try:
            value = Decimal(amount)
        except (InvalidOperation, TypeError, ValueError) as error:
            raise DocumentError("amount", f"{amount!r} is not a number") from error
        if not value.is_finite():
            raise DocumentError("amount", f"{amount!r} is not a finite number")
        return cls(value, currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """No money, of that currency."""
        return cls(Decimal(0), currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str) -> Money:
        """The exact sum; zero for no amounts. Raises ValueError if one is of another currency."""
        result = cls.zero(currency)
        for amount in amounts:
            result += amount
        return result

    def rounded(self) -> Money:
        """Rounded half up to the currency's minor unit."""
        return Money(self.amount.quantize(minor_unit(self.currency), ROUND_HALF_UP), self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def same_as(self, other: Money | None) -> bool:
        """Equal in value and currency, whatever the number of trailing zeros."""
        return other is not None and self.currency == other.currency and self.amount == other.amount

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            msg = f"{self.currency} and {other.currency} cannot be added or compared"
            raise ValueError(msg)
        return other.amount


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 for USD, 1 for JPY."""
    return Decimal(1).scaleb(-_MINOR_DIGITS.get(currency, 2))


WeightUnit = Literal["LB", "OZ", "KG", "G", "T"]
LengthUnit = Literal["IN", "CM"]

_KILOGRAMS: dict[str, Decimal] = {
    "KG": Decimal(1),
    "G": Decimal("0.001"),
    "T": Decimal(1000),
    "LB": Decimal("0.45359237"),
    "OZ": Decimal("0.028349523125"),
}
_CENTIMETERS: dict[str, Decimal] = {"CM": Decimal(1), "IN": Decimal("2.54")}


class Weight(msgspec.Struct, frozen=True):
    value: Decimal
    unit: WeightUnit

    def to(self, unit: WeightUnit) -> Weight:
        """Converted exactly (international pound); round it where it is sent."""
        if unit == self.unit:
            return self
        return Weight(self.value * _KILOGRAMS[self.unit] / _KILOGRAMS[unit], unit)


class Dimensions(msgspec.Struct, frozen=True):
    """Of the package, not the goods. A side that the store does not give is None."""

    length: Decimal | None
    width: Decimal | None
    height: Decimal | None
    unit: LengthUnit

    def to(self, unit: LengthUnit) -> Dimensions:
        """Converted exactly (an inch is 2.54 cm); a side that is None stays None. Round it where it is sent."""
        if unit == self.unit:
            return self
        factor = _CENTIMETERS[self.unit] / _CENTIMETERS[unit]
        length, width, height = (
            None if side is None else side * factor for side in (self.length, self.width, self.height)
        )
        return Dimensions(length, width, height, unit)
