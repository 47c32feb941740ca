"""Fetching images that merchants' data point at, without becoming anybody's tool.

Only http(s), only public addresses (or exact hosts the operator allows), the name resolved once and the connection
made to that very address, redirects followed only after the same check, bytes and pixels limited before decoding.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import socket
import struct
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx2
from django.conf import settings
from PIL import Image, ImageCms, UnidentifiedImageError

from twinshelf.errors import NeedsPerson, PlatformDown
from twinshelf.kit import clock, http

MAX_BYTES = 10 * 1024 * 1024
MAX_SIDE = 20_000
MAX_PIXELS = 60_000_000
MAX_PIXELS_REMADE = 25_000_000
"""Of a picture that must be decoded as a whole: 4 bytes a pixel, some of them twice."""
MAX_PIXELS_REMADE_WEBP = 17_000_000
"""Of a WebP, whose decoder keeps four copies."""
MAX_FRAMES = 2_000
"""Of an animation, of which the first frame alone is read."""
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
    animated: bool = False


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
    # Of a JPEG of several pictures, counting them would mean going through them.
    animated = kind != "MPO" and bool(getattr(picture, "is_animated", False))
    if animated and (frames := _frames(picture, data)) > MAX_FRAMES:
        raise ImageUnusable(url, f"{frames} frames are too many")
    return FetchedImage(data, kind, width, height, animated)


def _frames(picture: Image.Image, data: bytes) -> int:
    """How many frames an animation has; of a GIF, which does not say it, how many are announced by a control block."""
    return data.count(b"\x21\xf9\x04") if picture.format == "GIF" else int(getattr(picture, "n_frames", 1))


def fitted(url: str, picture: FetchedImage, *, smallest: int, largest: int) -> bytes:
    """The bytes to upload: as they are where format and size fit, else re-made as JPEG no larger than `largest` pixels.

    Re-made, a picture looks as it did: upright as its orientation says, in the colors of its profile, its first frame
    if it moves. What is transparent becomes white, and so does the margin that keeps a thin one at `smallest` pixels.
    The same picture always gives the same bytes, so that it is recognized as uploaded. Raises ImageUnusable where a
    side is shorter than `smallest`: enlarging would only blur it.
    """
    if min(picture.width, picture.height) < smallest:
        raise ImageUnusable(
            url, f"{picture.width} × {picture.height} pixels are too few; use at least {smallest} × {smallest}"
        )
    fits = max(picture.width, picture.height) <= largest and not picture.animated
    if picture.format in {"JPEG", "PNG", "WEBP", "BMP"} and fits:
        return picture.data
    with _decoding:
        return _remade(url, picture, smallest, largest)


_decoding = threading.Lock()
"""One picture at a time in this process: each takes memory by its pixels, however few bytes it came in."""
_WHITE = (255, 255, 255)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by the orientation in its EXIF. Source: EXIF 2.32, tag 0x0112."""
_ORIENTATION = 0x0112
_QUALITIES = (90, 80, 65, 50)


def _remade(url: str, picture: FetchedImage, smallest: int, largest: int) -> bytes:
    made = _with_margin(_decoded(url, picture, largest), smallest)
    for quality in _QUALITIES:
        out = io.BytesIO()
        made.save(out, "JPEG", quality=quality)
        if out.tell() <= MAX_BYTES:
            break
    return out.getvalue()


def _decoded(url: str, picture: FetchedImage, largest: int) -> Image.Image:
    """The picture as it looks, opaque, in sRGB, upright and no larger than `largest`."""
    try:
        with Image.open(io.BytesIO(picture.data), formats=_FORMATS) as opened:
            opened.draft("RGB", (largest, largest))  # a JPEG is decoded no larger than it needs to be
            most = MAX_PIXELS_REMADE_WEBP if picture.format == "WEBP" else MAX_PIXELS_REMADE
            if opened.width * opened.height > most:
                raise ImageUnusable(url, f"{picture.width} × {picture.height} pixels are too many to make it smaller")
            opened.load()
            profile = opened.info.get("icc_profile")
            turn = _TURNS.get(_orientation_of(opened))
            made = _opaque(_of_a_byte(opened), largest)
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageUnusable(url, "it is damaged") from error
    made = _in_srgb(made, profile)
    return made if turn is None else made.transpose(turn)


def _orientation_of(opened: Image.Image) -> int:
    try:
        return int(opened.getexif().get(_ORIENTATION, 1))
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, OverflowError, struct.error):
        return 1  # what cannot be read says nothing


def _of_a_byte(opened: Image.Image) -> Image.Image:
    """With 8 bits a channel; a grey of 16 bits would be cut off at 255, not scaled."""
    if opened.mode not in {"I", "I;16", "I;16B", "I;16L"}:
        return opened
    wide = opened if opened.mode == "I" else opened.convert("I")
    return wide.point(lambda value: value * (1 / 257)).convert("L")


def _opaque(opened: Image.Image, largest: int) -> Image.Image:
    """No larger than `largest`, what is transparent white."""
    if opened.has_transparency_data:
        made = _on_white(opened)
    else:
        made = opened if opened.mode in {"RGB", "L", "CMYK"} else opened.convert("RGB")
    made.thumbnail((largest, largest))
    return made


def _on_white(opened: Image.Image) -> Image.Image:
    """What is transparent becomes white, in strips: copies of the whole would take three times the memory.

    The picture that was opened is let go.
    """
    made = Image.new("RGB", opened.size, _WHITE)
    for top in range(0, opened.height, _STRIP):
        strip = opened.crop((0, top, opened.width, min(top + _STRIP, opened.height)))
        clear = strip if strip.mode == "RGBA" else strip.convert("RGBA")
        made.paste(clear, (0, top), clear)
    opened.close()
    return made


_STRIP = 256


def _in_srgb(made: Image.Image, profile: bytes | None) -> Image.Image:
    """In the colors that a browser shows without a profile; a profile that does not fit the picture says nothing."""
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            seen = ImageCms.profileToProfile(made, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if seen is not None:
                return seen
    return made.convert("RGB")


def _with_margin(made: Image.Image, smallest: int) -> Image.Image:
    """Made smaller, a thin picture may have too short a side: white beside it makes it long enough."""
    width, height = max(made.width, smallest), max(made.height, smallest)
    if (width, height) == made.size:
        return made
    whole = Image.new("RGB", (width, height), _WHITE)
    whole.paste(made, ((width - made.width) // 2, (height - made.height) // 2))
    return whole


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
