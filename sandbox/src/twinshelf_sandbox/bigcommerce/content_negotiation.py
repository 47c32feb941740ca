"""How an answer is dressed for who asked: XML for V2 where only that is accepted, and compressed by a switch.

The old V2 speaks XML beside JSON; the names of its elements follow from the address and the keys (own reading).
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from typing import Any, Final
from xml.sax.saxutils import escape

from twinshelf_sandbox.bigcommerce.responses import decode
from twinshelf_sandbox.wire import Request, Response

XML: Final = "application/xml"
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def accepted(request: Request) -> str | None:
    """The kind of answer a call asks for: JSON, XML on V2 if it takes no JSON, None if it takes neither."""
    kinds = request.headers.get("accept", "*/*").lower()
    if any(kind in kinds for kind in ("json", "*/*", "application/*")) or not kinds.strip():
        return "application/json"
    return XML if "xml" in kinds and "/v2/" in request.path[:40] else None


def as_xml(request: Request, response: Response) -> None:
    """Turn a JSON answer of V2 into XML."""
    if not response.headers.get("content-type", "").startswith("application/json"):
        return
    words = [word for word in request.path.removesuffix(".json").split("/") if word and not word.isdigit()]
    value = decode(response.body)
    many = "errors" if response.status >= 400 else words[-1]
    inner = _element(many if isinstance(value, list) else _one(many), value)
    response.body = ('<?xml version="1.0" encoding="UTF-8"?>\n' + inner).encode()
    response.headers["content-type"] = f"{XML}; charset=utf-8"


def _element(name: str, value: Any) -> str:
    return f"<{name}>{''.join(_content(name, value))}</{name}>"


def _content(name: str, value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        return (_element(key, inner) for key, inner in value.items())
    if isinstance(value, list):
        return (_element(_one(name), inner) for inner in value)
    if value is None:
        return ()
    return (_NO_XML.sub("", escape(str(value).lower() if isinstance(value, bool) else str(value))),)


def _one(many: str) -> str:
    """`address` of `shipping_addresses`' last word, `order` of `orders`."""
    for end, stem in (("sses", "ss"), ("uses", "us"), ("ies", "y"), ("s", "")):
        if many.endswith(end) and not many.endswith("ss"):
            return many[: -len(end)] + stem
    return many


def compress(request: Request, response: Response) -> None:
    """Compress an answer for a client that takes it so."""
    if response.body and "gzip" in request.headers.get("accept-encoding", "").lower():
        response.body = gzip.compress(response.body, compresslevel=1, mtime=0)
        response.headers.update({"content-encoding": "gzip", "vary": "accept-encoding"})
