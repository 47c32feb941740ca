"""The pictures of listings: fetched, fitted and uploaded to a shop, each once."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime

from twinshelf.connections import clients
from twinshelf.connections.models import Shop
from twinshelf.documents import Listing
from twinshelf.errors import NeedsPerson
from twinshelf.kit import clock, fetch
from twinshelf.kit.upsert import upsert
from twinshelf.listings.models import FileRow, UploadedImage

_FILE = "file:"
_PDF = "PDF"


class Pictures:
    """TikTok's URIs for the pictures of a batch. What the shop has, by source or content, is not uploaded again.

    Safe to use from several threads.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._by_source: dict[tuple[str, str], str] = {}
        self._by_content: dict[tuple[str, str], str] = {}
        self._new: list[tuple[int, str, str, str, str, datetime]] = []
        self._guard = threading.Lock()
        self._locks: dict[tuple[str, str], threading.Lock] = {}

    def look_up(self, listings: Iterable[Listing]) -> None:
        """Learn which pictures of these listings the shop has already."""
        urls = list({url for listing in listings for url in _pictures_of(listing)})
        for start in range(0, len(urls), 500):
            known = UploadedImage.objects.filter(shop=self._shop, source__in=urls[start : start + 500])
            for source, use_case, uri in known.values_list("source", "use_case", "uri"):
                self._by_source[source, use_case] = uri

    def uris_of(self, listing: Listing) -> dict[str, str]:
        """The URI of every picture of the listing by its address, uploaded where the shop does not have it."""
        return {
            url: self._by_source.get((url, use)) or self._upload(url, use) for url, use in _pictures_of(listing).items()
        }

    def known(self, urls: Sequence[str]) -> list[str]:
        """TikTok's names of these main pictures in their order; none if one was never uploaded."""
        rows = UploadedImage.objects.filter(shop=self._shop, source__in=list(urls), use_case="MAIN_IMAGE")
        uris = dict(rows.values_list("source", "uri"))
        return list(dict.fromkeys(uris[url] for url in urls)) if all(url in uris for url in urls) else []

    def keep(self) -> None:
        """Record what was uploaded."""
        columns = ["shop_id", "source", "use_case", "sha256", "uri", "used_at"]
        upsert(UploadedImage, self._shop.account_id, columns, self._new, unique=["shop_id", "source", "use_case"])

    def _upload(self, url: str, use_case: str) -> str:
        if url.startswith(_FILE):
            return self._upload_file(url, use_case)
        data = fetch.fitted(url, fetch.image(url), smallest=300, largest=4000)
        digest = hashlib.sha256(data).hexdigest()
        with self._guard:
            only_one = self._locks.setdefault((digest, use_case), threading.Lock())
        with only_one:  # products may share a picture: the second waits
            uri = self._by_content.get((digest, use_case)) or self._known_content(digest, use_case)
            uri = uri or clients.shop_client(self._shop).upload_image(data, use_case)
            self._by_content[digest, use_case] = self._by_source[url, use_case] = uri
        self._new.append((self._shop.id, url, use_case, digest, uri, clock.now()))
        return uri

    def _upload_file(self, address: str, use_case: str) -> str:
        """As `_upload`, of a file that somebody gave us: it was checked when it came."""
        digest = address.removeprefix(_FILE)
        row = FileRow.objects.filter(connection__shop=self._shop, digest=digest).first()
        if row is None:
            raise NeedsPerson("E-LST-CERTFILE")
        client, data = clients.shop_client(self._shop), bytes(row.data)
        uri = client.upload_file(data, row.name) if use_case == _PDF else client.upload_image(data, use_case)
        self._by_source[address, use_case] = uri
        self._new.append((self._shop.id, address, use_case, digest, uri, clock.now()))
        return uri

    def _known_content(self, digest: str, use_case: str) -> str | None:
        same = UploadedImage.objects.filter(shop=self._shop, sha256=digest, use_case=use_case)
        return same.values_list("uri", flat=True).first()


def _pictures_of(listing: Listing) -> dict[str, str]:
    """Address → what TikTok is to use the picture for."""
    wanted = dict.fromkeys(listing.image_urls, "MAIN_IMAGE")
    for sku in listing.skus:
        if sku.image_url:
            wanted.setdefault(sku.image_url, "ATTRIBUTE_IMAGE")
    for certificate in listing.certificates:
        for file in certificate.files:
            wanted[file.address] = _PDF if file.kind == "pdf" else "CERTIFICATION_IMAGE"
    if listing.size_chart is not None:
        wanted[listing.size_chart.address] = "SIZE_CHART_IMAGE"
    return wanted
