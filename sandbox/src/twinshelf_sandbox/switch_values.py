"""Whether a value is a position of a switch, judged by the one it has unless turned."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def position(name: str, usual: Any, value: Any, words: Collection[str] = ()) -> Any:
    """`value` as the switch `name` keeps it: one of its `words` if it has any, else of the kind of `usual`.

    A number for a word is that word, such as "429". Where usually there is nothing, a number or a flag fits too, and a
    number fits for a list, of one. Raises ValueError naming `value`.
    """
    if isinstance(usual, str) and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if value not in words if words else not _alike(usual, value):
        known = f"one of {', '.join(map(repr, words))}" if words else f"such as {usual!r}"
        msg = f"value: {value!r} is no position of {name!r}, which is {known}"
        raise ValueError(msg)
    return value


def _alike(usual: Any, value: Any) -> bool:
    if usual is None:
        return value is None or isinstance(value, int | float)
    if isinstance(usual, bool) or isinstance(value, bool):
        return isinstance(usual, bool) and isinstance(value, bool)
    if isinstance(usual, int | float):
        return isinstance(value, int | float)
    if isinstance(usual, list):
        return isinstance(value, list | tuple | int | float)
    return isinstance(value, type(usual))
