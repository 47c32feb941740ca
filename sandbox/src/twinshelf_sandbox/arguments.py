"""Reading what callers of the control API ask for, and where they ask from; what is wrong is named by its field."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from twinshelf_sandbox.wire import Request, Response

_INNER: Final = re.compile(r"\[[^\[\]]*\]")
_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "str": ((str,), "a text"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
    "list": ((list,), "a list"),
    "Iterable": ((list,), "a list"),
    "dict": ((dict,), "an object"),
    "Json": ((dict,), "an object"),
    "Mapping": ((dict,), "an object"),
}
"""How actions declare their parameters → what of JSON fits, and its name."""
_QUOTED: Final = re.compile(r"(?:argument:?|field) '(\w+)'")


class BadRequest(ValueError):
    """What the caller got wrong; `field` names where."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


def problem(status: int, message: str, field: str = "") -> Response:
    """The answer to a call that was asked wrongly."""
    return Response.json({"error": message, **({"field": field} if field else {})}, status)


def named(text: str, arguments: Any) -> str:
    """The argument an error text is about: the text begins with its name, or Python quotes it."""
    head = text.split(":", 1)[0].strip()
    if head.isidentifier():
        return head
    first = text.split(" ", 1)[0]
    if first in arguments:
        return first
    quoted = _QUOTED.search(text)
    return quoted[1] if quoted is not None else ""


def any_json(request: Request) -> Any:
    """The body with numbers as int and float: exact decimals are for money, which actions take as text."""
    try:
        return _plain(request.json())
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error


def json_object(request: Request) -> dict[str, Any]:
    """The body, which must be an object; none at all is an empty one."""
    body = any_json(request) if request.body else {}
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value if value is None or isinstance(value, str | bool | int) else float(value)


def number(body: dict[str, Any], name: str, default: float | None = None, *, least: float | None = None) -> float:
    """A number of the body; `default` None means that it must be given."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"{name}: must be a number"
        raise BadRequest(msg, name)
    if least is not None and value < least:
        msg = f"{name}: must not be less than {least:g}"
        raise BadRequest(msg, name)
    return float(value)


def whole(query: dict[str, str], name: str, default: int) -> int:
    """A whole number of the query."""
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        msg = f"{name}: must be a whole number"
        raise BadRequest(msg, name)
    return int(text)


def choice(query: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """One of some words of the query; the first of them where it is not given."""
    value = query.get(name) or allowed[0]
    if value not in allowed:
        msg = f"{name}: must be one of {', '.join(allowed)}"
        raise BadRequest(msg, name)
    return value


def moment(value: Any, name: str) -> float:
    """A time as Unix seconds: given as such, or in ISO 8601, which without a zone is UTC."""
    if isinstance(value, str):
        if value.isascii() and value.replace(".", "", 1).isdigit():
            return float(value)
        try:
            at = datetime.fromisoformat(value)
        except ValueError as error:
            raise BadRequest(f"{name}: {error}", name) from error
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    return number({name: value}, name)


def fitting(name: str, value: Any, declared: str) -> Any:
    """`value` as a parameter declared such as `str | None` takes it; of any other declaration, anything fits.

    A number stands for a text, since TikTok Shop's ids and amounts are texts of digits, and a text of digits for a
    number. Raises BadRequest naming the parameter.
    """
    if isinstance(value, int) and abs(value) >= 1 << 63 and declared != "str":
        msg = f"{name}: {value} is too large"
        raise BadRequest(msg, name)
    kinds = set(_bare(declared).split(" | "))
    if not kinds <= _KINDS.keys() | {"None"} or (value is None and "None" in kinds):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if "str" in kinds and is_number:
        return str(value)
    if isinstance(value, str) and "int" in kinds and value.removeprefix("-").isdecimal():
        return fitting(name, int(value), declared)
    wanted = [_KINDS[kind] for kind in sorted(kinds - {"None"})]
    if not any(isinstance(value, types) and isinstance(value, bool) == (bool in types) for types, _ in wanted):
        msg = f"{name}: must be {' or '.join(words for _, words in wanted)}"
        raise BadRequest(msg, name)
    return value


def _bare(declared: str) -> str:
    """`list[dict[str, str]] | None` without what is in brackets."""
    while (bare := _INNER.sub("", declared)) != declared:
        declared = bare
    return declared


def from_elsewhere(request: Request) -> bool:
    """Whether a browser sent this for a page of another site.

    A browser says so itself, by `Sec-Fetch-Site` or by `Origin`; who sends neither is no browser.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
