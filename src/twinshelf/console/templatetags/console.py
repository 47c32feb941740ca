"""What templates need to show: icons, states, times in the person's zone, money, numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from babel import Locale
from babel.numbers import format_decimal, get_currency_symbol
from django import template
from django.forms import BoundField
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from twinshelf import messages
from twinshelf.accounts import queries as accounts
from twinshelf.connections.queries import shop_now
from twinshelf.console import routes, sent, words
from twinshelf.console.charts import Segment
from twinshelf.documents import Money, ProofReason, ProofSubject, ReturnKind, StoreOrderState, Variant, minor_unit
from twinshelf.kit import clock
from twinshelf.kit.actions import Action
from twinshelf.kit.paging import SIZES
from twinshelf.listings import queries as listings
from twinshelf.listings.queries import ProductLine, StockRange
from twinshelf.listings.sides import Side
from twinshelf.orders import queries as orders
from twinshelf.sync.queries import Progress

if TYPE_CHECKING:
    from twinshelf.accounts.models import AuditEntry, CustomRole
    from twinshelf.listings.places.queries import Simulated
    from twinshelf.orders.models import StoreOrderRow
    from twinshelf.sync.models import ChangeRecord, Problem, Task

register = template.Library()

_TABLES = {
    "listing": words.LISTING,
    "sale": words.SALE,
    "order": words.ORDER,
    "return": words.RETURN,
    "deadline": words.DEADLINES,
    "task": words.TASK,
    "item": words.ITEM,
    "report": words.REPORT,
    "agreement": words.AGREEMENT,
    "inbox": words.INBOX,
    "event": words.EVENTS,
    "sku": words.SKU_STANDING,
    "link": words.LINKS,
    "place": words.PLACES,
    "cause": words.CAUSES,
}


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of the sprite. It says nothing by itself: the word stands beside it."""
    return _icon(name, size)


@lru_cache(maxsize=256)
def _icon(name: str, size: str) -> SafeString:
    sprite = static("console/icons.svg")
    return format_html(
        '<svg class="i {}" viewBox="0 0 20 20" aria-hidden="true"><use href="{}#{}"/></svg>', size, sprite, name
    )


@register.simple_tag
def tag(table: str, state: str, word: str = "") -> SafeString:
    """A state as a pill: icon, word and tint. `word` replaces the state's own ("2 to fix")."""
    look = words.look(_TABLES[table], state)
    return pill(look.tone, look.icon, word or look.word)


@register.simple_tag
def pill(tone: str, icon_name: str, word: object) -> SafeString:
    """A pill of any word."""
    return format_html('<span class="tag {}">{}{}</span>', tone, _icon(icon_name, ""), word)


@register.simple_tag
def made_tag(ok: bool) -> SafeString:  # noqa: FBT001 - a template gives it
    """Whether a platform took a change, as a pill."""
    look = words.MADE[ok]
    return pill(look.tone, look.icon, look.word)


@register.filter
def return_kind(kind: str) -> str:
    """What a buyer asked for."""
    return str(words.RETURN_KINDS[ReturnKind(kind)])


@register.simple_tag
def return_event(event: Any) -> words.Look:
    """An entry of a return's history."""
    return words.return_event(event.event, event.role)


@register.filter
def wrong(name: str, count: int) -> str:
    """The class of a number of failures: "bad" where there are any."""
    return "bad" if count and name in words.WRONG else ""


@register.filter
def tone_icon(shade: str) -> str:
    """The icon of a message of this tint; an icon's own name stays as it is."""
    return words.TONES.get(shade, shade)


@register.simple_tag
def agreement_tag(side: Side) -> SafeString:
    """Whether TikTok shows a field as it should; "" where that is not known."""
    return mark_safe("") if side.agreement == "unknown" else tag("agreement", side.agreement)


@register.filter
def toast_icon(level: str) -> str:
    """The icon of what is told once."""
    return words.TOASTS.get(level, "check")


@register.filter
def sale_word(state: str) -> str:
    """Whether the store sells a product."""
    return str(words.look(words.SALE, state).word)


@register.simple_tag
def tone(table: str, state: str) -> str:
    """A state's tint alone."""
    return words.look(_TABLES[table], state).tone


