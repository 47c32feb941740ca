"""Whether a value is one BigCommerce would store, and what it is exactly.

Each function takes what a cell or a JSON field holds, gives None for nothing at all, and raises `BadValue` for
something that is there but wrong. Nothing is shortened or rounded into shape, save decimals beyond the four that
BigCommerce keeps. Source of the limits: BigCommerce docs, reference/catalog/products_catalog.v3.yml.
"""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

MAX_TITLE = 250
MAX_SKU = 255
MAX_BARCODE = 14
MAX_BRAND = 255
MAX_CATEGORY = 50
MAX_VARIANTS = 600
MAX_CUSTOM_FIELD = 250
_MAX_NUMBER = Decimal(9_999_999_999)
_MAX_STOCK = 2_147_483_647
_CENT_OF_A_CENT = Decimal("0.0001")

_PLAIN = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,4})?")
_CODE = re.compile(r"^[A-Z]{3}\s*(?=[-+.,\d])|(?<=[\d.,])\s*[A-Z]{3}$")
_DIGITS = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)*|[.,]\d+)")
_MEASURE = re.compile(r"([-+]?[\d.,]+)\s*([^\W\d_]+|[\"″'])\.?")
_SHOWN = 60

WEIGHT_UNITS = {
    unit: Decimal(factor)
    for units, factor in (
        ("lb lbs pound pounds", "1"),
        ("oz ounce ounces", "0.0625"),
        ("kg kgs kilogram kilograms", "2.20462262"),
        ("g gr gram grams", "0.00220462262"),
    )
    for unit in units.split()
}
"""Pounds in one of the unit."""
LENGTH_UNITS = {
    unit: Decimal(factor)
    for units, factor in (
        ('in inch inches " ″', "1"),
        ("ft feet '", "12"),
        ("m", "39.3700787"),
        ("cm", "0.393700787"),
        ("mm", "0.0393700787"),
    )
    for unit in units.split()
}
"""Inches in one of the unit."""


class BadValue(ValueError):
    """A value that is there but cannot be taken; `field` may be filled in by whoever knows it."""

    def __init__(self, value: Any, reason: str, field: str = "") -> None:
        self.value, self.reason, self.field = shown(value), reason, field
        super().__init__(f"{field} {self.value!r} {reason}")


def shown(value: Any) -> str:
    """A value as a refusal shows it: short, on one line, printable."""
    text = " ".join(str(value).split())
    text = "".join(mark if mark.isprintable() else f"\\x{ord(mark):02x}" for mark in text[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def is_blank(value: Any) -> bool:
    """Whether a field holds nothing: absent, null, white space, or an empty list or object."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value in ([], {})


def text(value: Any, field: str, *, longest: int | None = None) -> str | None:
    """Text without surrounding white space; numbers are written out."""
    if value is None or is_blank(value):
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise BadValue(value, "is not text", field)
    line = str(value).strip()
    if longest is not None and len(line) > longest:
        raise BadValue(line, f"is longer than {longest} characters ({len(line)})", field)
    return line


def money(value: Any, field: str) -> Decimal | None:
    """A price, without its currency sign; "1.299,00", "1,299.00" and "12,50" are understood, a range is not."""
    return _amount(value, field, None)


def weight(value: Any, field: str, unit: str | None = None) -> Decimal | None:
    """A weight in pounds; a unit in the value goes before `unit`, which goes before none (pounds already)."""
    return _amount(value, field, WEIGHT_UNITS, unit)


def length(value: Any, field: str, unit: str | None = None) -> Decimal | None:
    """A width, height or depth in inches, like `weight`."""
    return _amount(value, field, LENGTH_UNITS, unit)


def whole(value: Any, field: str) -> int | None:
    """A number of pieces: whole, not negative, at most what BigCommerce can count."""
    if is_blank(value):
        return None
    number = _number(value, field)
    if number != number.to_integral_value():
        raise BadValue(value, "is not a whole number", field)
    if number < 0:
        raise BadValue(value, "is negative", field)
    if number > _MAX_STOCK:
        raise BadValue(value, f"is more than {_MAX_STOCK:,}", field)
    return int(number)


def barcode(value: Any, field: str) -> str | None:
    """A product code as given: BigCommerce checks its length only, neither its characters nor its check digit."""
    if isinstance(value, Decimal):
        raise BadValue(value, "is not text", field)
    return text(value, field, longest=MAX_BARCODE)


def flag(value: Any) -> bool | None:
    """Yes or no in the words that shops' exports use; None for anything else."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word in {"true", "yes", "y", "1", "on", "visible", "active", "published", "enabled"}:
        return True
    if word in {"false", "no", "n", "0", "-1", "off", "hidden", "draft", "archived", "disabled", "inactive", "private"}:
        return False
    return None


def _amount(value: Any, field: str, units: dict[str, Decimal] | None, unit: str | None = None) -> Decimal | None:
    if value is None or is_blank(value):
        return None
    if isinstance(value, str):
        if unit is None and _PLAIN.fullmatch(value):
            return Decimal(value)
        if units and (match := _MEASURE.fullmatch(value.strip())):
            value, unit = match[1], match[2]
    number = _number(value, field)
    if number < 0:
        raise BadValue(value, "is negative", field)
    if units and unit:
        number = min(number, 2 * _MAX_NUMBER) * _factor(unit, units, field)
    if number > _MAX_NUMBER:
        raise BadValue(value, f"is more than {_MAX_NUMBER:,}", field)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -4 <= exponent <= 0:
        return number
    return number.quantize(_CENT_OF_A_CENT, rounding=ROUND_HALF_UP).normalize() + Decimal("0.00")


def _factor(unit: str, units: dict[str, Decimal], field: str) -> Decimal:
    factor = units.get(unit.casefold().strip())
    if factor is None:
        raise BadValue(unit, "is an unknown unit", field)
    return factor


def _number(value: Any, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise BadValue(value, "is not a number", field)
    if isinstance(value, str):
        digits = _CODE.sub("", "".join(mark for mark in value if not _sign_or_space(mark)))
        digits = digits.replace("\N{ARABIC DECIMAL SEPARATOR}", ".").replace("\N{ARABIC THOUSANDS SEPARATOR}", "")
        if not _DIGITS.fullmatch(digits):
            raise BadValue(value, "is not a number", field)
        number = _separated(digits)
    else:
        number = Decimal(value)
    if number is None or not number.is_finite():
        raise BadValue(value, "is not a number", field)
    return number


def _sign_or_space(mark: str) -> bool:
    return mark.isspace() or (not mark.isascii() and unicodedata.category(mark) == "Sc") or mark == "$"


def _separated(digits: str) -> Decimal | None:
    """A number written with points and commas.

    Where both occur the last one is the decimal mark; a mark that occurs twice groups thousands; a lone comma before
    exactly three digits groups them too, a lone point never does.
    """
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        decimal = max(".,", key=digits.rfind)
        group = "," if decimal == "." else "."
        if digits.count(decimal) > 1 or not _grouped(digits.partition(decimal)[0], group):
            return None
        digits = digits.replace(group, "").replace(decimal, ".")
    elif points > 1 or commas > 1 or (commas and re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", digits)):
        group = "." if points else ","
        if not _grouped(digits, group):
            return None
        digits = digits.replace(group, "")
    try:
        return Decimal(digits.replace(",", "."))
    except InvalidOperation:
        return None


def _grouped(digits: str, group: str) -> bool:
    first, *others = digits.lstrip("+-").split(group)
    return 1 <= len(first) <= 3 and all(len(other) == 3 for other in others)
