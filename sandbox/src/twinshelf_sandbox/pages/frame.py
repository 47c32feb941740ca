"""What is around every page: who we are, where we are, what time it is in here, and what the last button did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from twinshelf_sandbox.control import Control
from twinshelf_sandbox.pages.markup import Html, button, form, hidden, link, markup, tag
from twinshelf_sandbox.wire import Response

Area = Literal["world", "store", "shop", "shopper"]
Tab = tuple[str, str]
"""(text, address)"""

_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
_MAIN: tuple[Tab, ...] = (
    ("World", "/"),
    ("Faults", "/world/faults"),
    ("Effects", "/world/effects"),
    ("Webhooks", "/world/webhooks"),
    ("Calls", "/world/calls"),
    ("Snapshots", "/world/snapshots"),
)
_STEPS = (("+10 min", 600), ("+1 h", 3600), ("+61 min", 3660), ("+1 day", 86_400))


class Note(NamedTuple):
    """What the last button did, or why it did nothing."""

    text: str
    good: bool = True


@dataclass
class Sheet:
    """One page without its frame. `here` is the address of the tab it belongs to."""

    title: str
    body: Html
    area: Area = "world"
    tabs: Sequence[Tab] = ()
    here: str = ""
    above: Sequence[Tab] = field(default_factory=tuple)
    lead: Html | None = None
    status: int = 200
    frames: str = ""
    """The origin whose page this one shows in a frame."""


Page = Callable[..., Sheet]
"""(parts, query, what the path names) → page. Called under the world's lock. Raises Missing."""


class Missing(Exception):
    """There is no such thing to show; the text says what."""


def at(seconds: float) -> str:
    """A time of the world, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def moment(text: str) -> str:
    """A time that a platform wrote, by ISO 8601 or RFC 2822, as `at` writes it."""
    read = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
    return at(read.timestamp())


def framed(sheet: Sheet, control: Control, note: Note | None) -> Response:
    """The whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{sheet.title} · Sandbox"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href="/pages.css"),
    )
    said = None
    if note is not None:
        said = tag(
            "p", note.text, class_="note good" if note.good else "note bad", role="status" if note.good else "alert"
        )
    main = tag(
        "main",
        said,
        _trail(sheet),
        tag("h1", sheet.title),
        sheet.lead,
        _tabs("In this part", sheet.tabs, sheet.here, "tabs") if sheet.tabs else None,
        sheet.body,
        id="main",
        tabindex=-1,
    )
    skip = link("#main", "Skip to the page", class_="skip")
    body = tag("body", skip, _header(sheet, control), main, class_=sheet.area)
    page = f"<!doctype html>{tag('html', head, body, lang='en')}"
    headers = dict(_HEADERS)
    if sheet.frames:
        headers["content-security-policy"] += f"; frame-src {sheet.frames}"
    return Response(sheet.status, page.encode(), headers)


def _header(sheet: Sheet, control: Control) -> Html:
    clock, rules = control.world.clock, control.faults.rules
    main = [(f"{text} ({len(rules)})" if to == "/world/faults" and rules else text, to) for text, to in _MAIN]
    steps = [
        tag("button", text, name="advance:number", value=seconds, aria_label=f"Let time pass: {text}")
        for text, seconds in _STEPS
    ]
    rate = "" if clock.rate == 1 else f", ×{clock.rate:g}" if clock.rate else ", stopped"
    time = tag(
        "div",
        tag("p", tag("strong", at(clock.now())), " UTC", rate),
        form("/world/clock", steps),
        class_="clock",
    )
    brand = link("/", tag("span", "Sandbox"), class_="brand")
    return tag("header", brand, _tabs("Sandbox", main, sheet.here, "main"), time)


def _tabs(name: str, tabs: Sequence[Tab], here: str, kind: str) -> Html:
    shown = [tag("li", link(to, text, aria_current="page" if to == here else None)) for text, to in tabs]
    return tag("nav", tag("ul", shown), class_=kind, aria_label=name)


def _trail(sheet: Sheet) -> Html | None:
    if not sheet.above:
        return None
    return tag(
        "nav", tag("ol", [tag("li", link(to, text)) for text, to in sheet.above]), class_="trail", aria_label="Above"
    )


def search(label: str, value: str, *others: Html, **kept: object) -> Html:
    """A form that filters the list below."""
    text = tag("label", tag("span", label), tag("input", type="search", name="q", value=value, autocomplete="off"))
    return tag(
        "form",
        hidden(**{k: v for k, v in kept.items() if v}),
        text,
        markup(others),
        button("Search"),
        class_="search",
        role="search",
    )


def counted(counts: Iterable[tuple[object, str, int]], to: str, chosen: str) -> Html:
    """The states of a list, (value, text, number) each, as ways to see one of them; all of them come first."""
    known = list(counts)
    shown = [
        tag(
            "a",
            text,
            tag("b", f"{number:,}"),
            href=f"{to}?{urlencode({'status': value})}" if value != "" else to,
            aria_current="true" if str(value) == chosen else None,
        )
        for value, text, number in [("", "All", sum(number for _, _, number in known)), *known]
    ]
    return tag("nav", shown, class_="states", aria_label="By state")


def word(status: str) -> str:
    """`AWAITING_SHIPMENT` as people write it; the one state that is named for a deed says what it is."""
    return "Live" if status == "ACTIVATE" else status.replace("_", " ").capitalize()


def page_of(query: dict[str, str]) -> int:
    """The number of the page an address asks for; 1 if it asks for nonsense."""
    text = query.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1
