"""Page tokens: opaque, with characters that need percent-encoding, and good only for the search that made them."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING

from twinshelf_sandbox.tiktok.errors import ApiError

if TYPE_CHECKING:
    from twinshelf_sandbox.tiktok.gateway import Call
    from twinshelf_sandbox.tiktok.index import Place

_NOT_FILTERS = ("page_token", "sign", "timestamp", "access_token", "app_key", "page_size")


class Paging:
    """Makes and reads page tokens."""

    def _filters(self, call: Call, what: str) -> int:
        query = sorted((k, v) for k, v in call.params.items() if k not in _NOT_FILTERS)
        return zlib.crc32(f"{what} {query}".encode() + call.request.body)

    def _token(self, call: Call, what: str, place: str) -> str:
        text = f"{self._filters(call, what):08x} {place} \u00fe\u00ff\u00fb".encode("latin-1")
        return base64.b64encode(text).decode()

    def _read(self, call: Call, what: str, token: str, code: int) -> str:
        try:
            filters, place, _ = base64.b64decode(token, validate=True).decode("latin-1").split(" ", 2)
        except ValueError as error:
            raise ApiError(code or call.endpoint.bad_input, "Invalid parameters: `page_token` is invalid.") from error
        if filters != f"{self._filters(call, what):08x}":
            message = "Invalid parameters: `page_token` belongs to a search with other filters."
            raise ApiError(code or call.endpoint.bad_input, message)
        return place

    def offset(self, call: Call, what: str, *, code: int = 0) -> int:
        """How many entries to skip."""
        token = call.params.get("page_token", "")
        place = self._read(call, what, token, code) if token else "0"
        if not place.isdigit():
            raise ApiError(code or call.endpoint.bad_input, "Invalid parameters: `page_token` is invalid.")
        return int(place)

    def next_offset(self, call: Call, what: str, offset: int, total: int) -> str:
        """The token of the page that begins at `offset`; empty at the end."""
        return self._token(call, what, str(offset)) if offset < total else ""

    def after(self, call: Call, what: str) -> Place | None:
        """The last entry of the page before."""
        token = call.params.get("page_token", "")
        if not token:
            return None
        at, _, key = self._read(call, what, token, 0).partition(":")
        if not at.isdigit():
            raise call.bad("`page_token` is invalid")
        return int(at), key

    def next_after(self, call: Call, what: str, last: Place | None, *, more: bool) -> str:
        """The token of the page after `last`; empty when there is none."""
        return self._token(call, what, f"{last[0]}:{last[1]}") if more and last is not None else ""
