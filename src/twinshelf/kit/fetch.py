"""Fetching images that merchants' data point at, without becoming anybody's tool.

Only http(s), only public addresses (or exact hosts the operator allows), the name resolved once and the connection
made to that very address, redirects followed only after the same check, bytes and pixels limited before decoding.
"""

from __future__ import annotations

import io
import ipaddress
import socket
import warnings
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx2
from django.conf import settings
from PIL import Image, UnidentifiedImageError

from twinshelf.errors import NeedsPerson, PlatformDown
from twinshelf.kit import clock, http

MAX_BYTES = 10 * 1024 * 1024
MAX_SIDE = 20_000
MAX_PIXELS = 60_000_000
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
    try:
        made = Image.open(io.BytesIO(picture.data), formats=_FORMATS).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageUnusable(url, "it is damaged") from error
    made.thumbnail((largest, largest))
    out = io.BytesIO()
    made.save(out, "JPEG", quality=90)
    return out.getvalue()


def _download(url: str) -> bytes:
    for _ in range(MAX_REDIRECTS + 1):
        status, location, data = _get(url)
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


def _get(url: str) -> tuple[int, str, bytes]:
    """(status, redirect target or "", body) of one request to one checked address."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ImageUnusable(url, "its address cannot be read") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImageUnusable(url, "only http and https addresses are fetched")
    target, extensions = url, {}
    if f"{parts.hostname}:{port}" not in settings.OPERATOR.fetch_allow:
        address = _public_address(url, parts.hostname, port)
        host = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{host}:{port}").geturl()
        extensions = {"sni_hostname": parts.hostname}
    headers = {"host": parts.netloc.rpartition("@")[2], "accept": "image/*", "accept-encoding": "identity"}
    give_up = clock.monotonic() + MAX_SECONDS
    try:
        with http.anonymous().stream("GET", target, headers=headers, extensions=extensions) as response:
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
                    raise PlatformDown("the image host is too slow", wait_seconds=30)
            return response.status_code, response.headers.get("location", ""), bytes(data)
    except httpx2.HTTPError as error:
        raise PlatformDown(f"the image host cannot be reached: {type(error).__name__}", wait_seconds=30) from error


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


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is anybody's to reach; one that wraps an IPv4 address is judged by that as well."""
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64 or int(ip) < 2**32:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None and not _is_public(wrapped):
            return False
    return ip.is_global and not ip.is_multicast
