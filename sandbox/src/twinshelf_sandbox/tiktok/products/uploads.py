"""Uploads of images and files, and the CDN that serves them back under signed addresses that expire.

An image's `uri` follows from its bytes, its use and the seller: uploading the same twice gives the same `uri`.
Source: `docs/platforms/tiktok-shop.md` section 8.7.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from typing import Any, Final

import msgspec
from PIL import Image, UnidentifiedImageError

from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint, multipart
from twinshelf_sandbox.tiktok.state import Platform
from twinshelf_sandbox.wire import Request, Response
from twinshelf_sandbox.world import Entity

USE_CASES: Final = (
    "MAIN_IMAGE",
    "ATTRIBUTE_IMAGE",
    "DESCRIPTION_IMAGE",
    "CERTIFICATION_IMAGE",
    "SIZE_CHART_IMAGE",
    "CUSTOMIZATION_IMAGE",
)
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF", "BMP")
_MAX_BYTES: Final = 10 * 1024 * 1024
_KEPT_BYTES: Final = 256 * 1024
_KEPT_IMAGES: Final = 2000
_URL_SECONDS: Final = 86_400
_BUCKET: Final = "tos-maliva-i-o3syd03w52-us"
_CDN: Final = "/_tiktok/cdn"
_PX_SMALLEST, _PX_LARGEST = 100, 20_000
_MAIN_SMALLEST, _MAIN_LARGEST = 300, 4_000
_CHART_SHORT_SIDE: Final = 1_024
_VIDEO: Final = ("MP4", "MOV", "MKV", "WMV", "WEBM", "AVI", "3GP", "FLV", "MPEG")
_NAME: Final = re.compile(r"[A-Za-z0-9][^\s.]*\.[A-Za-z0-9]+")


def _is_heic(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"heim", b"hevc")


def _measure(content: bytes) -> tuple[str, int, int]:
    if _is_heic(content):
        return "HEIF", 1200, 1200  # its size cannot be read here; real ones come from phones and are large enough
    try:
        with Image.open(io.BytesIO(content)) as image:
            return str(image.format), image.width, image.height
    except UnidentifiedImageError as error:
        raise ApiError(12038004) from error
    except Image.DecompressionBombError as error:
        raise ApiError(12019116) from error
    except Exception as error:  # Pillow raises many kinds for broken files
        raise ApiError(12038015) from error


def upload_image(call: Call) -> dict[str, Any]:
    """Take an image. Its uri is made of its content: the same image gives the same uri."""
    parts = multipart(call.request)
    content = parts.get("data", b"")
    use_case = parts.get("use_case", b"").decode("ascii", "replace") or "MAIN_IMAGE"
    if use_case not in USE_CASES:
        raise call.bad("`use_case` is unknown")
    if not content:
        raise ApiError(12038002)
    if len(content) > _MAX_BYTES:
        raise ApiError(12038005)
    form, width, height = _measure(content)
    if form not in _FORMATS:
        raise ApiError(12038004)
    if min(width, height) < _PX_SMALLEST or max(width, height) > _PX_LARGEST:
        raise ApiError(12019116)
    if use_case == "MAIN_IMAGE" and (min(width, height) < _MAIN_SMALLEST or max(width, height) > _MAIN_LARGEST):
        raise ApiError(12038014, "A main image must be between 300 x 300 and 4000 x 4000 pixels.")
    if use_case == "SIZE_CHART_IMAGE" and min(width, height) < _CHART_SHORT_SIDE:
        raise ApiError(12038014, "The short side of a size chart must have 1024 pixels at least.")
    # Main and attribute images outside 3:4 to 4:3 are made square.
    if use_case in ("MAIN_IMAGE", "ATTRIBUTE_IMAGE") and not 3 / 4 <= width / height <= 4 / 3:
        width = height = min(max(width, height), _MAIN_LARGEST)
    digest = hashlib.sha256(content + f"\0{use_case}\0{call.seller_id}".encode()).hexdigest()[:32]
    uri = f"{_BUCKET}/{digest}"
    if uri not in call.platform.images:
        row = {
            "uri": uri,
            "seller_id": call.seller_id,
            "use_case": use_case,
            "width": width,
            "height": height,
            "format": form,
            "sha256": hashlib.sha256(content).hexdigest(),
            "create_time": call.now,
        }
        call.platform.images.put(uri, row)
        if len(content) <= _KEPT_BYTES and len(call.platform.image_bytes) < _KEPT_IMAGES:
            call.platform.image_bytes.put(uri, {"content": content})
        call.platform.world.effect(
            "tiktok", "", "image_uploaded", uri, seller=call.seller_id, use_case=use_case, size=len(content)
        )
    return {
        "uri": uri,
        "url": f"{base(call.request)}{_CDN}/{uri}",
        "height": height,
        "width": width,
        "use_case": use_case,
    }


def upload_file(call: Call) -> dict[str, Any]:
    """Take a PDF or a video."""
    parts = multipart(call.request)
    content, name = parts.get("data", b""), parts.get("name", b"").decode("utf-8", "replace")
    if not content:
        raise ApiError(12019103)
    if not name:
        raise ApiError(12019104)
    if not _NAME.fullmatch(name):
        raise call.bad("`name` needs exactly one dot, no spaces and no symbol in front")
    form = name.rsplit(".", 1)[1].upper()
    if form == "PDF":
        if not content.startswith(b"%PDF"):
            raise ApiError(12019105)
        if len(content) > 20 * 1024 * 1024:
            raise ApiError(12038005)
    elif form in _VIDEO:
        if len(content) > 100 * 1024 * 1024:
            raise ApiError(12038005)
    else:
        raise ApiError(12019105)
    digest = hashlib.sha256(content + f"\0{name}\0{call.seller_id}".encode()).hexdigest()[:30]
    file_id = f"v09{digest}"
    if file_id not in call.platform.files:
        row = {"id": file_id, "seller_id": call.seller_id, "name": name, "format": form, "size": len(content)}
        call.platform.files.put(file_id, row)
        call.platform.world.effect("tiktok", "", "file_uploaded", file_id, seller=call.seller_id, name=name)
    return {"id": file_id, "url": f"{base(call.request)}{_CDN}/files/{file_id}", "name": name, "format": form}


class _Uri(msgspec.Struct):
    uri: str = ""


class _Images(msgspec.Struct):
    images: list[_Uri] = []


def optimize_images(call: Call) -> dict[str, Any]:
    """White background for main images: here the image itself comes back."""
    entries = call.body(_Images).images
    if not entries:
        raise call.bad("`images` is empty")
    done = []
    for entry in entries:
        row = find(call.platform, call.seller_id, entry.uri)
        if row is None:
            raise ApiError(12052722)
        url = f"{base(call.request)}{_CDN}/{entry.uri}"
        done.append(
            {
                "original_uri": entry.uri,
                "original_url": url,
                "optimized_uri": entry.uri,
                "optimized_url": url,
                "optimize_status": "SUCCESS",
                "width": row["width"],
                "height": row["height"],
            }
        )
    return {"images": done}


def find(platform: Platform, seller_id: str, uri: str) -> Entity | None:
    """An uploaded image of a seller, None if the seller never uploaded it."""
    row = platform.images.get(uri)
    return row if row is not None and row["seller_id"] == seller_id else None


# -- the CDN ---------------------------------------------------------------------------------------------------


def base(request: Request) -> str:
    """Where a call was sent to: scheme and host."""
    host = request.headers.get("host", "")
    if not host:
        return ""
    return f"{request.headers.get('x-forwarded-proto', 'http')}://{host}"


def _signature(what: str, expires: int) -> str:
    return hmac.new(b"sandbox cdn", f"{what} {expires}".encode(), hashlib.sha256).hexdigest()[:16]


def signed_url(request: Request, platform: Platform, what: str, seconds: int = _URL_SECONDS) -> str:
    """An address of the CDN that works for `seconds` of virtual time."""
    expires = platform.now + seconds
    return f"{base(request)}{_CDN}/{what}?x-expires={expires}&x-signature={_signature(what, expires)}"


def image_json(request: Request, platform: Platform, uri: str) -> dict[str, Any]:
    """An image as products show it: with addresses that expire, which are no identity."""
    row = platform.images.get(uri) or {"width": 0, "height": 0}
    url = signed_url(request, platform, uri)
    return {"uri": uri, "urls": [url], "thumb_urls": [url], "width": row["width"], "height": row["height"]}


def serve(platform: Platform, request: Request) -> Response:
    """What is behind a CDN address: 403 when its signature is wrong or its time over."""
    what = request.path.removeprefix(f"{_CDN}/")
    query = request.query
    if "x-expires" in query or what.startswith("documents/"):
        expires, signature = query.get("x-expires", ""), query.get("x-signature", "")
        at = int(expires) if expires.isdecimal() and len(expires) <= 12 else 0
        if at < platform.now or not hmac.compare_digest(_signature(what, at).encode(), signature.encode()):
            return Response.text("expired", 403)
    if what.startswith("documents/"):
        return _paper(what.removeprefix("documents/"))
    if what.startswith("files/"):
        name = "file" if (row := platform.files.get(what.removeprefix("files/"))) is None else row["name"]
        return Response(200, small_pdf(name), {"content-type": "application/pdf"})
    kept = platform.image_bytes.get(what)
    row = platform.images.get(what)
    if row is None:
        return Response.text("not found", 404)
    if kept is not None:
        kinds = {
            "JPEG": "image/jpeg",
            "PNG": "image/png",
            "WEBP": "image/webp",
            "BMP": "image/bmp",
            "HEIF": "image/heic",
        }
        return Response(200, kept["content"], {"content-type": kinds[row["format"]]})
    return Response(200, _stand_in(row), {"content-type": "image/png"})


def _paper(name: str) -> Response:
    """A label or slip in the format that its name ends with."""
    text, _, form = name.replace("/", " ").rpartition(".")
    if form == "png":
        return Response(200, _picture((600, 900), (255, 255, 255)), {"content-type": "image/png"})
    if form == "zpl":
        return Response.text(f"^XA^FO40,40^A0N,36,36^FD{text}^FS^XZ")
    return Response(200, small_pdf(text), {"content-type": "application/pdf"})


def _stand_in(row: Entity) -> bytes:
    """A picture for an image whose bytes were not kept: one colour, made from its digest."""
    red, green, blue = (int(row["sha256"][n : n + 2], 16) for n in (0, 2, 4))
    return _picture((300, 300), (red, green, blue))


def _picture(size: tuple[int, int], colour: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def small_pdf(text: str) -> bytes:
    """A valid PDF of one page with one line of text."""
    shown = "".join(ch if ch.isascii() and ch.isprintable() and ch not in "()\\" else "?" for ch in text)
    stream = f"BT /F1 14 Tf 24 270 Td ({shown}) Tj ET".encode()
    fonts = b"<< /Font << /F1 5 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R /Resources " + fonts + b" >>",
        b"<< /Length " + str(len(stream)).encode() + b" >>\nstream\n" + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return out


_BASIC: Final = "seller.product.basic"

ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/product/{v}/images/upload",
        ("202309",),
        _BASIC,
        upload_image,
        shop=False,
        multipart=True,
        bad_input=12038002,
    ),
    Endpoint(
        "POST",
        "/product/{v}/files/upload",
        ("202309",),
        _BASIC,
        upload_file,
        shop=False,
        multipart=True,
        bad_input=12038002,
    ),
    Endpoint("POST", "/product/{v}/images/optimize", ("202404",), _BASIC, optimize_images, bad_input=12052910),
)
