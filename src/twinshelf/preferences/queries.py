"""What may be known of a connection's preferences: unit and default of each, what a change would concern, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from twinshelf.accounts import queries as accounts
from twinshelf.connections import queries as connections
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences, preferences_from_json
from twinshelf.documents import ShippingProvider, from_json
from twinshelf.errors import DocumentError
from twinshelf.listings.incoming.queries import DryRun, dry_run
from twinshelf.listings.models import Link
from twinshelf.orders.models import Providers
from twinshelf.preferences.actions import CHANGES
from twinshelf.preferences.effects import PRIORITIES, concerned
from twinshelf.preferences.fields import (
    DEFAULTS,
    FIELDS,
    Field,
    Unit,
    differing,
    is_default,
    set_back,
    text_of,
    value_of,
    with_values,
    words_of,
)
from twinshelf.rules.quantities import rarely_enough

_MEASURES: Mapping[str, str] = {"LB": "lb", "OZ": "oz", "KG": "kg", "G": "g", "T": "t", "IN": "in", "CM": "cm"}


@dataclass(frozen=True)
class Shown:
    """One preference as it is: `text` for a form, `words` for people, `default` in words, `measure` its unit."""

    field: Field
    text: str
    words: str
    default: str
    measure: str
    changed: bool


def shown(connection: Connection) -> list[Shown]:
    """Every preference of a connection, in the order of the page."""
    chosen = preferences_from_json(connection.preferences)
    found = []
    for field in FIELDS.values():
        measure = measure_of(field, connection, chosen)
        found.append(
            Shown(
                field=field,
                text=text_of(field, chosen),
                words=words_of(field, chosen, measure),
                default=words_of(field, DEFAULTS, measure),
                measure=measure,
                changed=not is_default(chosen, field.name),
            )
        )
    return found


def measure_of(field: Field, connection: Connection, chosen: Preferences) -> str:
    """The unit of a preference for this connection, in words; "" where it has none."""
    store, shop = connection.store, connection.shop
    match field.unit:
        case Unit.NONE:
            return ""
        case Unit.PERCENT:
            return "%"
        case Unit.UNITS:
            return _("units")
        case Unit.MINUTES:
            return _("minutes")
        case Unit.RATE:
            return _("%(shop)s for 1 %(store)s") % {"shop": shop.currency, "store": store.currency}
        case Unit.LENGTH:
            return _MEASURES.get(store.length_unit, store.length_unit)
        case Unit.WEIGHT:
            return _MEASURES.get(store.weight_unit, store.weight_unit)
        case Unit.RULE:
            kind = chosen.price_rule.kind
            percent = kind.startswith("percent")
            return (
                "%" if percent else shop.currency if kind != "none" else _("%(shop)s or %%") % {"shop": shop.currency}
            )


def rate_missing(connection: Connection) -> bool:
    """Whether nothing can be priced before an exchange rate is confirmed."""
    differ = connection.store.currency != connection.shop.currency
    return differ and preferences_from_json(connection.preferences).exchange_rate is None


def proposed_rate(connection: Connection) -> Decimal | None:
    """The rate that the store itself counts for the shop's currency; None where it says none, or none is needed."""
    store, shop = connection.store, connection.shop
    return None if store.currency == shop.currency else connections.proposed_rate(store, shop.currency)


def takes_orders(connection: Connection) -> bool:
    """Whether the store takes orders in the shop's currency, as far as is known."""
    return connections.takes_orders_in(connection.store, connection.shop.currency)


# -- before saving ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """What saving would do: `counts` keys by kind of lane; `to_zero` SKUs that a low-stock limit takes to 0 now."""

    fields: tuple[Field, ...]
    counts: Mapping[str, int]
    to_zero: int = 0
    reprices: bool = False
    """Every price that is counted becomes another one."""
    off_sale: bool = False
    """At the limit, whole products are taken off sale instead."""
    overwrites: bool = False
    """The store's own stock would be overwritten from now on."""
    low_limit: int | None = None
    """The low-stock limit that would be chosen, where it is so low that people are warned."""


