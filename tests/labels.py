"""Whether a page, a setting or a command has something of a name: what remedies and the guide speak of must exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import twinshelf

SOURCE = Path(twinshelf.__file__).parent


@cache
def shown() -> str:
    """Everything that the console and its actions, the settings and the commands show or are called."""
    files = [*SOURCE.glob("console/**/*.html"), *SOURCE.glob("console/*.py"), SOURCE / "settings.py"]
    files.append(SOURCE / "preferences" / "fields.py")
    words = [
        f'"{word}"' for path in SOURCE.rglob("queries.py") for word in re.findall(r'_\("([^"]+)"\)', path.read_text())
    ]
    return "\n".join([*words, *(path.read_text(encoding="utf-8") for path in files)]) + "".join(
        f"TWINSHELF_{name.upper()}\n"
        for name in re.findall(r"^    (\w+): ", (SOURCE / "settings.py").read_text(), re.MULTILINE)
    )


def is_on_a_page(label: str) -> bool:
    """Whether a page shows it, alone: not inside a longer sentence."""
    places = (f'"{label}"', f"'{label}'", f">{label}", f"}}{label}", f"{label}\n")
    return any(place in shown() for place in places)
