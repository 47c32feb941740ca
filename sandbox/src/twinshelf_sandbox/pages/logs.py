"""What happened: the log of true effects, webhooks delivered and waiting, and calls counted."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from twinshelf_sandbox.pages.frame import Page, Sheet, at
from twinshelf_sandbox.pages.markup import Html, badge, button, card, field, form, more, table, tag
from twinshelf_sandbox.pages.parts import Parts
from twinshelf_sandbox.world import Effect, Entity

_SIZE: Final = 50
_KINDS_SEEN: Final = 2_000
_WAITING: Final = 50

# -- effects -------------------------------------------------------------------------------------------------------


def effects_table(effects: Iterable[Effect]) -> Html:
    """Effects, with what caused them."""
    rows = [
        (
            effect.seq,
            tag("time", at(effect.at)),
            f"{effect.platform} {effect.tenant}",
            effect.kind,
            effect.key,
            tag("code", _short(effect.detail), class_="detail"),
            tag("span", effect.cause, class_="cause"),
        )
        for effect in effects
    ]
    return table("Effects", ("#No.", "Time", "Where", "What", "Key", "Detail", "Cause"), rows)


def effects_list(effects: Iterable[Effect]) -> Html:
    """Effects in a line each."""
    lines = [
        tag(
            "li",
            tag("time", at(effect.at)[11:]),
            tag("span", tag("b", effect.kind.replace("_", " ")), f" {effect.key}"),
            tag("small", f"{effect.platform} {effect.tenant}"),
        )
        for effect in effects
    ]
    return tag("ul", lines, class_="log") if lines else tag("p", "Nothing happened yet.", class_="empty")


def _short(detail: dict[str, Any]) -> str:
    text = ", ".join(f"{name} {json.dumps(value, default=str, ensure_ascii=False)}" for name, value in detail.items())
    return text if len(text) < 300 else f"{text[:300]}…"


def effects(parts: Parts, query: dict[str, str]) -> Sheet:
    """`/world/effects`: newest first; `before` is the number of the oldest one shown on the page before."""
    names = ("platform", "tenant", "kind", "key")
    wanted = {name: query[name] for name in names if query.get(name)}
    log = parts.world.effects
    start = len(log)
    before = query.get("before", "")
    if log and before.isascii() and before.isdigit():
        start = min(start, max(0, int(before) - log[0].seq))
    found: Iterator[Effect] = (
        log[place]
        for place in range(start - 1, -1, -1)
        if all(getattr(log[place], name) == value for name, value in wanted.items())
    )
    page = list(islice(found, _SIZE + 1))
    kinds = sorted({effect.kind for effect in islice(reversed(log), _KINDS_SEEN)})
    fields = [
        field(name, name.capitalize(), value=query.get(name, ""), list="kinds" if name == "kind" else None)
        for name in names
    ]
    filters = tag(
        "form",
        fields,
        tag("datalist", [tag("option", value=kind) for kind in kinds], id="kinds"),
        button("Filter"),
        class_="search",
        role="search",
    )
    older = None
    if len(page) > _SIZE:
        rest = "".join(f"{name}={value}&" for name, value in wanted.items())
        older = tag(
            "nav", tag("a", "Older", href=f"?{rest}before={page[_SIZE - 1].seq}"), class_="pager", aria_label="Pages"
        )
    return Sheet("Effects", tag("div", filters, effects_table(page[:_SIZE]), older), here="/world/effects")


# -- webhooks ------------------------------------------------------------------------------------------------------


def last_deliveries(parts: Parts, most: int, *, platform: str = "", tenant: str = "", topic: str = "") -> list[Entity]:
    """The last attempts to deliver a webhook, newest first."""
    log = parts.world.table("deliveries")
    wanted = {name: value for name, value in (("platform", platform), ("tenant", tenant), ("topic", topic)) if value}
    rows = (log[key] for key in reversed(log.keys()))
    return list(islice((row for row in rows if all(row[name] == value for name, value in wanted.items())), most))


def deliveries_table(rows: Iterable[Entity]) -> Html:
    """Attempts to deliver a webhook."""
    shown = [
        (
            tag("time", at(row["at"])),
            f"{row['platform']} {row['tenant']}",
            row["topic"],
            _answer(row["status"]),
            row["attempt"],
            tag("span", row["url"], class_="url"),
            more("Body", tag("pre", row["body"], tabindex=0)),
        )
        for row in rows
    ]
    heads = ("Time", "From", "Topic", "Answer", "#Attempt", "To", "(Body)")
    return table("Webhooks delivered", heads, shown, empty="No webhook was sent yet.")


def deliveries_list(rows: Iterable[Entity]) -> Html:
    """Attempts to deliver a webhook in a line each."""
    lines = [
        tag(
            "li",
            tag("time", at(row["at"])[11:]),
            tag("span", row["topic"], f", attempt {row['attempt']}" if row["attempt"] > 1 else None),
            _answer(row["status"]),
        )
        for row in rows
    ]
    return tag("ul", lines, class_="log") if lines else tag("p", "No webhook was sent yet.", class_="empty")


def _answer(status: int) -> Html:
    if not status:
        return badge("no answer", "bad")
    return badge(str(status), "good" if 200 <= status < 300 else "bad")


def waiting_table(parts: Parts, *, platform: str = "", tenant: str = "") -> Html:
    """Webhooks that are yet to be sent, the next one first."""
    jobs = [job for job in parts.world.table("jobs").values() if job["kind"] == "webhook"]
    found = [
        job
        for job in jobs
        if job["payload"]["platform"] == (platform or job["payload"]["platform"])
        and job["payload"]["tenant"] == (tenant or job["payload"]["tenant"])
    ]
    found.sort(key=lambda job: job["due"])
    shown = [
        (
            tag("time", at(job["due"])),
            f"{message['platform']} {message['tenant']}",
            message["topic"],
            message["attempt"],
            tag("span", message["url"], class_="url"),
            more("Body", tag("pre", base64.b64decode(message["body"]).decode(errors="replace"), tabindex=0)),
        )
        for job in found[:_WAITING]
        for message in [job["payload"]]
    ]
    count = tag("p", f"The next {_WAITING} of {len(found):,}.") if len(found) > _WAITING else None
    heads = ("Due", "From", "Topic", "#Attempt", "To", "(Body)")
    return tag("div", count, table("Webhooks waiting", heads, shown, empty="None is waiting."))


def webhooks(parts: Parts, query: dict[str, str]) -> Sheet:
    """`/world/webhooks`."""
    names = ("platform", "tenant", "topic")
    fields = [field(name, name.capitalize(), value=query.get(name, "")) for name in names]
    wanted = {name: query.get(name, "") for name in names}
    body = tag(
        "div",
        tag("form", fields, button("Filter"), class_="search", role="search"),
        card("Waiting", waiting_table(parts, platform=wanted["platform"], tenant=wanted["tenant"]), wide=True),
        card("Delivered", deliveries_table(last_deliveries(parts, 100, **wanted)), wide=True),
    )
    return Sheet("Webhooks", body, here="/world/webhooks")


# -- calls ---------------------------------------------------------------------------------------------------------


def calls(parts: Parts, _query: dict[str, str]) -> Sheet:
    """`/world/calls`: those that others made."""
    counted = parts.control.calls()
    rows = [
        (f"{number:,}", platform, method, tag("code", place))
        for (platform, method, place), number in sorted(counted.items(), key=lambda one: (-one[1], one[0]))
        if platform != "pages"
    ]
    body = tag(
        "div",
        form("/world/calls/forget", button("Count anew")),
        table("Calls", ("#Calls", "Platform", "Method", "Path"), rows, empty="No call was made."),
    )
    return Sheet("Calls", body, here="/world/calls")


PAGES: Final[tuple[tuple[str, Page], ...]] = (
    ("/world/effects", effects),
    ("/world/webhooks", webhooks),
    ("/world/calls", calls),
)
