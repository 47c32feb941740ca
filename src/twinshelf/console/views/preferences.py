"""The settings page of a connection: every preference with what a change would do, and the changes of the past."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST

from twinshelf.accounts.actors import Actor
from twinshelf.connections import actions as connections
from twinshelf.connections import queries as known
from twinshelf.console import guide
from twinshelf.console.access import ConsoleRequest, Permission, needs
from twinshelf.console.views.answers import Told, page_size, whole
from twinshelf.console.words import PREFERENCE_GROUPS, PREFERENCE_SHORT, VERDICTS, Text
from twinshelf.errors import DocumentError
from twinshelf.kit.paging import page_of
from twinshelf.listings.incoming.plan import Verdict
from twinshelf.listings.incoming.queries import Foreseen
from twinshelf.preferences import actions, queries, telling
from twinshelf.preferences.effects import PRIORITIES
from twinshelf.preferences.fields import (
    CARDS,
    CATALOG_SIDES,
    DEFAULTS,
    FIELDS,
    PHASE_WORDS,
    SOURCE_WORDS,
    SYNC_WORDS,
    Card,
    Control,
    Field,
    pairs_of,
    parse,
    reason_at,
    text_of,
)
from twinshelf.rules.sync_rules import MATRIX, Phase, Source, Ticks, ticks_of

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection

PARTS: Mapping[str, tuple[Text, tuple[Card, ...]]] = {
    "products": (_lazy("Products"), (Card.CATALOG, Card.SYNC, Card.PRICES)),
    "orders": (_lazy("Orders"), (Card.ORDERS, Card.CANCELLATIONS)),
    "carriers": (_lazy("Shipping carriers"), (Card.SHIPPING,)),
    "warehouse": (_lazy("Warehouse and stock"), (Card.STOCK,)),
    "general": (_lazy("General"), ()),
}
"""The settings of a connection by subject, each a page of its own beside the one with all: its name and its cards.
What is general is the name of the connection and the log of changes, which every one of the pages has.
"""
_RADIOS = 2
"""Up to so many choices are all shown; more open from a list."""


@dataclass(frozen=True)
class Part:
    """One preference on the page. `text` is what stands in its control, `error` what is wrong with it."""

    shown: queries.Shown
    text: str
    error: str = ""
    rows: tuple[tuple[str, str, bool], ...] = ()
    """Of the carriers: in BigCommerce, on TikTok, and whether the row is queued: on the page, and not saved."""

    @property
    def queued(self) -> int:
        """How many rows are not saved."""
        return sum(queued for *_pair, queued in self.rows)

    @property
    def field(self) -> Field:
        """The preference itself."""
        return self.shown.field

    @property
    def template(self) -> str:
        """The template of its control."""
        control = self.field.control
        if self.field.name == "catalog_direction":
            return "console/preferences/_direction.html"
        few = control is Control.CHOICE and len(self.field.choices) <= _RADIOS
        return f"console/preferences/_{'radios' if few else control.value}.html"

    @property
    def labeled(self) -> bool:
        """Whether it is one control, which a label belongs to."""
        return not (self.template.endswith(("_radios.html", "_direction.html", "_carriers.html")))

    @property
    def short(self) -> Text:
        """What it is called among those that stand in one line with it."""
        return PREFERENCE_SHORT[self.field.name]

    @property
    def resets(self) -> bool:
        """Whether one press sets it back: a map of many rows is not thrown away like that."""
        return not self.rows

    @property
    def default_text(self) -> str:
        """What stands in the control by default."""
        return text_of(self.field, DEFAULTS)

    @property
    def directions(self) -> list[tuple[str, Text, Text, Text]]:
        """Of the catalog direction: (value, label, what BigCommerce calls it, what TikTok calls it)."""
        return [(value, words, *CATALOG_SIDES[value]) for value, words in self.field.choices]

    @property
    def on(self) -> bool:
        """Whether a switch is on."""
        return parse(self.field, self.text) is True

    @property
    def options(self) -> list[tuple[str, Text]]:
        """What can be chosen; a value of another version stays choosable."""
        options = list(self.field.choices)
        return options if self.text in dict(options) else [*options, (self.text, self.text)]


@dataclass(frozen=True)
class Cell:
    """One source of one field in one phase: it may be chosen, or it is the only one, or the field does not take it."""

    part: Part | None
    source: str
    words: str
    allowed: bool
    chosen: bool


@dataclass(frozen=True)
class Line:
    """One field of the matrix of sync rules, with the cells of both phases."""

    label: Text
    cells: tuple[Cell, ...]
    errors: tuple[str, ...]
    changed: bool


_COLUMNS: tuple[tuple[Phase, tuple[Source, ...]], ...] = (
    ("create", ("origin", "connector", "none")),
    ("update", ("origin", "connector", "tts")),
)
"""What the matrix offers for each phase; a field takes some of them."""


def _lines(parts: Sequence[Part]) -> Iterator[Line]:
    by_name = {part.field.name: part for part in parts}
    for field, phases in MATRIX.items():
        cells = []
        own = [part for phase in phases if (part := by_name.get(f"sync.{field}.{phase}")) is not None]
        for phase, sources in _COLUMNS:
            part = by_name.get(f"sync.{field}.{phase}")
            for source in sources:
                allowed = source in phases[phase]
                chosen = allowed and (part is None or part.text == source)
                words = f"{SYNC_WORDS[field]}, {PHASE_WORDS[phase]}: {SOURCE_WORDS[source]}"
                cells.append(Cell(part, source, words, allowed, chosen))
        errors = tuple(part.error for part in own if part.error)
        yield Line(SYNC_WORDS[field], tuple(cells), errors, any(part.shown.changed for part in own))


@dataclass(frozen=True)
class Row:
    """One line of the page: a preference, or a few that belong together."""

    parts: tuple[Part, ...]
    label: Text
    help: Text
    together: bool

    @property
    def lines(self) -> list[Line]:
        """The lines of the matrix, if this is the one of the sync rules; else none."""
        return list(_lines(self.parts)) if self.parts[0].field.name.startswith("sync.") else []

    @property
    def changed(self) -> bool:
        """Whether any of it is not as it would be without a choice."""
        return any(part.shown.changed for part in self.parts)

    @property
    def wrong(self) -> bool:
        """Whether any of it was refused."""
        return any(part.error for part in self.parts)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def preferences(request: ConsoleRequest, connection_id: int, part: str = "") -> HttpResponse:
    """Every preference of a connection, or those of one part."""
    connection = known.connection_or_404(connection_id)
    if part and part not in PARTS:
        raise Http404
    if request.method != "POST":
        return _page(request, connection, {}, {}, part)
    by = Actor.of(request.user)
    texts = texts_of(request.POST)
    values, errors = values_of(request.POST, connection, texts)
    if "read_carriers" in request.POST:
        with Told(request):
            messages.success(
                request, _("TikTok names %(n)s carriers.") % {"n": actions.read_carriers(connection, by=by)}
            )
        return _page(request, connection, texts, {}, part)
    if "add_carrier" in request.POST:  # queued on the page, until all of it is saved
        found = None if errors else queries.effect(connection, values)
        return _page(request, connection, texts, errors, part, found=found)
    if not errors:
        switched = values.pop("catalog_direction", "")  # last, and by itself: it may have to be confirmed
        try:
            done = actions.change(connection, values, by=by)
            if switched:
                connection.refresh_from_db(fields=["preferences"])
                done = _both(done, actions.change(connection, {"catalog_direction": switched}, by=by))
        except DocumentError as error:
            errors = dict([reason_at(error)])
        except actions.NotAgreed:
            if done.fields:
                messages.success(request, telling.after(done))
            return redirect(_direction_address(connection, switched))
        else:
            messages.success(request, telling.after(done))
            return redirect(_address(connection.id, part))
    return _page(request, connection, texts, errors, part)


def settings_of_shops() -> list[tuple[Connection, list[tuple[Text, str]]]]:
    """Where the settings of each connection are: (word, address) of each part, and of its default template."""
    return [
        (
            connection,
            [
                (_("TikTok Shop"), _address(connection.id, "")),
                *((word, _address(connection.id, name)) for name, (word, _cards) in PARTS.items()),
                (_("Template"), reverse("template", args=[connection.id])),
            ],
        )
        for connection in known.connections()
    ]


def _address(connection_id: int, part: str) -> str:
    if part:
        return reverse("preferences_part", args=[connection_id, part])
    return reverse("preferences", args=[connection_id])


def _both(first: actions.Changed, then: actions.Changed) -> actions.Changed:
    kinds = {*first.asked, *then.asked}
    asked = {kind: first.asked.get(kind, 0) + then.asked.get(kind, 0) for kind in PRIORITIES if kind in kinds}
    return actions.Changed((*then.fields, *first.fields), asked)


def _direction_address(connection: Connection, to: str) -> str:
    return f"{reverse('preferences_direction', args=[connection.id])}?{urlencode({'to': to})}"


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def direction(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """What another catalog direction would do; sent, it is chosen, if that is still what was shown."""
    connection = known.connection_or_404(connection_id)
    to = request.POST.get("to", "") or request.GET.get("to", "")
    if to not in CATALOG_SIDES:
        raise Http404
    found, moved = queries.switch(connection, {"catalog_direction": to}), False
    if found is None:
        return redirect("preferences", connection.id)
    if request.method == "POST":
        agreed = request.POST.get("agreed", "")
        try:
            done = actions.change(connection, {"catalog_direction": to}, by=Actor.of(request.user), agreed=agreed)
        except actions.NotAgreed as error:
            found, moved = error.found, True
        else:
            messages.success(request, telling.after(done))
            return redirect("preferences", connection.id)
    rows = (*found.created, *found.unsure)
    return render(
        request,
        "console/preferences/direction.html",
        {
            "connection": connection,
            "found": found,
            "moved": moved,
            "told": telling.switch(found),
            "label": dict(FIELDS["catalog_direction"].choices)[to],
            "sides": CATALOG_SIDES[to],
            "into": _("BigCommerce") if to == "tts_to_bc" else _("TikTok Shop"),
            "linked": found.counts[Verdict.LINK],
            "page": page_of(rows, number=whole(request.GET, "page", 1), size=page_size(request.GET)).of(_told),
        },
        status=409 if moved else 200,
    )


def _told(rows: Sequence[Foreseen]) -> list[tuple[Foreseen, str, str, Text]]:
    return [(row, *VERDICTS[row.verdict]) for row in rows]


@require_POST
@needs(Permission.OPERATE)
def effect(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """What saving the form as it is would do: a part of the page, nothing is kept."""
    connection = known.connection_or_404(connection_id)
    values, errors = values_of(request.POST, connection, texts_of(request.POST))
    found = None
    if not errors:
        try:
            found = queries.effect(connection, values)
        except DocumentError as error:
            errors = dict([reason_at(error)])
    return render(request, "console/preferences/_effect.html", _bar(found, errors))


@require_POST
@needs(Permission.OPERATE)
def ticks(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Choose the sync rules by three ticks: what is not ticked is not sent to TikTok by itself."""
    connection = known.connection_or_404(connection_id)
    information = True if "information" in request.POST else None if "partly" in request.POST else False
    chosen = Ticks(information=information, price="price" in request.POST, inventory="inventory" in request.POST)
    done = actions.tick(connection, chosen, by=Actor.of(request.user))
    messages.success(request, telling.after(done))
    return redirect(f"{reverse('preferences', args=[connection.id])}#sync")


