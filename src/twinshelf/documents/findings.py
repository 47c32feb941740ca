"""What keeps a plan from being complete."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from twinshelf.documents.money import Document


def token(kind: str, name: str = "") -> str:
    """What a finding waits for, and what unblocks it: `link:SKU-9`, `template`. One word, whatever the name holds."""
    return f"{kind}:{quote(name)}" if name else kind


class Finding(Document, frozen=True, kw_only=True):
    """Something that keeps a plan from being complete: a code of the table in `messages`, and the facts of its text."""

    code: str
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    waits_for: str = ""
    """What would release it, as `sync.problems.unblock` takes it: `link:SKU-9`, `template`; "" if nothing here does."""

    @property
    def blocking(self) -> bool:
        """Whether it stops the change it belongs to; the others are told along the way."""
        return self.code.startswith("E-")


def finding(code: str, /, waits_for: str = "", **facts: object) -> Finding:
    """A finding with its facts as text. A test holds their names against the text of the code."""
    return Finding(code=code, facts={name: str(fact) for name, fact in facts.items()}, waits_for=waits_for)
