"""The settings of a connection as a file: preferences, category templates, push rules, in YAML that people can read.

A file says how a connection is to be. Of the parts it has (`settings`, `templates`, `push_rules`), settings it does not
name go back to their defaults, and templates it does not name stay unless they are to be removed. A part that is not in
the file is left alone. Written and read again, it says the same. There is nothing secret in it, and no buyer. Nor are
certificates, which are files of their own: those that a connection has stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec
import yaml
from django.db import transaction
from msgspec import UNSET, UnsetType

from twinshelf.accounts.actors import Actor
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences, preferences_from_json
from twinshelf.errors import DocumentError, NeedsPerson
from twinshelf.messages import text as words_for
from twinshelf.preferences import actions, queries
from twinshelf.preferences.fields import DEFAULTS, FIELDS, Control, Field, pairs_of, parse, value_of, with_values
from twinshelf.rules import actions as rules
from twinshelf.rules import push_rules
from twinshelf.rules import queries as templates
from twinshelf.rules.conditions import fold
from twinshelf.rules.models import Template
from twinshelf.rules.templates import LONGEST_NAME, TemplateRules, rules_from_json, with_papers_of

FORMAT = 1
MOST_BYTES = 5_000_000
"""More than the settings of any connection need; a larger file is something else."""


class TemplateInFile(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A category template, in the order in which they are tried; `default` for the one that holds all others."""

    name: str
    default: bool = False
    category_id: str = ""
    category_path: str = ""
    rules: dict[str, Any] = {}