@register.simple_tag
def tag_word(table: str, state: str) -> str:
    """A state's word alone."""
    return str(words.look(_TABLES[table], state).word)


@register.simple_tag
def proof_subject(subject: str) -> str:
    """What a full check compared, in words."""
    return str(words.SUBJECTS[ProofSubject(subject)])


@register.simple_tag
def proof_thing(kind: str, key: str) -> str:
    """The product or the order that differs, by what differs of it."""
    of_order = kind.startswith("order_") or kind in {"shipment", "tracking", "carrier"}
    return (_("Order %(key)s") if of_order else _("Product %(key)s")) % {"key": key}


@register.simple_tag
def proof_working(what: str) -> str:
    """What a full check found in progress for long, in words."""
    return str(words.WORKING[what])


@register.simple_tag
def proof_reason(reason: str) -> str:
    """Why a full check did not compare something, in words."""
    return str(words.REASONS[ProofReason(reason)])


@register.simple_tag
def task_tag(task: Any) -> SafeString:
    """The outcome of a task: never just "done" where something failed."""
    if task.state == "completed" and task.failed and task.kind == "prove":
        differences = ngettext("%(n)s difference", "%(n)s differences", task.failed) % {"n": number(task.failed)}
        return pill("warn", "alert", differences)
    if task.state == "completed" and task.failed:
        return pill("warn", "alert", ngettext("%(n)s failed", "%(n)s failed", task.failed) % {"n": number(task.failed)})
    return tag("task", task.state)


@register.simple_tag
def access_tag(access: Any) -> SafeString:
    """Whether a store or a shop may still be worked with."""
    if access.state == "unbound":
        return pill("bad", "stop", _("Disconnected"))
    if access.has_ended:
        return pill("bad", "stop", _("Reauthorize"))
    if access.state == "ending":
        return pill("warn", "clock", ngettext("%d day left", "%d days left", access.days_left) % access.days_left)
    return pill("ok", "check", _("Connected"))


@register.simple_tag
def granted_tag(missing: Sequence[str]) -> SafeString:
    """Whether a feature may be used: the scopes that it lacks are none."""
    return pill("warn", "alert", _("Reauthorize to enable")) if missing else pill("ok", "check", _("Granted"))


@register.filter
def capability(use: str) -> str:
    """One use of a shop, in words."""
    return str(words.CAPABILITIES[use])


@register.filter
def seller_type(kind: str) -> str:
    """What kind of seller an account is, in words."""
    return str(words.SELLER_TYPES.get(kind, kind or "–"))


@register.filter
def listing_method(method: str) -> str:
    """How a cross-border seller's shop gets its products, in words."""
    return str(words.LISTING_METHODS.get(method, ""))


# -- numbers --------------------------------------------------------------------------------------------------------


@register.filter
def number(value: Decimal | int | Literal[""] | None) -> str:
    """With thousands separators; "–" for None and for "", which is what a template makes of a missing attribute."""
    return "–" if value is None or value == "" else f"{value:,}"


@register.filter
def money(value: Money | tuple[Money, Money] | None) -> str:
    """An amount, or a range of two, with the currency's sign."""
    match value:
        case None:
            return "–"
        case (low, high):
            return f"{amount(low.amount, low.currency)} – {amount(high.amount, high.currency)}"
        case _:
            return amount(value.amount, value.currency)


@register.simple_tag
def amount(value: Decimal | None, currency: str) -> str:
    """A bare amount with its currency's sign; a minus that is a minus.

    Written out here: babel takes ten times as long, and a list shows hundreds.
    """
    if value is None:
        return "–"
    digits = -int(minor_unit(currency).as_tuple().exponent)
    return f"{'−' if value < 0 else ''}{_sign(currency)}{abs(value):,.{digits}f}"


@lru_cache(maxsize=64)
def _sign(currency: str) -> str:
    sign = get_currency_symbol(currency, locale="en_US")
    return sign if len(sign) < 3 else f"{sign} "


@register.simple_tag
def amounts(low: Decimal | None, high: Decimal | None, currency: str) -> str:
    """A range of amounts, as one where they are equal."""
    if low is None or high is None or low == high:
        return amount(low if low is not None else high, currency)
    return f"{amount(low, currency)} – {amount(high, currency)}"


