"""Files that people upload for products: checked when they come, kept by their digest. Calls no platform."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final, Literal

from django.utils.translation import gettext as _

from twinshelf.connections.models import Connection
from twinshelf.documents import ListingFile
from twinshelf.errors import DocumentError
from twinshelf.kit import fetch
from twinshelf.listings.models import FileRow

Use = Literal["certificate", "size_chart"]

MOST_BYTES: Final = 10 * 1024 * 1024
"""TikTok takes 10 MB of an image and 20 MB of a PDF; more than 10 MB is not taken here."""
SHORTEST_SIDE: Final = {"certificate": 100, "size_chart": 1024}
"""Pixels. Source: Upload Product Image, docs/platforms/tiktok-shop.md section 8.7."""
_FORMATS: Final = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "BMP": "bmp"}


def keep(connection: Connection, name: str, data: bytes, *, use: Use) -> ListingFile:
    """Keep a file for products of this connection. A certificate is a PDF or an image, a size chart an image.

    Safe to repeat: the same bytes are kept once. Raises DocumentError with words for the person who chose it.
    """
    pdf = data.startswith(b"%PDF-")
    if pdf and use == "size_chart":
        raise DocumentError("size_chart", _("A size chart is an image: JPEG, PNG, WebP or BMP."))
    kind: Literal["image", "pdf"] = "pdf" if pdf else "image"
    if not data:
        raise DocumentError(use, _("The file is empty."))
    if len(data) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise DocumentError(use, _("The file has more than %(most)s MB.") % {"most": most})
    ending = "pdf" if pdf else _checked(data, name, use)
    made = ListingFile(digest=hashlib.sha256(data).hexdigest(), name=_plain_name(name, ending), kind=kind)
    FileRow.objects.get_or_create(
        account_id=connection.account_id,
        connection=connection,
        digest=made.digest,
        defaults={"name": made.name, "kind": kind, "data": data},
    )
    return made


def kept(connection: Connection, digests: Iterable[str]) -> dict[str, ListingFile]:
    """The files of these digests that were kept for products of this connection, by digest."""
    rows = FileRow.objects.filter(connection=connection, digest__in=set(digests)).values_list("digest", "name", "kind")
    return {
        digest: ListingFile(digest=digest, name=name, kind="pdf" if kind == "pdf" else "image")
        for digest, name, kind in rows
    }


def _checked(data: bytes, name: str, use: Use) -> str:
    try:
        picture = fetch.inspect(name, data)
    except fetch.ImageUnusable as error:
        raise DocumentError(
            use, _("The file is no PDF, and no image that TikTok takes: %(why)s.") % {"why": error.why}
        ) from error
    if picture.format not in _FORMATS:
        raise DocumentError(use, _("TikTok takes JPEG, PNG, WebP and BMP, and of papers PDF."))
    least = SHORTEST_SIDE[use]
    if min(picture.width, picture.height) < least:
        raise DocumentError(
            use,
            _("%(width)s × %(height)s pixels are too few: the shorter side needs %(least)s.")
            % {"width": picture.width, "height": picture.height, "least": least},
        )
    return _FORMATS[picture.format]


def _plain_name(name: str, ending: str) -> str:
    """A name as TikTok takes it: one dot, no blanks, no symbol in front."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name.rpartition(".")[0] or name).strip("-_")[:80]
    return f"{stem or 'file'}.{ending}"