class PushRuleInFile(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A TikTok warehouse, the locations linked to it, and `only` if it gets the stock of one of them alone."""

    warehouse: str
    locations: list[str] = []
    only: str = ""


class SettingsFile(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """All that such a file may hold. `settings`: what differs from its default, by its name on record.

    `other_locations`: those that belong to no warehouse of the shop, which therefore does not sell from them.
    """

    twinshelf: int
    settings: dict[str, Any] | UnsetType = UNSET
    templates: list[TemplateInFile] | UnsetType = UNSET
    push_rules: list[PushRuleInFile] | UnsetType = UNSET
    other_locations: list[str] | UnsetType = UNSET


@dataclass(frozen=True)
class Difference:
    """One value that a file has otherwise: `before` and `after` as text, "" for nothing."""

    place: str
    before: str
    after: str


@dataclass(frozen=True)
class Wanted:
    """A file, checked against a connection: what it changes, and what it asks for."""

    file: SettingsFile
    values: Mapping[str, Any]
    """The preferences that are to be chosen anew, by name."""
    differences: Sequence[Difference]
    removed: Sequence[str]
    """Names of templates that are not in the file."""


def written(connection: Connection) -> str:
    """The settings of a connection as YAML."""
    body = yaml.dump(
        msgspec.to_builtins(_of(connection)), Dumper=yaml.SafeDumper, allow_unicode=True, sort_keys=False, width=10_000
    )
    return f"# The settings of a connection, for: twinshelf settings import FILE\n{body}"


def read(text: str | bytes, connection: Connection, *, prune: bool = False) -> Wanted:
    """A file as it would change a connection; nothing is changed. Raises DocumentError naming the place and remedy.

    `prune`: templates that the file does not name are to be deleted.
    """
    file = _parsed(text)
    now = _of(connection)
    file = msgspec.structs.replace(file, templates=_normal(file.templates))
    values = {} if file.settings is UNSET else _values(file.settings, preferences_from_json(connection.preferences))
    if file.settings is not UNSET:
        after = with_values(preferences_from_json(connection.preferences), values)
        file = msgspec.structs.replace(file, settings=_chosen(after))
    removed = _not_named(now, file) if prune else []
    return Wanted(file, values, list(_differences(now, file, removed)), removed)


def carry_out(connection: Connection, wanted: Wanted, *, by: Actor, agreed: str = "") -> actions.Changed:
    """Bring a connection to what a file says. What it concerns is looked at again. Safe to repeat.

    Raises, before anything is changed, DocumentError naming what does not fit, and preferences.actions.NotAgreed where
    the catalog direction changes and nobody has agreed to what that does (`agreed` as in `actions.change`).
    """
    file = wanted.file
    found = queries.switch(connection, wanted.values)
    if found is not None and found.both and found.fingerprint != agreed:
        raise actions.NotAgreed(found)
    with transaction.atomic():
        here = {_key(one.name, default=one.is_default): one for one in templates.choosable(connection)}
        for one in file.templates or ():
            _put_template(connection, here.get(_key(one.name, default=one.default)), one, by)
        for name in wanted.removed:
            rules.delete_template(here[_key(name, default=False)], by=by)
        if file.templates is not UNSET:
            rules.order_templates(connection, [one.name for one in file.templates if not one.default], by=by)
        if file.push_rules is not UNSET:
            _put_push_rules(connection, file.push_rules, by)
        if file.other_locations is not UNSET:
            _put_other_locations(connection, file.other_locations, by)
    return actions.change(connection, wanted.values, by=by, agreed=agreed)


def _parsed(text: str | bytes) -> SettingsFile:
    if len(text) > MOST_BYTES:
        raise DocumentError("file", f"It has more than {MOST_BYTES:,} bytes: this is no file of settings.")
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):  # a few lines of them can stand for more than fits in memory
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise DocumentError(f"line {line}", "Write the value out in place of *alias.")
        found = yaml.load(text, Loader=yaml.SafeLoader)
        file = msgspec.convert(found, SettingsFile)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "file"
        raise DocumentError(place, f"This is no YAML: {getattr(error, 'problem', None) or 'unreadable'}.") from error
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$")
        raise DocumentError(place.strip("`.") or "file", f"{said}.") from error
    except (ValueError, RecursionError) as error:  # dates that are none, numbers without end, nesting without end
        raise DocumentError("file", f"Cannot be read: {type(error).__name__}.") from error
    if file.twinshelf != FORMAT:
        raise DocumentError("twinshelf", f"This file is of format {file.twinshelf}, and this version reads {FORMAT}.")
    return file


def _of(connection: Connection) -> SettingsFile:
    return SettingsFile(
        twinshelf=FORMAT,
        settings=_chosen(preferences_from_json(connection.preferences)),
        templates=[_in_file(one) for one in templates.choosable(connection)],
        push_rules=_rules_in_file(connection),
        other_locations=sorted(_linked(connection).get("", [])),
    )


def _in_file(one: Template) -> TemplateInFile:
    return TemplateInFile(
        name=one.name,
        default=one.is_default,
        category_id=one.category_id,
        category_path=one.category_path,
        rules=_tidy(one.rules),
    )


def _tidy(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The rules of a template, checked and without what is a default. Raises DocumentError naming what does not fit."""
    rules: dict[str, Any] = msgspec.to_builtins(with_papers_of(rules_from_json(stored), TemplateRules()))
    return {name: value for name, value in rules.items() if value != _NOTHING.get(name)}


_NOTHING: Mapping[str, Any] = msgspec.to_builtins(TemplateRules())
"""What is kept of a template that says nothing."""


def _rules_in_file(connection: Connection) -> list[PushRuleInFile]:
    linked = _linked(connection)
    return [
        PushRuleInFile(warehouse=one.warehouse_id, locations=linked.get(one.warehouse_id, []), only=one.location_id)
        for one in push_rules.rules_of(connection)
    ]


def _linked(connection: Connection) -> dict[str, list[str]]:
    """The locations of each warehouse, in their order; "": those that are linked to none on purpose."""
    linked: dict[str, list[str]] = {}
    for link in push_rules.links_of(connection):
        linked.setdefault(link.warehouse_id, []).append(link.location_id)
    return linked


def _chosen(preferences: Preferences) -> dict[str, Any]:
    """What differs from its default, by name; maps of names as such, which people write more easily than pairs."""
    found = {}
    for name, field in FIELDS.items():
        value = value_of(preferences, name)
        if value != value_of(DEFAULTS, name):
            found[name] = (
                dict(value) if field.control in {Control.CARRIERS, Control.METHODS} else msgspec.to_builtins(value)
            )
    return found


def _normal(some: list[TemplateInFile] | UnsetType) -> list[TemplateInFile] | UnsetType:
    """Templates of a file, checked, with rules as they are kept."""
    if some is UNSET:
        return UNSET
    found = []
    for number, one in enumerate(some):
        try:
            rules = _tidy(one.rules)
        except DocumentError as error:
            raise DocumentError(f"templates[{number}].rules.{error.field}", error.reason) from error
        found.append(msgspec.structs.replace(one, name=one.name.strip(), rules=rules))
    names = [fold(one.name) for one in found]
    for number, one in enumerate(found):
        if not names[number] or len(one.name) > LONGEST_NAME or names.index(names[number]) != number:
            raise DocumentError(
                f"templates[{number}].name",
                f"Needs a name of its own, of 1 to {LONGEST_NAME} characters: “{one.name[:LONGEST_NAME]}”.",
            )
        if not one.default and not one.category_id:
            raise DocumentError(f"templates[{number}].category_id", f"“{one.name}” needs a TikTok category.")
    if sum(one.default for one in found) > 1:
        raise DocumentError("templates", "Only one template can be the default.")
    return found


def _values(written: Mapping[str, Any], now: Preferences) -> dict[str, Any]:
    """What is to be chosen, by name: what the file says, and the default of what it does not name."""
    found = {}
    for name, value in written.items():
        if name not in FIELDS:
            raise DocumentError(f"settings.{name}", "There is no such setting. See: twinshelf settings show.")
        field = FIELDS[name]
        try:
            found[name] = _value(field, value)
        except DocumentError as error:
            raise DocumentError(f"settings.{name}", error.reason) from error
    for name in FIELDS:
        if name not in found and value_of(now, name) != value_of(DEFAULTS, name):
            found[name] = msgspec.to_builtins(value_of(DEFAULTS, name))
    try:
        after = with_values(now, found)  # all at once: one may be right only with another
    except DocumentError as error:
        raise DocumentError(f"settings.{error.field}", error.reason) from error
    return {name: value for name, value in found.items() if value_of(after, name) != value_of(now, name)}


def _value(field: Field, value: Any) -> Any:
    """A value of a file, by the checks of the settings page."""
    match field.control:
        case Control.CARRIERS | Control.METHODS:
            if not isinstance(value, dict) or not all(isinstance(each, str) for pair in value.items() for each in pair):
                raise DocumentError(field.name, "Must be a map of names to names.")
            return pairs_of(field, list(value.items()))
        case Control.IDS | Control.SKUS:
            if not isinstance(value, list) or not all(isinstance(each, str) and "\n" not in each for each in value):
                raise DocumentError(field.name, "Must be a list, with each entry in quotes: 0012 without them is 10.")
            return parse(field, "\n".join(value))
        case Control.SWITCH:
            if not isinstance(value, bool):
                raise DocumentError(field.name, "Must be true or false.")
            return value
        case _:
            if isinstance(value, bool) or not isinstance(value, str | int | float | None):
                raise DocumentError(field.name, "Must be a single value, in quotes where it is a word.")
            return parse(field, "" if value is None else str(value))


def _key(name: str, *, default: bool) -> str:
    """What a template goes by: its name, whatever its capitals; the default one by its being so."""
    return "" if default else fold(name)


def _put_template(connection: Connection, here: Template | None, one: TemplateInFile, by: Actor) -> None:
    if here is not None and _same(here, one):
        return
    kept = rules_from_json(here.rules if here is not None else {})
    try:
        rules.put_template(
            connection, here, name=one.name, default=one.default, category_id=one.category_id,
            category_path=one.category_path, rules=with_papers_of(rules_from_json(one.rules), kept), by=by,
        )  # fmt: skip
    except NeedsPerson as error:
        raise DocumentError(f"templates.{one.name}", words_for(error)) from error


def _same(here: Template, one: TemplateInFile) -> bool:
    return _in_file(here) == (msgspec.structs.replace(one, name=here.name) if one.default else one)


def _put_push_rules(connection: Connection, wanted: Sequence[PushRuleInFile], by: Actor) -> None:
    here = {one.warehouse: one for one in _rules_in_file(connection)}
    if here and not wanted:
        raise DocumentError("push_rules", "One warehouse must get the stock. To keep the rules, leave this part out.")
    places = [location for one in wanted for location in one.locations]
    if twice := next((one for one in places if places.count(one) > 1), ""):
        raise DocumentError("push_rules", f"The location {twice} can feed one warehouse only.")
    for number, one in enumerate(wanted):
        if one == here.get(one.warehouse):
            continue
        try:
            push_rules.set_rule(connection, one.warehouse, linked=one.locations, only=one.only, by=by)
        except DocumentError as error:
            raise DocumentError(f"push_rules[{number}].{error.field}", error.reason) from error
    for warehouse in here.keys() - {one.warehouse for one in wanted}:
        push_rules.remove_rule(connection, warehouse, by=by)


def _put_other_locations(connection: Connection, wanted: Sequence[str], by: Actor) -> None:
    linked = {one.location_id: one.warehouse_id for one in push_rules.links_of(connection)}
    for number, location in enumerate(wanted):
        try:
            if linked.get(location) != "":
                push_rules.link(connection, location, "", by=by)
        except DocumentError as error:
            raise DocumentError(f"other_locations[{number}]", error.reason) from error
    for location, warehouse in linked.items():
        if not warehouse and location not in wanted:
            push_rules.unlink(connection, location, by=by)


def _not_named(now: SettingsFile, file: SettingsFile) -> list[str]:
    if file.templates is UNSET or now.templates is UNSET:
        return []
    named = {fold(one.name) for one in file.templates}
    return [one.name for one in now.templates if not one.default and fold(one.name) not in named]


def _differences(now: SettingsFile, file: SettingsFile, removed: Sequence[str]) -> Iterator[Difference]:
    if file.settings is not UNSET:
        yield from _unequal("settings.", _settings_told(now), _settings_told(file), nothing="default")
    if file.templates is not UNSET:
        before, after = _templates_told(now), _templates_told(file)
        stay = before.keys() - after.keys() - {_key(name, default=False) for name in removed}
        for key in dict.fromkeys([*before, *after]):
            if key not in stay:
                was, name = before.get(key, ({}, ""))
                becomes, new_name = after.get(key, ({}, ""))
                yield from _unequal(f"templates.{new_name or name}: ", was, becomes)
    if file.push_rules is not UNSET:
        yield from _unequal("push_rules.", _push_told(now), _push_told(file))
    if file.other_locations is not UNSET:
        told = [{"other_locations": ", ".join(some)} for some in (now.other_locations or (), file.other_locations)]
        yield from _unequal("", *told)


def _unequal(
    place: str, before: Mapping[str, str], after: Mapping[str, str], *, nothing: str = ""
) -> Iterator[Difference]:
    for name in dict.fromkeys([*before, *after]):
        was, becomes = before.get(name, nothing), after.get(name, nothing)
        if was != becomes:
            yield Difference(f"{place}{name}", was, becomes)


def _settings_told(file: SettingsFile) -> dict[str, str]:
    return {name: _told(value) for name, value in (file.settings or {}).items()}


def _templates_told(file: SettingsFile) -> dict[str, tuple[dict[str, str], str]]:
    """By what a template goes by: what it says, by name, and how it is called."""
    found: dict[str, tuple[dict[str, str], str]] = {}
    places = count(1)
    for one in file.templates or ():
        said = {"category": f"{one.category_path} ({one.category_id})".strip() if one.category_id else ""}
        if not one.default:
            said |= {"name": one.name, "place": str(next(places))}
        for rule, value in one.rules.items():
            if rule == "categories":
                rows = {f"category of {row['key']}": {k: v for k, v in row.items() if k != "key"} for row in value}
                said |= {name: _told(row) for name, row in rows.items()}
            else:
                said[rule] = _told(value)
        found[_key(one.name, default=one.default)] = (said, "default" if one.default else one.name)
    return found


def _push_told(file: SettingsFile) -> dict[str, str]:
    return {
        one.warehouse: (", ".join(one.locations) or "no location") + (f"; only {one.only}" if one.only else "")
        for one in file.push_rules or ()
    }


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
