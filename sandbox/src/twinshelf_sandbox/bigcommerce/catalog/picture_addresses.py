"""Addresses of pictures: how they are kept inside a product's JSON, and how they are told."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from twinshelf_sandbox.bigcommerce.responses import Json

BASE_MARK: Final = "\x01\x02"
"""Stands for the address of the sandbox's pictures inside stored JSON, where it is an escape no client's text has."""
_BASE_BYTES: Final = b"\\u0001\\u0002"


_SAFE = re.compile(r"[A-Za-z0-9_./-]+")


def picture_file(key: str) -> str:
    """A picture's key as the end of its address; keys without an ending get one."""
    return (key if _SAFE.fullmatch(key) else quote(key)) + (
        "" if key.lower().endswith((".png", ".jpg", ".jpeg")) else ".png"
    )


def picture_mark(key: str) -> str:
    """The address of a picture as it is kept inside JSON: where the sandbox answers is filled in when it is read."""
    return BASE_MARK + picture_file(key)


def with_base(body: bytes, picture_base: str) -> bytes:
    """`body` with the sandbox's address where it was left open."""
    return body.replace(_BASE_BYTES, picture_base.encode())


def image_urls(key: str) -> Json:
    """The four sizes of a picture."""
    url = picture_mark(key)
    return {
        "url_zoom": url,
        "url_standard": f"{url}?size=standard",
        "url_thumbnail": f"{url}?size=thumbnail",
        "url_tiny": f"{url}?size=tiny",
    }


def picture_of(url: str) -> str:
    """The key of the picture that stands for one at `url`: the sandbox fetches nothing from outside."""
    marker = "/pictures/"
    if "/_bigcommerce/" in url and marker in url:  # our own address again: the same picture
        return url.split(marker, 1)[1].split("?", 1)[0].removesuffix(".png")
    name = url.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1]
    return f"outside/{re.sub(r'[^A-Za-z0-9._-]+', '-', name)[:80] or 'picture'}"
