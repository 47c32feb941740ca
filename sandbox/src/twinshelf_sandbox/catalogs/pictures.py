"""Pictures of products, drawn from their key alone: a tinted ground, a flat shape for the kind of goods, a label.

Stands in for photographs, which the sandbox may not fetch from anywhere. The same key gives the same bytes with the
same version of Pillow; nothing is kept.
"""

import hashlib
import io
import math
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from twinshelf_sandbox.catalogs.invented_values import kind_of

_GRID = 100
_FINE = 2
"""Shapes are drawn this much larger and then reduced, which smooths their edges."""
_LABEL_LINES = 2
_BARS = 32

Color = tuple[int, int, int]

# Ground, body and detail of each tint.
_TINTS: tuple[tuple[Color, Color, Color], ...] = (
    ((201, 214, 195), (125, 154, 116), (88, 116, 80)),
    ((228, 211, 189), (176, 138, 91), (132, 99, 58)),
    ((207, 216, 234), (109, 134, 184), (74, 97, 145)),
    ((234, 208, 214), (181, 106, 125), (141, 72, 92)),
    ((217, 211, 234), (133, 114, 184), (97, 79, 146)),
    ((211, 230, 230), (95, 155, 155), (62, 117, 118)),
    ((239, 227, 184), (183, 154, 59), (139, 113, 34)),
    ((226, 224, 220), (140, 134, 126), (100, 95, 88)),
    ((245, 219, 203), (205, 120, 84), (160, 84, 52)),
    ((205, 225, 209), (82, 142, 107), (52, 104, 74)),
)


def picture(key: str, width: int = 800, height: int = 800) -> bytes:
    """A JPEG for this key, such as "linen-storage-basket/1": the words before the last "/" choose shape and label."""
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=16).digest()
    name, _, view = key.rpartition("/")
    words = [word for word in (name or view).split("-") if word and not _is_code(word)]
    tint = hashlib.blake2b((name or view).encode("utf-8", "replace"), digest_size=3).digest()
    ground, body, detail = _TINTS[tint[0] % len(_TINTS)]
    image = Image.new("RGB", (width, height), _mixed(ground, tint[1], digest[2]))
    pen = ImageDraw.Draw(image)
    side = min(width, height)
    if digest[3] % 2:
        radius, middle = side * 0.36, height * 0.45
        disc = (width / 2 - radius, middle - radius, width / 2 + radius, middle + radius)
        pen.ellipse(disc, fill=_lighter(ground))
    shape = _SHAPES.get(kind_of("", " ".join(words)).shape, _box)
    scale = 0.46 + digest[4] / 255 * 0.14
    _place(image, shape, int(side * scale), (body, detail, _lighter(ground), detail))
    _label(pen, " ".join(words), (width, height), detail)
    _tag(pen, digest, (width, height), body)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


def _is_code(word: str) -> bool:
    """Whether a word of a key is there to tell keys apart rather than to be read."""
    return len(word) == 6 and all(mark in "0123456789abcdef" for mark in word)


def _mixed(ground: Color, first: int, second: int) -> Color:
    red, green, blue = ground
    return red - first % 8, green - second % 8, blue - (first + second) % 8


def _lighter(color: Color) -> Color:
    red, green, blue = color
    return (red + 255) // 2, (green + 255) // 2, (blue + 255) // 2