def effect(connection: Connection, values: Mapping[str, Any]) -> Effect:
    """What choosing these values would concern: a few counts, nothing is written. Raises DocumentError."""
    before = preferences_from_json(connection.preferences)
    after = with_values(before, values)
    changed = differing(before, after)
    keys: dict[str, list[Any]] = {}
    for kind, some in concerned(connection, before, after, changed):
        keys.setdefault(kind, []).append(some)
    counts = {}
    for kind in PRIORITIES:
        queries = keys.get(kind, [])
        if len(queries) == 1 or len({str(query.query) for query in queries}) == 1:
            counts[kind] = queries[0].distinct().count()
        elif queries:
            counts[kind] = queries[0].order_by().union(*(query.order_by() for query in queries[1:])).count()
    names = {field.name for field in changed}
    lowered = bool(names & {"threshold", "threshold_mode"}) and after.threshold is not None
    return Effect(
        changed,
        {kind: number for kind, number in counts.items() if number},
        to_zero=_at_or_below(connection, after.threshold) if lowered and after.threshold is not None else 0,
        overwrites=after.inventory_direction == "tts_to_bc" != before.inventory_direction,
        off_sale=after.threshold_mode == "deactivate",
        low_limit=after.threshold if "threshold" in names and rarely_enough(after.threshold) else None,
        reprices=bool(names & {"price_rule.kind", "price_rule.value", "exchange_rate", "tax_percent"}),
    )


def switch(connection: Connection, values: Mapping[str, Any]) -> DryRun | None:
    """What another catalog direction among these values would do; None if there is none. Raises DocumentError."""
    before = preferences_from_json(connection.preferences)
    after = with_values(before, values)
    if after.catalog_direction == before.catalog_direction:
        return None
    return dry_run(connection, after.catalog_direction)


def _at_or_below(connection: Connection, limit: int) -> int:
    """How many SKUs that are offered now have this stock or less in the shop."""
    return Link.objects.filter(connection=connection, quantity__gt=0, quantity__lte=limit).count()


# -- history ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One preference of a change, in words."""

    field: Field
    before: str
    after: str


@dataclass(frozen=True)
class Past:
    """One change of the past. `undoable`: it can be set back, since nothing else was chosen after it."""

    id: int
    at: datetime
    by: str
    parts: tuple[Part, ...]
    undoable: bool


def history(connection: Connection, *, limit: int = 20) -> list[Past]:
    """The latest changes of a connection's preferences, newest first."""
    found = []
    for entry in accounts.audit_of(CHANGES, f"connection:{connection.id}", limit=limit):
        parts = _parts(connection, entry.before or {}, entry.after or {})
        if parts:
            back = set_back(connection.preferences, entry.before or {}, entry.after or {})
            found.append(Past(entry.id, entry.at, entry.actor_name, parts, back is not None))
    return found


def _parts(connection: Connection, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Part, ...]:
    try:
        old, new = (
            preferences_from_json({name: value for name, value in side.items() if value is not None})
            for side in (before, after)
        )
    except DocumentError:  # of a version with other bounds
        return ()
    return tuple(
        Part(
            field,
            words_of(field, old, measure_of(field, connection, old)),
            words_of(field, new, measure_of(field, connection, new)),
        )
        for field in differing(old, new)
        if field.name != "price_rule.value" or value_of(new, field.name)
    )


# -- carriers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Carriers:
    """The names of carriers that the shop offers, as last read; `read_at` None: they never were."""

    names: tuple[str, ...]
    read_at: datetime | None


def carriers(connection: Connection) -> Carriers:
    """What there is to choose from for the map of carriers."""
    rows: Sequence[Providers] = list(Providers.objects.filter(shop=connection.shop))
    names = {provider.name for row in rows for provider in from_json(bytes(row.document), tuple[ShippingProvider, ...])}
    return Carriers(tuple(sorted(names, key=str.lower)), max((row.read_at for row in rows), default=None))
