"""What keeps a plan from being complete."""

from __future__ import annotations

from urllib.parse import quote

from twinshelf.documents.money import Document


def token(kind: str, name: str = "") -> str:
    """What a finding waits for, and what unblocks it: `link:SKU-9`, `template`. One word, whatever the name holds."""
    return f"{kind}:{quote(name)}" if name else kind


class Finding(Document, frozen=True, kw_only=True):
    """Something that keeps a plan from being complete: a message of the catalog with its remedy.

    `blocking` findings stop the change they belong to; the others are told along the way.
    """

    code: str
    text: str
    remedy: str = ""
    blocking: bool = True
    waits_for: str = ""
    """What would release it, as `sync.problems.unblock` takes it: `link:SKU-9`, `template`; "" if nothing here does."""