def _place(image: Image.Image, shape: "Shape", side: int, colors: tuple[Color, ...]) -> None:
    """Draw a shape in the middle of a picture: each of its colors is a mask, drawn large and reduced."""
    size = side * _FINE
    at = ((image.width - side) // 2, int(image.height * 0.45) - side // 2)
    masks = [Image.new("L", (size, size), 0) for _ in colors]
    shape(_Pens(masks, size / _GRID))
    for mask, color in zip(masks, colors, strict=True):
        if mask.getbbox():
            image.paste(color, at, mask.reduce(_FINE))


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _label(pen: ImageDraw.ImageDraw, text: str, size: tuple[int, int], color: Color) -> None:
    (width, height), side = size, min(size)
    font = _font(max(side // 22, 8))
    lines: list[str] = [""]
    for word in text.split():
        line = f"{lines[-1]} {word}".strip()
        if pen.textlength(line, font) <= width * 0.86:
            lines[-1] = line
        elif len(lines) < _LABEL_LINES:
            lines.append(word[:40])
        else:
            break
    for number, line in enumerate(lines):
        where = (width / 2, height * 0.845 + number * side / 18)
        pen.text(where, line[:1].upper() + line[1:] if number == 0 else line, fill=color, font=font, anchor="mm")


def _tag(pen: ImageDraw.ImageDraw, digest: bytes, size: tuple[int, int], color: Color) -> None:
    """A row of bars read off the hash: two keys never give the same picture."""
    (width, height), side = size, min(size)
    bits = int.from_bytes(digest[8:16], "big")
    step = side * 0.3 / _BARS
    left, bottom = (width - step * _BARS) / 2, height * 0.975
    for bar in range(_BARS):
        tall = (2 + 3 * ((bits >> 2 * bar) & 3)) * side / 800
        pen.rectangle((left + bar * step, bottom - tall, left + (bar + 0.55) * step, bottom), fill=color)


class _Pens:
    """Draws on the masks of a shape, in a grid of 100 by 100: body, detail, light, and detail on top of light."""

    def __init__(self, masks: list[Image.Image], unit: float) -> None:
        self._masks = masks
        self._pens = [ImageDraw.Draw(mask) for mask in masks]
        self._unit = unit

    def box(self, left: float, top: float, right: float, bottom: float, *, radius: float = 0, layer: int = 0) -> None:
        corners = [at * self._unit for at in (left, top, right, bottom)]
        self._cut(layer, lambda pen, fill: pen.rounded_rectangle(corners, radius * self._unit, fill=fill))

    def disc(self, x: float, y: float, across: float, down: float | None = None, *, layer: int = 0) -> None:
        half = down if down is not None else across
        corners = [at * self._unit for at in (x - across, y - half, x + across, y + half)]
        self._cut(layer, lambda pen, fill: pen.ellipse(corners, fill=fill))

    def ring(self, x: float, y: float, radius: float, thick: float, *, layer: int = 0) -> None:
        corners = [at * self._unit for at in (x - radius, y - radius, x + radius, y + radius)]
        self._cut(layer, lambda pen, fill: pen.ellipse(corners, outline=fill, width=round(thick * self._unit)))

    def shape(self, *points: tuple[float, float], layer: int = 0) -> None:
        scaled = [(x * self._unit, y * self._unit) for x, y in points]
        self._cut(layer, lambda pen, fill: pen.polygon(scaled, fill=fill))

    def line(self, *points: tuple[float, float], thick: float = 4, layer: int = 0) -> None:
        scaled = [(x * self._unit, y * self._unit) for x, y in points]
        half = thick * self._unit / 2

        def draw(pen: ImageDraw.ImageDraw, fill: int) -> None:
            for start, end in pairwise(scaled):
                pen.line((start, end), fill=fill, width=round(half * 2))
            for x, y in scaled:
                pen.ellipse((x - half, y - half, x + half, y + half), fill=fill)

        self._cut(layer, draw)

    def arc(
        self, x: float, y: float, across: float, down: float, *, start: float, end: float, thick: float = 4
    ) -> None:
        corners = [at * self._unit for at in (x - across, y - down, x + across, y + down)]
        self._cut(0, lambda pen, fill: pen.arc(corners, start, end, fill=fill, width=round(thick * self._unit)))

    def _cut(self, layer: int, draw: Callable[[ImageDraw.ImageDraw, int], None]) -> None:
        """Draw on one layer; it will lie on the lower ones."""
        draw(self._pens[layer], 255)


Shape = Callable[[_Pens], None]


def _box(pens: _Pens) -> None:
    pens.shape((12, 32), (50, 14), (88, 32), (50, 50))
    pens.shape((12, 32), (50, 50), (50, 92), (12, 74), layer=1)
    pens.shape((88, 32), (50, 50), (50, 92), (88, 74))
    pens.line((31, 23), (69, 41), (69, 54), thick=5, layer=2)


def _phone(pens: _Pens) -> None:
    pens.box(30, 6, 70, 94, radius=7)
    pens.box(34, 15, 66, 82, radius=2, layer=2)
    pens.disc(50, 88, 3, layer=1)


def _screen(pens: _Pens) -> None:
    pens.box(6, 16, 94, 72, radius=4)
    pens.box(11, 21, 89, 67, radius=1, layer=2)
    pens.box(44, 72, 56, 82, layer=1)
    pens.box(30, 82, 70, 87, radius=2, layer=1)


def _laptop(pens: _Pens) -> None:
    pens.box(16, 18, 84, 68, radius=4)
    pens.box(21, 23, 79, 63, layer=2)
    pens.shape((6, 72), (94, 72), (88, 82), (12, 82), layer=1)


def _chip(pens: _Pens) -> None:
    for at in range(26, 80, 12):
        pens.line((at, 10), (at, 90), thick=4, layer=1)
        pens.line((10, at), (90, at), thick=4, layer=1)
    pens.box(20, 20, 80, 80, radius=4, layer=1)
    pens.box(32, 32, 68, 68, radius=3, layer=2)


def _camera(pens: _Pens) -> None:
    pens.box(8, 28, 92, 82, radius=7)
    pens.box(34, 18, 66, 32, radius=4)
    pens.disc(50, 55, 21, layer=1)
    pens.disc(50, 55, 12, layer=2)


def _fridge(pens: _Pens) -> None:
    pens.box(26, 5, 74, 93, radius=5)
    pens.line((27, 36), (73, 36), thick=2, layer=1)
    pens.line((33, 18), (33, 28), layer=1)
    pens.line((33, 44), (33, 62), layer=1)


def _washer(pens: _Pens) -> None:
    pens.box(16, 8, 84, 92, radius=5)
    pens.line((18, 26), (82, 26), thick=2, layer=1)
    pens.disc(50, 58, 24, layer=1)
    pens.disc(50, 58, 17, layer=2)
    pens.disc(74, 17, 4, layer=1)


def _oven(pens: _Pens) -> None:
    pens.box(6, 22, 94, 80, radius=5)
    pens.box(13, 31, 66, 71, radius=3, layer=2)
    for at in (36, 50, 64):
        pens.disc(80, at, 4, layer=1)


def _headphones(pens: _Pens) -> None:
    pens.arc(50, 52, 36, 38, start=180, end=360, thick=8)
    pens.box(8, 50, 26, 84, radius=8, layer=1)
    pens.box(74, 50, 92, 84, radius=8, layer=1)


def _cable(pens: _Pens) -> None:
    pens.line((24, 78), (24, 48), (50, 48), (50, 70), (76, 70), (76, 34), thick=6)
    pens.box(16, 74, 32, 94, radius=3, layer=1)
    pens.box(66, 14, 86, 38, radius=3, layer=1)
    pens.line((71, 6), (71, 14), thick=4, layer=1)
    pens.line((81, 6), (81, 14), thick=4, layer=1)


def _ring(pens: _Pens) -> None:
    pens.ring(50, 62, 30, 8)
    pens.shape((36, 14), (64, 14), (74, 26), (50, 46), (26, 26), layer=1)


def _watch(pens: _Pens) -> None:
    pens.box(36, 4, 64, 96, radius=5, layer=0)
    pens.disc(50, 50, 27, layer=1)
    pens.disc(50, 50, 21, layer=2)


def _glasses(pens: _Pens) -> None:
    pens.box(6, 36, 44, 66, radius=13)
    pens.box(56, 36, 94, 66, radius=13)
    pens.line((40, 44), (60, 44), thick=5)
    pens.box(11, 41, 39, 61, radius=10, layer=1)
    pens.box(61, 41, 89, 61, radius=10, layer=1)


def _bottle_spray(pens: _Pens) -> None:
    pens.box(26, 38, 74, 92, radius=9)
    pens.box(40, 24, 60, 38, layer=1)
    pens.box(36, 10, 64, 25, radius=3)
    pens.box(34, 56, 66, 78, radius=2, layer=2)


def _tube(pens: _Pens) -> None:
    pens.shape((28, 12), (72, 12), (64, 76), (36, 76))
    pens.box(37, 76, 63, 92, radius=3, layer=1)
    pens.box(40, 32, 60, 36, layer=2)
    pens.box(40, 42, 56, 45, layer=2)


def _soap(pens: _Pens) -> None:
    pens.box(12, 44, 88, 80, radius=15)
    pens.box(26, 53, 74, 71, radius=8, layer=1)
    pens.disc(34, 26, 8, layer=2)
    pens.disc(54, 18, 6, layer=2)
    pens.disc(66, 32, 5, layer=2)


def _candle(pens: _Pens) -> None:
    pens.box(26, 44, 74, 92, radius=5)
    pens.box(26, 58, 74, 78, layer=2)
    pens.line((50, 44), (50, 34), thick=3, layer=1)
    pens.shape((50, 8), (59, 26), (50, 36), (41, 26), layer=1)


def _book(pens: _Pens) -> None:
    pens.box(20, 8, 80, 92, radius=3)
    pens.box(20, 8, 29, 92, layer=1)
    pens.box(38, 24, 71, 30, layer=2)
    pens.box(38, 36, 62, 40, layer=2)


def _notebook(pens: _Pens) -> None:
    pens.box(22, 10, 82, 90, radius=4)
    for at in range(18, 90, 12):
        pens.line((16, at), (28, at), thick=4, layer=1)
    pens.box(42, 26, 72, 44, radius=2, layer=2)


def _pen(pens: _Pens) -> None:
    pens.shape((22, 66), (68, 20), (80, 32), (34, 78))
    pens.shape((22, 66), (34, 78), (14, 86), layer=1)
    pens.shape((68, 20), (76, 12), (88, 24), (80, 32), layer=1)


def _desk(pens: _Pens) -> None:
    pens.line((36, 86), (58, 50), (38, 24), thick=5)
    pens.shape((20, 30), (40, 8), (58, 26), (38, 46), layer=1)
    pens.box(20, 84, 66, 92, radius=3)


def _shoe(pens: _Pens) -> None:
    pens.shape((8, 36), (30, 36), (46, 52), (80, 60), (92, 72), (92, 76), (8, 76))
    pens.box(8, 75, 92, 83, radius=3, layer=1)
    pens.line((40, 50), (48, 43), thick=3, layer=2)
    pens.line((50, 56), (58, 48), thick=3, layer=2)


def _sock(pens: _Pens) -> None:
    pens.shape((36, 8), (66, 8), (66, 54), (30, 88), (16, 80), (14, 66), (36, 48))
    pens.box(35, 8, 67, 20, radius=2, layer=1)
    pens.disc(22, 76, 9, layer=1)


def _trousers(pens: _Pens) -> None:
    pens.shape((28, 8), (72, 8), (80, 92), (58, 92), (50, 38), (42, 92), (20, 92))
    pens.box(28, 8, 72, 16, layer=1)


def _dress(pens: _Pens) -> None:
    pens.shape((38, 8), (44, 18), (56, 18), (62, 8), (66, 30), (60, 42), (84, 90), (16, 90), (40, 42), (34, 30))
    pens.box(40, 40, 60, 45, layer=1)


def _shirt(pens: _Pens) -> None:
    pens.shape((34, 14), (66, 14), (94, 34), (82, 50), (72, 44), (72, 90), (28, 90), (28, 44), (18, 50), (6, 34))
    pens.disc(50, 13, 12, 9, layer=1)


def _cap(pens: _Pens) -> None:
    pens.arc(46, 56, 34, 34, start=180, end=360, thick=34)
    pens.box(12, 54, 80, 64)
    pens.box(54, 56, 96, 65, radius=4, layer=1)


def _bag(pens: _Pens) -> None:
    pens.arc(50, 36, 20, 26, start=180, end=360, thick=5)
    pens.shape((18, 36), (82, 36), (90, 90), (10, 90))
    pens.box(36, 54, 64, 72, radius=3, layer=1)


def _basket(pens: _Pens) -> None:
    pens.arc(50, 40, 30, 32, start=180, end=360, thick=5)
    pens.shape((10, 40), (90, 40), (80, 88), (20, 88))
    for at in (52, 64, 76):
        inset = 14.5 + (at - 40) * 0.21
        pens.line((inset, at), (100 - inset, at), thick=3, layer=1)
    pens.box(8, 36, 92, 45, radius=4, layer=1)


def _jar(pens: _Pens) -> None:
    pens.box(22, 26, 78, 92, radius=10)
    pens.box(28, 8, 72, 26, radius=4, layer=1)
    pens.box(30, 46, 70, 74, radius=3, layer=2)


def _mug(pens: _Pens) -> None:
    pens.ring(72, 54, 20, 7)
    pens.box(16, 26, 72, 86, radius=9)
    pens.box(16, 40, 72, 47, layer=1)


def _bowl(pens: _Pens) -> None:
    pens.shape((6, 40), (94, 40), (82, 68), (64, 82), (36, 82), (18, 68))
    pens.box(36, 80, 64, 88, radius=2, layer=1)
    pens.box(6, 37, 94, 44, radius=3, layer=1)


def _pan(pens: _Pens) -> None:
    pens.box(14, 38, 66, 80, radius=9)
    pens.box(10, 34, 70, 42, radius=4, layer=1)
    pens.box(66, 44, 98, 52, radius=4, layer=1)
    pens.box(34, 24, 46, 34, radius=3)


def _spoon(pens: _Pens) -> None:
    pens.disc(34, 26, 13, 18)
    pens.line((34, 40), (34, 90), thick=6)
    pens.line((66, 40), (66, 90), thick=6, layer=1)
    for at in (56, 66, 76):
        pens.line((at, 10), (at, 34), thick=4, layer=1)
    pens.box(54, 32, 78, 42, radius=5, layer=1)


def _pillow(pens: _Pens) -> None:
    pens.shape((8, 22), (50, 28), (92, 22), (86, 50), (92, 78), (50, 72), (8, 78), (14, 50))
    pens.ring(50, 50, 14, 4, layer=1)


def _towel(pens: _Pens) -> None:
    pens.box(12, 58, 88, 86, radius=9)
    pens.box(16, 36, 84, 60, radius=9, layer=1)
    pens.box(20, 16, 80, 38, radius=9)
    pens.box(26, 70, 88, 75, layer=2)


def _plant(pens: _Pens) -> None:
    pens.shape((26, 56), (74, 56), (68, 92), (32, 92), layer=1)
    pens.line((50, 58), (50, 26), thick=4)
    pens.shape((50, 50), (22, 42), (16, 20), (42, 26))
    pens.shape((50, 44), (78, 36), (84, 12), (58, 20))


def _paw(pens: _Pens) -> None:
    pens.disc(50, 68, 24, 19)
    for x, y in ((20, 46), (38, 26), (62, 26), (80, 46)):
        pens.disc(x, y, 9, 12, layer=1)


def _blocks(pens: _Pens) -> None:
    pens.box(10, 54, 46, 90, radius=4)
    pens.box(54, 54, 90, 90, radius=4, layer=1)
    pens.box(32, 14, 68, 50, radius=4)
    pens.disc(50, 32, 9, layer=2)
    pens.shape((28, 62), (38, 82), (18, 82), layer=2)


def _ball(pens: _Pens) -> None:
    pens.disc(50, 50, 41)
    pens.line((9, 50), (91, 50), thick=3, layer=1)
    points = [(50 + 18 * math.sin(at / 10 * math.pi), 10 + at * 8) for at in range(11)]
    pens.line(*points, thick=3, layer=1)


def _bottle(pens: _Pens) -> None:
    pens.box(30, 28, 70, 94, radius=9)
    pens.box(38, 6, 62, 24, radius=3, layer=1)
    pens.box(42, 22, 58, 32)
    pens.box(30, 54, 70, 74, layer=2)


def _chair(pens: _Pens) -> None:
    pens.box(26, 8, 74, 50, radius=6)
    pens.box(20, 50, 80, 62, radius=4, layer=1)
    pens.line((28, 62), (24, 92), thick=5)
    pens.line((72, 62), (76, 92), thick=5)


def _frame(pens: _Pens) -> None:
    pens.box(14, 10, 86, 90, radius=2)
    pens.box(22, 18, 78, 82, layer=2)
    pens.shape((24, 80), (44, 48), (56, 64), (64, 54), (77, 80), layer=3)


def _wheel(pens: _Pens) -> None:
    pens.ring(50, 50, 42, 10)
    pens.disc(50, 50, 10, layer=1)
    for at in range(0, 360, 60):
        x, y = math.cos(math.radians(at)), math.sin(math.radians(at))
        pens.line((50 + 10 * x, 50 + 10 * y), (50 + 34 * x, 50 + 34 * y), thick=3, layer=1)


def _tin(pens: _Pens) -> None:
    pens.box(22, 18, 78, 86, radius=3)
    pens.disc(50, 86, 28, 7)
    pens.disc(50, 18, 28, 7, layer=1)
    pens.box(22, 38, 78, 70, layer=2)
    pens.disc(50, 54, 10, layer=3)


_SHAPES: dict[str, Shape] = {
    name.removeprefix("_").replace("_", "-"): shape
    for name, shape in list(globals().items())
    if callable(shape) and getattr(shape, "__annotations__", {}).get("pens") is _Pens
}