@register.filter
def units_range(units: StockRange | None) -> str:
    """The fewest and the most units of a variant, as one number where they are equal."""
    if units is None:
        return "–"
    return f"{units.least:,}" if units.least == units.most else f"{units.least:,} – {units.most:,}"


@register.simple_tag
def trend(now: Decimal | int, before: Decimal | int) -> SafeString:
    """The change against a span before, in percent; "" where there was nothing before."""
    if not before:
        return mark_safe("")
    percent = (Decimal(now) - Decimal(before)) * 100 / Decimal(before)
    up = percent >= 0
    return format_html(
        '<span class="{}">{} {}%</span> ',
        "up" if up else "down",
        "↑" if up else "↓",
        format_decimal(abs(percent), "#,##0.0", locale="en_US"),
    )


@register.filter
def value(side: Any) -> str:
    """A field of one side of a product, whatever it is: text, an amount, a range, a number."""
    if side is None:
        return "–"
    if isinstance(side, (Money, tuple)):
        return money(side)
    return number(side) if isinstance(side, int) else str(side)


@register.filter
def leaf(path: str) -> str:
    """The last part of a category path."""
    return path.rpartition(">")[2].strip()


@register.filter
def inset(width: float) -> float:
    """A segment's width less the gap to the next one."""
    return round(max(0.3, width - 0.6), 3)


@register.filter
def percent(part: int, whole: int) -> str:
    """A part of a whole, to one decimal."""
    return f"{100 * part / whole:.1f}%" if whole else "0.0%"


@register.filter
def seconds(value: float | None) -> str:
    """A length of time in its two largest units: "38 s", "4 min", "3 h 56 min", "2 d 4 h"."""
    if value is None:
        return "–"
    whole = max(0, round(value))
    if whole < 60:
        return f"{whole} s" if whole else _("under 1 s")
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86_400:
        hours, minutes = whole // 3600, whole % 3600 // 60
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = whole // 86_400, whole % 86_400 // 3600
    return f"{days} d {hours} h" if hours else f"{days} d"


# -- times ----------------------------------------------------------------------------------------------------------


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """A moment in the person's zone, as short as it is clear; the raw UTC time in the title."""
    if moment is None:
        return mark_safe("–")
    return _time(moment, moment_text(moment))


def moment_text(moment: datetime) -> str:
    """A moment as `when` shows it, without markup."""
    local, today = timezone.localtime(moment), timezone.localtime(clock.now()).date()
    days = (today - local.date()).days
    at = date_format(local, "g:i A")
    if days == 0:
        return at
    if days == 1:
        return _("Yesterday, %(time)s") % {"time": at}
    if local.year == today.year:
        return date_format(local, "M j, g:i A")
    return date_format(local, "M j, Y, g:i A")


_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")


@register.filter
def times(text: object) -> str:
    """A stored text with its moments, `kit.words.stamp`, in the person's zone."""
    return _STAMP.sub(_local, str(text))


