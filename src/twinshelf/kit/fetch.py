"""Fetching images that merchants' data point at, without becoming anybody's tool.

Only http(s), only public addresses (or exact hosts the operator allows), the name resolved once and the connection
made to that very address, redirects followed only after the same check, bytes and pixels limited before decoding.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import socket
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx2
from django.conf import settings
from PIL import Image, UnidentifiedImageError

from twinshelf.errors import NeedsPerson, PlatformDown
from twinshelf.kit import clock, http

MAX_BYTES = 10 * 1024 * 1024
MAX_SIDE = 20_000
MAX_PIXELS = 60_000_000
MAX_PIXELS_REMADE = 25_000_000
"""Of a picture that must be decoded as a whole: 4 bytes a pixel, some of them twice."""
MAX_REDIRECTS = 3
MAX_SECONDS = 60.0
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
"""No other decoder ever sees what came from outside. (A JPEG of several pictures calls itself MPO once opened.)"""


class ImageUnusable(NeedsPerson):
    """The image at `url` cannot be fetched or read."""

    def __init__(self, url: str, why: str) -> None:
        self.url, self.why = url, why
        super().__init__("E-LST-IMGURL", image=_name(url), why=why)


def _name(url: str) -> str:
    """What is last in an address, whatever is wrong with it; without the query, which may carry a signature."""
    return url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2].rpartition("@")[2][:80]


@dataclass(frozen=True)
class FetchedImage:
    """Bytes of an image that decodes, with its format as Pillow names it and its size in pixels."""

    data: bytes
    format: str
    width: int
    height: int


def image(url: str) -> FetchedImage:
    """The image at `url`, checked. Safe to repeat. Raises ImageUnusable, or PlatformDown when its host fails."""
    return inspect(url, _download(url))


def inspect(url: str, data: bytes) -> FetchedImage:
    """Check that `data` is an image within limits, by its header, before anything is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
            width, height = picture.size
            kind = picture.format or ""
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError,
            Image.DecompressionBombWarning) as error:  # fmt: skip
        raise ImageUnusable(url, "it is not an image in a supported format") from error
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise ImageUnusable(url, f"{width} × {height} pixels are too many")
    if getattr(picture, "is_animated", False) and kind != "MPO":  # counting the frames would mean going through them
        raise ImageUnusable(url, "animated images are not supported")
    return FetchedImage(data, kind, width, height)


def fitted(url: str, picture: FetchedImage, *, smallest: int, largest: int) -> bytes:
    """The bytes to upload: as they are where format and size fit, else re-made as JPEG no larger than `largest` pixels.

    The same picture always gives the same bytes, so that it is recognized as uploaded. Raises ImageUnusable where a
    side is shorter than `smallest`: enlarging would only blur it.
    """
    if min(picture.width, picture.height) < smallest:
        raise ImageUnusable(
            url, f"{picture.width} × {picture.height} pixels are too few; use at least {smallest} × {smallest}"
        )
    if picture.format in {"JPEG", "PNG", "WEBP", "BMP"} and max(picture.width, picture.height) <= largest:
        return picture.data
    with _decoding:
        return _remade(url, picture, largest)


_decoding = threading.Lock()
"""One picture at a time in this process: each takes memory by its pixels, however few bytes it came in."""


def _remade(url: str, picture: FetchedImage, largest: int) -> bytes:
    made = _decoded(url, picture, largest)
    made.thumbnail((largest, largest))
    out = io.BytesIO()
    made.convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def _decoded(url: str, picture: FetchedImage, largest: int) -> Image.Image:
    try:
        with Image.open(io.BytesIO(picture.data), formats=_FORMATS) as opened:
            opened.draft("RGB", (largest, largest))  # a JPEG is decoded no larger than it needs to be
            if opened.width * opened.height > MAX_PIXELS_REMADE:
                raise ImageUnusable(url, f"{picture.width} × {picture.height} pixels are too many to make it smaller")
            # A transparent one would be copied thrice to make it smaller; a JPEG keeps nothing of what this drops.
            made: Image.Image = opened if opened.mode in {"RGB", "L", "CMYK"} else opened.convert("RGB")
            made.load()
            return made
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageUnusable(url, "it is damaged") from error


