"""The shape of JSON documents: which keys there are, of which types, and what may be null.

Two documents of one shape may hold different values. A path names a place, entries of a list all under `[]`:
`data.variants[].price`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Shape = dict[str, set[str]]

_NAMES = {dict: "object", list: "list", str: "text", bool: "flag", int: "number", float: "number", type(None): "null"}


def shape(documents: Iterable[Any]) -> Shape:
    """The types at every place of some documents taken together; "empty" is a text without characters."""
    found: Shape = {}
    for document in documents:
        for path, kind in _places(document, ""):
            found.setdefault(path, set()).add(kind)
    return found


def _places(value: Any, path: str) -> Iterator[tuple[str, str]]:
    yield path, "empty" if value == "" else _NAMES[type(value)]
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, f"{path}.{name}".removeprefix("."))
    if isinstance(value, list):
        for inner in value:
            yield from _places(inner, f"{path}[]")


def differences(documented: Shape, ours: Shape) -> dict[str, str]:
    """Where our answers are not of the documented shape, by path: "missing", or "these types, not those".

    Of something missing only the outermost place is named. A list without entries says nothing of its entries. Nulls:
    a text that is documented as null must not be empty instead; a null of ours where none is documented is left to the
    schema, for a sample shows one value and not all there may be.
    """
    found: dict[str, str] = {}
    for path, kinds in documented.items():
        parent = path.rpartition(".")[0]
        if path in ours:
            wanted = kinds | ({"empty"} if "text" in kinds else set()) | ({"text"} if "empty" in kinds else set())
            spoken = ours[path] - {"null"} if kinds != {"null"} else ours[path] & {"empty"}
            if not spoken <= wanted:
                found[path] = f"{', '.join(sorted(spoken))}, not {', '.join(sorted(kinds))}"
        elif not path.endswith("[]") and parent in ours and not _under(parent, found) and ours[parent] - {"null"}:
            found[path] = "missing"
    return found


def _under(path: str, found: dict[str, str]) -> bool:
    return any(path == other or path.startswith((f"{other}.", f"{other}[")) for other in found)
