"""Pictures: those the sandbox serves under its own address, and those a client hands over.

The bytes of a picture come from its key; nothing is ever fetched from outside.
"""

from __future__ import annotations

import hashlib
import io
from email.parser import BytesParser
from email.policy import HTTP
from functools import lru_cache
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

from PIL import Image

from twinshelf_sandbox.bigcommerce.calls import Call
from twinshelf_sandbox.bigcommerce.catalog import picture_addresses
from twinshelf_sandbox.bigcommerce.responses import Json, v3_error
from twinshelf_sandbox.wire import Request, Response
from twinshelf_sandbox.world import World

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_VARIANT_BYTES: Final = 1024 * 1024
_SIDE: Final = 600
_KINDS: Final = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"BM": "image/bmp",
}


def serve(world: World, request: Request) -> Response:
    """`/_bigcommerce/{hash}/pictures/{key…}.png`."""
    parts = request.path.split("/", 4)
    if len(parts) < 5 or parts[3] != "pictures" or not parts[4]:
        return Response.text("Not found", 404)
    if request.method not in {"GET", "HEAD"}:
        return Response.text("Method not allowed", 405)
    key = parts[4]
    upload = world.table(f"bc/{parts[2]}/uploads").get(key.rsplit(".", 1)[0])
    body = upload["bytes"] if upload is not None else _picture(key)
    kind = next((kind for start, kind in _KINDS.items() if body.startswith(start)), "application/octet-stream")
    return Response(200, body, {"content-type": kind, "cache-control": "public, max-age=31536000"})


@lru_cache(maxsize=256)
def _picture(name: str) -> bytes:
    key, dot, ending = name.rpartition(".")
    if not dot or ending.lower() not in {"png", "jpg", "jpeg"}:
        key = name
    try:
        make = import_module("twinshelf_sandbox.catalogs.pictures").picture
    except (ImportError, AttributeError):
        return _plain(key)
    try:
        made: bytes = make(key, _SIDE, _SIDE)
    except (KeyError, ValueError, LookupError):
        return _plain(key)
    return made


def _plain(key: str) -> bytes:
    """A picture of one color, which follows from its key."""
    digest = hashlib.sha256(key.encode()).digest()
    buffer = io.BytesIO()
    Image.new("RGB", (_SIDE, _SIDE), (digest[0], digest[1], digest[2])).save(buffer, "PNG")
    return buffer.getvalue()


def fields_of(call: Call) -> Json:
    """The fields of an image call, which is JSON or multipart; `image_file` is bytes in the latter."""
    kind = call.request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        return call.object()
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + call.request.body)
    found: Json = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = content if part.get_filename() else content.decode("utf-8", "replace").strip()
    return found


def received(call: Call, *, most: int) -> str:
    """The key of the picture a call hands over by address or as a file."""
    doc = fields_of(call)
    file = doc.get("image_file")
    if isinstance(file, bytes) and file:
        if len(file) > most:
            # A variant's picture above its limit is answered by an error of the server, a product's by a refusal.
            if most == MOST_VARIANT_BYTES:
                raise v3_error(500, "An internal error occurred. Please try again later.")
            raise v3_error(413, "The image is too large")
        if not any(file.startswith(start) for start in _KINDS):
            raise v3_error(422, "The file is not an image of a supported type", {"image_file": "is invalid"})
        key = f"uploads-{hashlib.sha256(file).hexdigest()[:32]}"
        call.store.rows("uploads").table.put(key, {"bytes": file})
        return key
    return at_url(doc.get("image_url"))


def at_url(url: Any) -> str:
    """The key of the picture that stands for one at an address. Raises Refused for what is none."""
    if not isinstance(url, str) or not url:
        raise v3_error(422, "image_url must be present if uploading by url", short=True)
    if len(url) > 255:
        raise v3_error(422, "image_url must be at most 255 characters long", {"image_url": "is too long"})
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise v3_error(400, "The image could not be downloaded", {"image_url": "could not be downloaded"})
    return picture_addresses.picture_of(url)


def received_url(call: Call) -> str:
    """The address of the picture a call hands over."""
    return call.store.picture_base + picture_addresses.picture_file(received(call, most=MOST_BYTES))