@require_POST
@needs(Permission.OPERATE)
def undo(request: ConsoleRequest, connection_id: int, entry_id: int) -> HttpResponse:
    """Set back what one change chose."""
    connection = known.connection_or_404(connection_id)
    try:
        done = actions.undo(connection, entry_id, by=Actor.of(request.user))
    except actions.NothingToUndo:
        messages.error(request, _("This was chosen anew since; nothing was set back."))
    except actions.NotAgreed as error:
        return redirect(_direction_address(connection, error.found.direction))
    else:
        messages.success(request, telling.after(done))
    return redirect("preferences", connection.id)


@require_POST
@needs(Permission.OPERATE)
def rename(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Give a connection another name."""
    connection = known.connection_or_404(connection_id)
    with Told(request):
        connections.rename(connection, request.POST.get("name", ""), by=Actor.of(request.user))
        messages.success(request, format_html(_("The connection is now called <b>{}</b>."), connection.name))
    return redirect("preferences", connection.id)


# -- the form ---------------------------------------------------------------------------------------------------------

CARRIER_NAMES = ("carriers.bc", "carriers.tt")


def texts_of(sent: QueryDict) -> dict[str, str]:
    """What was typed, by preference; only what the form had in it."""
    texts = {name: sent.getlist(name)[-1] for name in FIELDS if name in sent}
    if all(name in sent for name in CARRIER_NAMES):
        pairs = zip(*(sent.getlist(name) for name in CARRIER_NAMES), strict=False)
        texts["carriers"] = "\n".join(f"{ours} = {theirs}" for ours, theirs in pairs)
    return texts


def values_of(
    sent: QueryDict, connection: Connection, texts: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """(values of what the person changed, what is wrong by preference).

    Changed is what differs from what the page showed (`seen`): somebody else's choice of meanwhile is not undone.
    """
    try:
        seen = json.loads(sent.get("seen", ""))
    except ValueError:
        seen = {}
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    current = connections.preferences(connection)
    for name, text in texts.items():
        field = FIELDS[name]
        shown = seen.get(name) if isinstance(seen, dict) else None
        if shown is None:
            shown = text_of(field, current)
        try:
            if field.control is Control.CARRIERS:
                value: Any = pairs_of(field, list(zip(*(sent.getlist(n) for n in CARRIER_NAMES), strict=False)))
                changed = value != parse(field, shown)
            else:
                changed = text.split() != shown.split()
                value = parse(field, text) if changed else None
        except DocumentError as error:
            errors[name] = reason_at(error)[1]
        else:
            if changed:
                values[name] = value
    return values, errors


def _page(
    request: ConsoleRequest,
    connection: Connection,
    texts: Mapping[str, str],
    errors: Mapping[str, str],
    part: str,
    *,
    found: queries.Effect | None = None,
) -> HttpResponse:
    every = queries.shown(connection)
    shown = [each for each in every if not part or each.field.card in PARTS[part][1]]
    parts = [part_of(each, texts, errors) for each in shown]
    cards = [(card, CARDS[card], list(rows_of(list(some)))) for card, some in groupby(parts, lambda p: p.field.card)]
    return render(
        request,
        "console/preferences/page.html",
        {
            "connection": connection,
            "access": known.shop_access(connection.shop),
            "cards": [
                (card.value, title, rows, sum(row.changed for row in rows), sum(row.wrong for row in rows))
                for card, title, rows in cards
            ],
            "part": part,
            "here": _address(connection.id, part),
            "subjects": [
                ("", _("All"), _address(connection.id, "")),
                *((name, word, _address(connection.id, name)) for name, (word, _cards) in PARTS.items()),
            ],
            "changed": sum(each.changed for each in every),
            "seen": json.dumps({each.field.name: each.text for each in shown}),
            "untaken": not queries.takes_orders(connection),
            "proposed_rate": queries.proposed_rate(connection),
            "ticks": ticks_of(connections.preferences(connection).sync),
            "rate_missing": queries.rate_missing(connection),
            "carriers": queries.carriers(connection),
            "changed_word": _("Changed"),
            "learn_more": {card.value: guide.for_card(card) for card in CARDS},
            "history": queries.history(connection),
            **_bar(found, errors),
        },
        status=400 if errors else 200,
    )


def part_of(shown: queries.Shown, texts: Mapping[str, str], errors: Mapping[str, str]) -> Part:
    """A preference with what was typed for it and what is wrong with that."""
    text = texts.get(shown.field.name, shown.text)
    rows: tuple[tuple[str, str, bool], ...] = ()
    if shown.field.control is Control.CARRIERS:
        stored = set(_pairs(shown.text))
        rows = tuple((*pair, pair not in stored) for pair in _pairs(text))
    if shown.field.control is Control.SWITCH and shown.field.name in errors:
        text = shown.text
    return Part(shown, text, errors.get(shown.field.name, ""), rows)


def rows_of(parts: Sequence[Part]) -> Iterator[Row]:
    """The lines of a card; what belongs together is one line."""
    for group, some in groupby(parts, lambda part: part.field.name.partition(".")[0]):
        together = tuple(some)
        field = together[0].field
        label, help_ = PREFERENCE_GROUPS.get(group, (field.label, field.help))
        yield Row(together, label, help_, together=len(together) > 1)


def _pairs(text: str) -> list[tuple[str, str]]:
    """The rows of a map as it is typed, without those that are empty."""
    pairs = [line.partition("=")[::2] for line in text.split("\n")]
    return [(ours.strip(), theirs.strip()) for ours, theirs in pairs if ours.strip() or theirs.strip()]


def _bar(found: queries.Effect | None, errors: Mapping[str, str]) -> dict[str, Any]:
    """What the bar with the button says."""
    fields = found.fields if found else ()
    return {
        "unsaved": fields,
        "unsaved_names": telling.names(fields),
        "told": telling.before(found) if found and fields else "",
        "errors": [(name, FIELDS[name].label, reason) for name, reason in errors.items() if name in FIELDS],
    }
