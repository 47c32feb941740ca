"""A picture that is re-made for TikTok Shop looks as it did in the store."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import pytest
from hypothesis import given, strategies
from PIL import Image, ImageCms

from tests.pure.builders import random_cases
from twinshelf.kit import fetch

URL = "https://shop.example/mug"
RED = (200, 30, 30)


def saved(picture, kind, **more):
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def fitted(data, *, smallest=30, largest=400):
    """The picture as it is uploaded."""
    made = Image.open(io.BytesIO(fetch.fitted(URL, fetch.inspect(URL, data), smallest=smallest, largest=largest)))
    made.load()
    return made


def near(color, other):
    return all(abs(one - two) <= 6 for one, two in zip(color, other, strict=True))


def palette():
    picture = Image.new("P", (640, 480), 0)
    picture.putpalette([0, 0, 0, *RED] + [0] * 762)
    picture.paste(1, (200, 100, 400, 300))
    return picture


def clear(mode, nothing, red):
    picture = Image.new(mode, (640, 480), nothing)
    picture.paste(red, (200, 100, 400, 300))
    return picture


def rgb_with_a_clear_color():
    picture = Image.new("RGB", (640, 480), (9, 9, 9))
    picture.paste(RED, (200, 100, 400, 300))
    return saved(picture, "PNG", transparency=(9, 9, 9))


@pytest.mark.parametrize(
    ("_case", "data", "inside"),
    [
        ("GIF", saved(palette(), "GIF", transparency=0), RED),
        ("PNG with a palette", saved(palette(), "PNG", transparency=0), RED),
        ("PNG", saved(clear("RGBA", (0, 0, 0, 0), (*RED, 255)), "PNG"), RED),
        ("WebP", saved(clear("RGBA", (0, 0, 0, 0), (*RED, 255)), "WEBP", lossless=True), RED),
        ("grey PNG", saved(clear("LA", (0, 0), (90, 255)), "PNG"), (90, 90, 90)),
        ("PNG with one clear color", rgb_with_a_clear_color(), RED),
        ("half clear", saved(clear("RGBA", (0, 0, 0, 0), (*RED, 128)), "PNG"), (227, 142, 142)),
    ],
)
def test_what_is_transparent_becomes_white(_case, data, inside):
    made = fitted(data)

    assert (made.format, made.mode, made.size) == ("JPEG", "RGB", (400, 300))
    assert near(made.getpixel((3, 3)), (255, 255, 255))
    assert near(made.getpixel((187, 125)), inside)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_made_smaller_stands_as_it_stood(orientation):
    # Red at the left of the upper half, as it is stored; Pillow's own reading tells how a viewer shows it.
    stored = Image.new("RGB", (600, 450), (255, 255, 255))
    stored.paste(RED, (0, 0, 300, 225))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(stored, "JPEG", exif=exif.tobytes(), quality=95)

    made = fitted(data)

    corners = {
        1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
        5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left",
    }  # fmt: skip
    assert made.size == ((400, 300) if orientation < 5 else (300, 400))
    x, y = (
        (20 if "left" in corners[orientation] else made.width - 20),
        (20 if "top" in corners[orientation] else made.height - 20),
    )
    assert near(made.getpixel((x, y)), RED)
    assert near(made.getpixel((made.width - x, made.height - y)), (255, 255, 255))
    assert made.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_a_picture_that_moves_the_first_frame_goes_up(kind):
    frames = [Image.new("RGB", (360, 360), color) for color in (RED, (0, 200, 0), (0, 0, 200))]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=10)

    made = fitted(data)

    assert (made.format, made.size, getattr(made, "is_animated", False)) == ("JPEG", (360, 360), False)
    assert near(made.getpixel((180, 180)), RED)


def test_a_grey_of_16_bits_keeps_its_shades():
    made = fitted(saved(Image.new("I;16", (640, 480), 32_768), "PNG"))

    assert near(made.getpixel((9, 9)), (127, 127, 127))


def test_colors_for_print_are_those_of_a_screen():
    made = fitted(saved(Image.new("CMYK", (640, 480), (0, 255, 255, 0)), "JPEG", quality=95))

    assert near(made.getpixel((9, 9)), (254, 0, 0))


def test_the_colors_of_a_profile_are_those_that_go_up():
    """A profile whose green and red are swapped: what is stored as red looks green, and is green afterwards."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")
    picture = Image.new("RGB", (640, 480), (250, 5, 5))

    kept = fitted(saved(picture, "JPEG", quality=95, icc_profile=srgb)).getpixel((9, 9))
    made = fitted(saved(picture, "JPEG", quality=95, icc_profile=swapped)).getpixel((9, 9))
    nonsense = fitted(saved(picture, "JPEG", quality=95, icc_profile=b"nonsense")).getpixel((9, 9))

    assert near(kept, (250, 5, 5))
    assert near(nonsense, (250, 5, 5))
    assert made[1] > 200
    assert made[0] < 60


def test_a_thin_picture_gets_a_white_margin():
    made = fitted(saved(Image.new("RGB", (4500, 310), RED), "PNG"), smallest=300, largest=4000)

    assert made.size == (4000, 300)
    assert near(made.getpixel((2000, 3)), (255, 255, 255))
    assert near(made.getpixel((2000, 150)), RED)


@random_cases
@given(
    strategies.integers(30, 900),
    strategies.integers(30, 900),
    strategies.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA"]),
    strategies.sampled_from(["PNG", "GIF"]),
)
def test_every_picture_that_is_large_enough_goes_up_within_the_limits_and_in_its_shape(width, height, mode, kind):
    data = saved(Image.new(mode, (width, height)), kind)

    made = fitted(data)

    assert min(made.size) >= 30
    assert max(made.size) <= 400
    if min(made.size) > 30:  # no margin
        assert abs(made.width / made.height - width / height) <= width / height * 0.05


_MEASURE = """
    import resource, sys
    import django
    django.setup()
    from pathlib import Path
    from twinshelf.kit import fetch
    data = Path(sys.argv[1]).read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fetch.fitted("u", fetch.inspect("u", data), smallest=300, largest=4000)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_the_largest_transparent_picture_takes_little_memory(tmp_path):
    rows = zlib.compress(bytes((1 + 4 * 5000) * 5000), 1)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 5000, 5000, 8, 6, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    file = tmp_path / "large.png"
    file.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    )

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_MEASURE), str(file)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2], timeout=120,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": ".:src"},
    )  # fmt: skip

    assert int(done.stdout) < 280  # MB beside the process itself; the picture has 100


def test_a_transparent_gif_is_white_in_the_shop(sandbox, store, shop, twinshelf):
    sandbox.world.table("bc/fern0hollow/uploads").put("own", {"bytes": saved(palette(), "GIF", transparency=0)})
    mug = store.add_product(sku="MUG-1", images=[{"_picture": "own", "is_thumbnail": True, "sort_order": 0}])

    twinshelf.list(mug)

    assert twinshelf.listing(mug).state == "live"
    [(_key, kept)] = sandbox.world.table("tt/image_bytes").items()
    assert near(Image.open(io.BytesIO(kept["content"])).getpixel((3, 3)), (255, 255, 255))
