"""A product as the API answers it, made of its row without decoding more than is asked for."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from twinshelf_sandbox.bigcommerce.catalog.picture_addresses import with_base
from twinshelf_sandbox.bigcommerce.catalog.product_rows import SUB_KEY
from twinshelf_sandbox.bigcommerce.responses import Json, decode, encode, join


class _Channels(msgspec.Struct):
    h: list[int]


_channels = msgspec.msgpack.Decoder(_Channels).decode


def channels_of(raw: bytes) -> list[int]:
    """The channels a product is assigned to, of its row as the table holds it."""
    return _channels(raw).h


class _Page(msgspec.Struct):
    """The parts of a row that answers are made of; the rest is passed over."""

    m: bytes
    v: list[bytes]
    i: bytes = b"[]"
    h: list[int] = []
    o: bytes = b"[]"
    d: bytes = b"[]"
    c: bytes = b"[]"
    b: bytes = b"[]"
    y: bytes = b"[]"
    w: bytes = b"[]"
    u: int = 0


_page = msgspec.msgpack.Decoder(_Page).decode


def product_json(raw: bytes, include: Iterable[str], fields: Json | None, picture_base: str) -> list[bytes]:
    """A product as the API answers it, in pieces: its fields, then the sub-resources of `include`.

    `raw` is its row as the table holds it; `fields` = {"keep": set | None, "drop": set} narrows the top level.
    """
    row = _page(raw)
    pieces = [(row.m if fields is None else _narrowed(row.m, fields))[:-1]]
    for name in include:
        pieces.append(f',"{name}":'.encode())
        match name:
            case "variants":
                pieces.append(join([with_base(one, picture_base) for one in row.v] if row.u else row.v))
            case "images":
                pieces.append(with_base(row.i, picture_base))
            case "primary_image":
                pieces.append(with_base(encode(primary_image(decode(row.i))), picture_base))
            case "channels":
                pieces.append(encode(row.h))
            case "parent_relations":
                pieces.append(b"[]")
            case _:
                part: bytes = getattr(row, SUB_KEY[name])
                pieces.append(part)
    pieces.append(b"}")
    return pieces


_loose = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _narrowed(raw: bytes, fields: Json) -> bytes:
    main = _loose(raw)
    keep, drop = fields["keep"], fields["drop"]
    if keep is not None:
        # The gift wrapping fields come along whatever is asked for (help text of `include_fields`).
        keep = keep | {"id", "gift_wrapping_options_type", "gift_wrapping_options_list"}
        main = {k: v for k, v in main.items() if k in keep}
    return encode({k: v for k, v in main.items() if k == "id" or k not in drop})


def primary_image(images: list[Json]) -> Json | None:
    """The thumbnail, or the first image in order."""
    if not images:
        return None
    return next((image for image in images if image["is_thumbnail"]), images[0])