def _download(url: str) -> bytes:
    give_up = clock.monotonic() + MAX_SECONDS
    for _ in range(MAX_REDIRECTS + 1):
        status, location, data = _get(url, give_up)
        if status in {301, 302, 303, 307, 308} and location:
            try:
                url = urljoin(url, location)
            except ValueError as error:
                raise ImageUnusable(url, "it redirects to what is no address") from error
            continue
        if status >= 500 or status == 429:
            raise PlatformDown(f"the image host answered {status}", wait_seconds=30)
        if status != 200:
            raise ImageUnusable(url, f"its host answered {status}")
        return data
    raise ImageUnusable(url, "it redirects too often")


class _Deadline:
    """Ends a request at its time, whatever it is at: limits on single reads let a host drip bytes without end."""

    def __init__(self, give_up: float) -> None:
        self._give_up = give_up
        self._sockets: list[socket.socket] = []
        self.passed = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember each connection that is opened. For the client's `trace` extension."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            opened = info["return_value"].get_extra_info("socket")
            if opened is not None:
                self._sockets.append(opened)

    def _end(self) -> None:
        self.passed = True
        for opened in self._sockets:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer = threading.Timer(max(0.0, self._give_up - clock.monotonic()), self._end)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()


def _get(url: str, give_up: float) -> tuple[int, str, bytes]:
    """(status, redirect target or "", body) of one request to one checked address."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ImageUnusable(url, "its address cannot be read") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImageUnusable(url, "only http and https addresses are fetched")
    target, extensions = url, dict[str, Any]()
    if f"{parts.hostname}:{port}" not in settings.OPERATOR.fetch_allow:
        address = _public_address(url, parts.hostname, port)
        host = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{host}:{port}").geturl()
        extensions = {"sni_hostname": parts.hostname}
    host_named = parts.netloc.rpartition("@")[2]
    headers = {"host": host_named, "accept": "image/*", "accept-encoding": "identity", "connection": "close"}
    deadline = _Deadline(give_up)
    extensions["trace"] = deadline.trace
    try:
        with deadline, http.anonymous().stream("GET", target, headers=headers, extensions=extensions) as response:
            if int(response.headers.get("content-length") or 0) > MAX_BYTES:
                raise ImageUnusable(url, "it is larger than 10 MB")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise ImageUnusable(url, "its host sends it packed")  # a few bytes could unpack to anything
            data = bytearray()
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > MAX_BYTES:
                    raise ImageUnusable(url, "it is larger than 10 MB")
                if clock.monotonic() > give_up:
                    raise PlatformDown(_TOO_SLOW, wait_seconds=30)
            return response.status_code, response.headers.get("location", ""), bytes(data)
    except httpx2.HTTPError as error:
        if deadline.passed:
            raise PlatformDown(_TOO_SLOW, wait_seconds=30) from error
        raise PlatformDown(f"the image host cannot be reached: {type(error).__name__}", wait_seconds=30) from error


_TOO_SLOW = "the image host is too slow"


def _public_address(url: str, host: str, port: int) -> str:
    """The one address to connect to. Every address of the name must be public, so no resolver can sneak one in."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise ImageUnusable(url, "its host name does not resolve") from error
    for address in found:
        if not _is_public(ipaddress.ip_address(str(address).partition("%")[0])):
            raise ImageUnusable(url, "its address is not public")
    return min(map(str, found))


_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
"""All that is given out to anybody, so far. What wraps an IPv4 address elsewhere (mapped, NAT64) is not in it."""
_SPECIAL = tuple(
    ipaddress.ip_network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
"""IANA's special-purpose registries, and multicast: written out, since Python's tables change with its patch release.

2001::/23 holds Teredo, 2002::/16 is 6to4: both wrap IPv4 addresses."""


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is anybody's to reach."""
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _PUBLIC_V6:
        return False
    return not any(ip in block for block in _SPECIAL if block.version == ip.version)