def _local(found: re.Match[str]) -> str:
    moment = datetime.strptime(found[0], "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
    return f"{moment_text(moment)} ({zone()})"


@register.simple_tag
def day(moment: datetime | None) -> SafeString:
    """A day in the person's zone."""
    if moment is None:
        return mark_safe("–")
    local = timezone.localtime(moment)
    this_year = local.year == timezone.localtime(clock.now()).year
    return _time(moment, date_format(local, "M j" if this_year else "M j, Y"))


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """How long ago, in words."""
    if moment is None:
        return mark_safe("–")
    past = int((clock.now() - moment).total_seconds())
    if past < 60:
        text = _("just now")
    elif past < 3600:
        text = _("%d min ago") % (past // 60)
    elif past < 86_400:
        text = ngettext("%d hour ago", "%d hours ago", past // 3600) % (past // 3600)
    else:
        text = ngettext("%d day ago", "%d days ago", past // 86_400) % (past // 86_400)
    return _time(moment, text)


@register.simple_tag
def left(moment: datetime) -> str:
    """How long until then by TikTok Shop's clock, which judges deadlines; "" if it has passed."""
    remaining = (moment - shop_now()).total_seconds()
    return seconds(remaining) if remaining > 0 else ""


@register.filter
def passed(moment: datetime | None) -> bool:
    """Whether a moment has gone by on TikTok Shop's clock, which judges deadlines."""
    return moment is not None and moment <= shop_now()


def _time(moment: datetime, text: str) -> SafeString:
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        utc.isoformat(timespec="seconds"),
        f"{utc:%Y-%m-%d %H:%M:%S}",
        text,
    )


@register.simple_tag
def zone() -> str:
    """The zone in whose time this page speaks: "Chicago time", "UTC"."""
    name = timezone.get_current_timezone_name()
    return "UTC" if name == "UTC" else _("%(city)s time") % {"city": name.rpartition("/")[2].replace("_", " ")}


@register.simple_tag
def duration(start: datetime, end: datetime) -> str:
    """The time between two moments."""
    return seconds((end - start).total_seconds())


# -- addresses and pictures -----------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def address(context: Context, *without: str) -> str:
    """The page's own address without these parameters, and from its first page."""
    params = context["request"].GET.copy()
    for name in (*without, "page"):
        params.pop(name, None)
    return f"?{params.urlencode()}" if params else "?"


@register.simple_tag(takes_context=True)
def here(context: Context, **changed: object) -> str:
    """The page's own address with these parameters changed; None takes one away, and so does "all"."""
    params = context["request"].GET.copy()
    for name, value in {"page": None, **changed}.items():
        if value in {None, "", "all"}:
            params.pop(name, None)
        else:
            params[name] = str(value)
    return f"?{params.urlencode()}" if params else "?"


@register.simple_tag(takes_context=True)
def pill_link(context: Context, name: str, value: str) -> str:
    """The page's own address with one parameter changed, whose name is a variable."""
    return here(context, **{name: value})


@register.simple_tag(takes_context=True)
def kept(context: Context, *names: str) -> list[tuple[str, str]]:
    """(name, value) of those parameters of the address that a form must send along."""
    params = context["request"].GET
    return [(name, params[name]) for name in names if params.get(name)]


@register.simple_tag(takes_context=True)
def sort_link(context: Context, name: str, current: str, descending: bool, first: str = "") -> str:  # noqa: FBT001 - a template gives it
    """The address that sorts by a column: the other way round if it is sorted by it now. `first` "-": largest first."""
    params = context["request"].GET.copy()
    params.pop("page", None)
    sign = ("" if descending else "-") if name == current else first
    params["sort"] = f"{sign}{name}"
    return f"?{params.urlencode()}"


@register.simple_tag
def sorted_how(name: str, current: str, descending: bool) -> SafeString:  # noqa: FBT001 - a template gives it
    """The header's `aria-sort`."""
    return format_html('aria-sort="{}"', "none" if name != current else ("descending" if descending else "ascending"))


@register.simple_tag
def product_menu(line: ProductLine) -> SafeString:
    """What may be done to a product of the list. Made once for each set of actions and filled with each row's key."""
    row = line.product
    actions = listings.menu_for(row, [listing for _connection, listing, _problems in line.listings])
    blank = tuple(replace(action, sent=(), args=(0,) if action.opens else ()) for action in actions)
    menu = _product_menu(blank, get_language() or "")
    return mark_safe(menu.replace("/0/", f"/{int(row.pk)}/").replace("{pk}", str(int(row.pk))))  # noqa: S308 - ours


@lru_cache(maxsize=64)
def _product_menu(actions: tuple[Action, ...], _language: str) -> str:
    return render_to_string("console/_product_menu.html", {"actions": actions, "pk": "{pk}"})


@register.filter
def address_of(action: Action) -> str:
    """Where the button of an action leads."""
    return routes.address_of(action)


@register.filter
def route_of(action: Action) -> routes.Route:
    """How an action is shown."""
    return routes.ROUTES[action.id]


@register.simple_tag
def page_sizes() -> tuple[int, ...]:
    """How many items a page may have."""
    return SIZES


@register.filter
def parts(task: Any) -> list[Segment]:
    """The bar of a task's progress: done, skipped, failed."""
    if not task.total:
        return []
    x, found = 0.0, []
    for name, count in (("ok", task.succeeded), ("skipped", task.skipped), ("bad", task.failed)):
        width = min(100 - x, 100 * count / task.total)
        if width > 0:
            found.append(Segment(name, count, round(x, 2), round(width, 2)))
            x += width
    return found


@register.simple_tag
def pace(task: Task, progress: Progress) -> str:
    """How far a running task is, how fast it goes and how long it will take, in one line."""
    if not progress.started:
        return _("Waiting to start")
    said = [_("%(n)s done") % {"n": number(task.succeeded)}]
    if task.failed:
        said.append(_("%(n)s failed so far") % {"n": number(task.failed)})
    if task.skipped:
        said.append(_("%(n)s skipped") % {"n": number(task.skipped)})
    if progress.per_minute:
        said.append(_("%(n)s a minute") % {"n": number(progress.per_minute)})
    if progress.seconds_left is not None:
        said.append(_("about %(t)s left") % {"t": seconds(progress.seconds_left)})
    return ", ".join(said)


@register.simple_tag
def who_and_when(task: Task) -> SafeString:
    """Kind and number of a task, who started it, and how long ago; the moment in the tooltip."""
    by = task.by or _("Timetable")
    return format_html("{} · {} {} · {} · {}", task_kind(task.kind), _("no."), task.pk, by, ago(task.created_at))


@register.simple_tag
def counted_words(rows: Sequence[tuple[str, str, int]]) -> str:
    """Every number with its word, for those who do not see the bar: "41 live, 4 in review"."""
    return ", ".join(f"{number(count)} {str(word).lower()}" for _name, word, count in rows)


@register.simple_tag
def joined(*parts: object) -> str:
    """What there is of these, with dots between."""
    return " · ".join(str(part) for part in parts if part)


@register.filter
def variant_words(variant: Variant | None) -> str:
    """What tells a variant from the others: its options, then its barcode. Nothing of one that is gone."""
    if variant is None:
        return ""
    options = ", ".join(option.value for option in variant.options)
    return joined(options, variant.gtin)


@register.filter
def is_tick(kind: str) -> bool:
    """Whether a field of this type is ticked, so that its label stands behind it."""
    return kind in {"checkbox", "radio"}


@register.filter
def is_checkbox(bound: BoundField) -> bool:
    """Whether a form field is a box to tick."""
    return is_tick(getattr(bound.field.widget, "input_type", ""))


@register.simple_tag
def button_look(tags: str) -> str:
    """The class of one of allauth's buttons, by its tags."""
    if "danger" in tags:
        return "danger"
    return "secondary" if "link" in tags or "outline" in tags else "primary"


@register.simple_tag
def say(text: str, **values: object) -> str:
    """A translated sentence with values in it, for the rows of lists: `blocktranslate` costs ten times this."""
    return text.format(**values)


@register.filter
def variants(count: int) -> str:
    """How many variants, as a noun: "1 variant", "3 variants"."""
    return _variants(count, get_language() or "")


@lru_cache(maxsize=512)
def _variants(count: int, _language: str) -> str:
    return ngettext("%d variant", "%d variants", count) % count


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """The value of a key that is itself a variable; None if there is none."""
    return mapping.get(key)


@register.simple_tag
def title_of(links: Any, lane: Any, key: str) -> str:
    """What a lane's key stands for."""
    return str(links.title(lane, key))


@register.simple_tag
def page_of(links: Any, lane: Any, key: str) -> str:
    """The address of what a lane's key stands for; "" if it has no page."""
    found = links.page(lane, key)
    if found is None:
        return ""
    name, pk = found
    return reverse(name, args=[] if pk is None else [pk])


# -- words ----------------------------------------------------------------------------------------------------------


@register.filter
def problem_title(code: str) -> str:
    """The heading of a problem, by its code."""
    return _(messages.title(code))


@register.filter
def problem_text(problem: messages.Said) -> str:
    """What is wrong, with its facts."""
    return times(messages.text(problem))


@register.filter
def problem_remedy(code: str) -> str:
    """What a person does about a problem, by its code."""
    return _(messages.message(code).remedy)


@register.simple_tag
def remedy(problem: Problem) -> SafeString:
    """What a person does about a problem. A setting or the category map that it names is a link."""
    text = conditional_escape(problem_remedy(problem.code))
    controls = (messages.CONTROLS[messages.message(problem.code).control], messages.CONTROLS["categories.map"])
    for control in dict.fromkeys(controls):
        address = routes.control_address(control, problem.lane.owner)
        label = conditional_escape(_(control.label))
        if address and f"“{label}”" in text:
            link = format_html('“<a href="{}">{}</a>”', address, label)
            text = mark_safe(text.replace(f"“{label}”", link))  # noqa: S308
    return text


@register.filter
def platform_answer(problem: messages.Said) -> list[tuple[str, str]]:
    """What a platform answered, for its support: (what it is, its words or number); empty where none was asked."""
    known = (("answer", _("Answer")), ("number", _("Code")), ("request", _("Request")))
    return [(str(word), problem.facts[name]) for name, word in known if problem.facts.get(name)]


@register.filter
def routed(why: str) -> str:
    """Why an order is taken from its location."""
    return str(words.ROUTED[why])


@register.filter
def warehouse_kind(kind: str) -> str:
    """What kind of warehouse it is."""
    return str(words.KINDS_OF_WAREHOUSE[kind])


@register.filter
def why_units(found: Simulated) -> str:
    """How the units come about that a rule would send: what its locations have, and the steps of the calculation."""
    places = found.places or ()
    told = [" + ".join(f"{units:,} {name}" for name, units in places)] if places else []
    if found.share is not None and found.share.held:
        told.append(str(_("%(n)s held there") % {"n": number(found.share.held)}))
    said = {"stock", "held"} if found.share is not None and found.share.held else {"stock"}
    told += [
        words.rule_text(step.rule if step.figure is None else f"{step.rule}:{step.figure:,}")
        for step in found.quantity.steps
        if step.rule not in said
    ]
    if found.shown is not None:
        told.append(str(_("TikTok has %(n)s in all") % {"n": number(found.shown)}))
    return "; ".join(told)


@register.filter
def rule_text(rule: str) -> str:
    """A rule that makes both sides differ, in words."""
    return words.rule_text(rule)


@register.filter
def field_name(name: str) -> str:
    """A field of a product, by its name in `both_sides`."""
    return str(words.FIELDS.get(name) or name.replace("_", " ").capitalize())


@register.filter
def store_state(state: str) -> str:
    """BigCommerce's name of an order's state."""
    return str(words.STORE_STATE[StoreOrderState(state)]) if state else "–"


@register.filter
def origin(row: StoreOrderRow) -> str:
    """Where an order of the store's own was placed."""
    return words.origin(row.source, row.external_source)


@register.filter
def change_word(kind: str) -> str:
    """A change, by the name of its document."""
    return str(words.CHANGES.get(kind, (kind, ""))[0])


@register.simple_tag
def change_look(record: ChangeRecord) -> words.Look:
    """A change in a history, and whether the platform took it."""
    word, icon_name = words.CHANGES.get(record.kind, (record.kind, "sync"))
    if record.ok:
        return words.Look(word, "ok", icon_name)
    return words.Look(f"{word}: {_('refused')}", "bad", "x")


@register.filter
def topic_word(topic: str) -> str:
    """What a platform's message is about."""
    return words.topic_text(topic)


@register.filter
def cause_word(cause: str) -> str:
    """Why something was done."""
    return words.cause_text(cause)


@register.filter
def examined_word(topic: str) -> str:
    """What the doctor looked at: "Equal SKUs"."""
    return str(words.EXAMINED[topic])


@register.filter
def lane_word(kind: str) -> str:
    """What a lane is about: "Listing", "Price"."""
    return str(words.LANES.get(kind) or kind.capitalize())


@register.filter
def cause_task(cause: str) -> int | None:
    """The task that asked for it, if one did."""
    return words.task_of_cause(cause)


@register.filter
def cancel_reason(name: str) -> str:
    """Why an order was cancelled, in words."""
    return orders.cancel_reason_text(name)


@register.filter
def sent_lines(record: ChangeRecord) -> sent.Lines:
    """What a change sent, line by line."""
    return sent.lines_of(record.change)


@register.filter
def device(user_agent: str) -> str:
    """A browser in words, as far as it tells: "Firefox on Windows"."""
    browser = next((name for mark, name in words.BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in words.SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or user_agent[:60] or str(_("Unknown device"))


@register.filter
def may_words(role: CustomRole) -> str:
    """What a role of the account's own lets do, besides looking."""
    granted = accounts.role_grants(role)
    said = [str(word) for permission, word in words.PERMISSIONS if permission in granted]
    return "; ".join(said) or str(words.LOOKS_ONLY)


@register.filter
def audit_word(entry: AuditEntry) -> str:
    """What an entry of the audit log tells of: `orders.cancel` → "Orders: cancel", where there is no better word."""
    domain, _dot, name = entry.action.partition(".")
    known = words.AUDIT.get(entry.action)
    return str(known) if known else f"{domain.capitalize()}: {name.replace('_', ' ')}"


@register.filter
def audit_lines(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """(name, before, after) of each value that an entry of the audit log tells; "" where there was none."""
    before, after = entry.before or {}, entry.after or {}
    return [(name, _plain(before.get(name)), _plain(after.get(name))) for name in sorted({*before, *after})]


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(_("yes") if value else _("no"))
        case list():
            return ", ".join(_plain(each) for each in value)
        case dict():
            return ", ".join(f"{name}: {_plain(each)}" for name, each in sorted(value.items()))
        case _:
            return str(value)


@register.filter
def country(code: str) -> str:
    """A country's name: "US" → "United States"; one that nobody knows as it is written."""
    return str(Locale.parse("en").territories.get(code, code))


@register.filter
def source_word(source: str) -> str:
    """The platform a message came from."""
    return words.SOURCES.get(source, source)


@register.filter
def task_kind(kind: str) -> str:
    """What kind of task it is."""
    return str(words.TASK_KINDS.get(kind, kind))


@register.filter
def shop_label(region: str) -> str:
    """The short mark of a market, in people's letters."""
    return "UK" if region == "GB" else region


@register.filter
def initials(name: object) -> str:
    """The first letters of a name, for a round picture."""
    parts = str(name).replace("@", " ").split()
    return "".join(part[0] for part in parts[:2]).upper() or "?"


@register.simple_tag
def described(bound: BoundField, hint: str = "") -> SafeString:
    """The hint of a form field, which its widget is told of; "" if there is none."""
    text = conditional_escape(hint or bound.help_text).strip()
    bound.field.widget.attrs["aria-describedby"] = f"{bound.id_for_label}-hint" if text or bound.errors else ""
    if bound.errors:
        bound.field.widget.attrs["aria-invalid"] = "true"
    return mark_safe(text)  # noqa: S308 - escaped above


@register.simple_tag
def wrongs(name: str, error: str = "") -> SafeString:
    """What tells of a preference's control what it is for, and what is wrong with it."""
    about = f"{name}-help" + (f" {name}-error" if error else "")
    return format_html('aria-describedby="{}" aria-invalid="{}"', about, "true" if error else "false")


@register.simple_tag
def sku_product(pks: Mapping[str, int], sku: Any) -> str:
    """The product that a SKU of an audit is of: a link where it is one of the store's."""
    words = sku.title or sku.product_id
    pk = pks.get(sku.product_id) if sku.side == "store" else None
    return format_html('<a href="{}">{}</a>', reverse("product", args=[pk]), words) if pk else words


@register.simple_tag
def sku_side(sku: Any) -> str:
    """The platform that a SKU of an audit is on."""
    return "BigCommerce" if sku.side == "store" else "TikTok"


@register.filter
def some_codes(codes: Sequence[str]) -> str:
    """The first of these SKUs, and how many more there are."""
    named = [code for code in codes if code]
    more = len(codes) - len(named[:3])
    return ", ".join(named[:3]) + (f" +{more}" if more and named else "") or "–"


@register.filter
def shop_status(status: str) -> str:
    """TikTok's word for the state of a product as people read it."""
    return str(words.SHOP_STATUS.get(status, status.replace("_", " ").capitalize()))
