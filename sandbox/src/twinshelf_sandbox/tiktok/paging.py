"""Page tokens: opaque, with characters that need percent-encoding, and good only for the search that made them."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING

from twinshelf_sandbox.tiktok.errors import ApiError

if TYPE_CHECKING:
    from twinshelf_sandbox.tiktok.gateway import Call
    from twinshelf_sandbox.tiktok.time_index import Place

_NOT_FILTERS = ("page_token", "sign", "timestamp", "access_token", "app_key", "page_size")


class Paging:
    """Makes and reads page tokens."""

    def _filters(self, call: Call, what: str) -> bytes:
        query = sorted((k, v) for k, v in call.params.items() if k not in _NOT_FILTERS)
        return f"{what} {query}".encode() + call.request.body

    def token(self, filters: bytes, place: str) -> str:
        """A token that brings back `place` to a search with these filters."""
        text = f"{zlib.crc32(filters):08x} {place} \u00fe\u00ff\u00fb".encode("latin-1")
        return base64.b64encode(text).decode()

    def place(self, filters: bytes, token: str, code: int) -> str:
        """What a token was made of. Raises ApiError with `code` for one that is broken or of another search."""
        try:
            made_for, place, _ = base64.b64decode(token, validate=True).decode("latin-1").split(" ", 2)
        except ValueError as error:
            raise ApiError(code, "Invalid parameters: `page_token` is invalid.") from error
        if made_for != f"{zlib.crc32(filters):08x}":
            raise ApiError(code, "Invalid parameters: `page_token` belongs to a search with other filters.")
        return place

    def _token(self, call: Call, what: str, place: str) -> str:
        return self.token(self._filters(call, what), place)

    def _read(self, call: Call, what: str, token: str, code: int) -> str:
        return self.place(self._filters(call, what), token, code or call.endpoint.bad_input)

    def offset(self, call: Call, what: str, *, code: int = 0) -> int:
        """How many entries to skip."""
        token = call.params.get("page_token", "")
        place = self._read(call, what, token, code) if token else "0"
        if not place.isdecimal():
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
        if not at.isdecimal():
            raise call.bad("`page_token` is invalid")
        return int(at), key

    def next_after(self, call: Call, what: str, last: Place | None, *, more: bool) -> str:
        """The token of the page after `last`; empty when there is none."""
        return self._token(call, what, f"{last[0]}:{last[1]}") if more and last is not None else ""
