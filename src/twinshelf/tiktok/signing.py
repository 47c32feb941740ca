"""The signature that every API call carries. Pure; says nothing of how a call is sent."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

_UNSIGNED = frozenset({"sign", "access_token"})


def sign(secret: str, path: str, query: Mapping[str, str], body: bytes = b"", content_type: str = "") -> str:
    """The `sign` parameter of a call: hex HMAC-SHA256 of path, query and body, wrapped in the secret and keyed by it.

    `query` holds decoded values, a list as the one comma-joined text that goes on the wire. `body` must be the very
    bytes that are sent; an upload's is not signed.
    Source: TikTok Shop docs, "Sign your API request".
    """
    pairs = "".join(f"{name}{value}" for name, value in sorted(query.items()) if name not in _UNSIGNED)
    upload = content_type.partition(";")[0].strip().lower() == "multipart/form-data"
    message = f"{secret}{path}{pairs}".encode() + (b"" if upload else body) + secret.encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
