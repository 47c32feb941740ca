"""What a person sent with a form: where to go afterwards, and its fields as arguments of an action."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import urlsplit


def inside(address: str, otherwise: str = "/") -> str:
    """`address` if it is a place on this site, else `otherwise`: nobody is sent elsewhere."""
    parts = urlsplit(address.replace("\\", "/"))
    good = address.startswith("/") and not address.startswith("//") and not parts.netloc and address.isprintable()
    return address if good else otherwise


def _flag(text: str) -> bool:
    return text == "true"


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "": str,
    "int": int,
    "number": float,
    "bool": _flag,
    "list": _listed,
}


def arguments(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The arguments that the fields of a form spell: `name`, `name:int`, `:number`, `:bool`, or `:list` with commas.

    `address.city` fills in an object, `items.0.quantity:int` a list of them. An empty field says nothing; names that
    begin with `_` are not arguments; the last of a repeated name counts. Raises ValueError naming the field.
    """
    result: dict[str, Any] = {}
    for name, text in fields:
        if name.startswith("_") or not text.strip():
            continue
        place, _, kind = name.partition(":")
        try:
            value = _READERS[kind](text.strip())
        except (KeyError, ValueError):
            msg = f"{place}: {text!r} is not a {'whole number' if kind == 'int' else 'number'}"
            raise ValueError(msg) from None
        *above, last = place.split(".")
        try:
            inner: Any = result
            for part in above:
                inner = inner.setdefault(part, {})
            inner[last] = value
        except (AttributeError, TypeError):
            msg = f"{above[0]}: is a value and has no {last}"
            raise ValueError(msg) from None
    return {name: _with_lists(value) for name, value in result.items()}


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(entry) for name, entry in value.items()}
    return [inner[name] for name in sorted(inner, key=int)] if all(name.isdigit() for name in inner) else inner
