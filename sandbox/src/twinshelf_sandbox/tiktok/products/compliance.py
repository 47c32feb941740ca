"""Manufacturers and responsible persons, whom the EU wants named on products.

Source: `docs/platforms/tiktok-shop.md` section 8.9 and the error tables of the operations.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.products.listing_text_rules import CHINESE
from twinshelf_sandbox.tiktok.products.product_bodies import Body
from twinshelf_sandbox.world import Entity, Table

MANUFACTURERS: Final = "manufacturers"
PERSONS: Final = "responsible_persons"
_ID: Final = {MANUFACTURERS: "manufacturer_id", PERSONS: "responsible_person_id"}
_LOCALES: Final = ("de-DE", "en-IE", "es-ES", "fr-FR", "it-IT")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+", re.ASCII)
_COUNTRY_CODE: Final = re.compile(r"\+[0-9]{1,4}")
_EU_PHONE_CODES: Final = frozenset(
    f"+{code}"
    for code in (
        *(30, 31, 32, 33, 34, 36, 39, 40, 43, 45, 46, 48, 49, 351, 352, 353, 356, 357),
        *(358, 359, 370, 371, 372, 385, 386, 420, 421),
    )
)
_EU_COUNTRIES: Final = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)


class _Phone(Body):
    availability: str | None = None
    country_code: str | None = None
    local_number: str | None = None


class _Address(Body):
    street_address_line1: str | None = None
    street_address_line2: str | None = None
    district: str | None = None
    city: str | None = None
    postal_code: str | None = None
    province: str | None = None
    country: str | None = None


class _Manufacturer(Body):
    name: str | None = None
    registered_trade_name: str | None = None
    email: str | None = None
    phone_number: _Phone | None = None
    address: str | None = None
    locale: str | None = None


class _Person(Body):
    name: str | None = None
    email: str | None = None
    phone_number: _Phone | None = None
    address: _Address | None = None
    locale: str | None = None


def _text(text: str, longest: int, *, invalid: int, too_long: int) -> None:
    if not text.strip() or CHINESE.search(text):
        raise ApiError(invalid)
    if len(text) > longest:
        raise ApiError(too_long)


def _email(email: str) -> None:
    if not _EMAIL.fullmatch(email):
        raise ApiError(38023042)


def _digits(number: str, most: int) -> None:
    if not number.isascii() or not number.isdigit() or not 7 <= len(number) <= most:
        raise ApiError(38023041)


def _check_manufacturer(given: _Manufacturer, *, partial: bool) -> None:
    """Raises ApiError at the first field that is wrong or, unless `partial`, missing."""
    if not partial or given.name is not None:
        _text(given.name or "", 255, invalid=38023033, too_long=38023044)
    if given.registered_trade_name:
        _text(given.registered_trade_name, 200, invalid=38023037, too_long=38023045)
    if not partial or given.email is not None:
        _email(given.email or "")
    if not partial or given.address is not None:
        _text(given.address or "", 500, invalid=38023034, too_long=38023043)
    phone = given.phone_number
    if phone is None:
        if not partial:
            raise ApiError(38023041)
        return
    if phone.availability not in (None, "AVAILABLE", "UNAVAILABLE"):
        raise ApiError(38023060)
    if phone.availability != "UNAVAILABLE":
        if not _COUNTRY_CODE.fullmatch(phone.country_code or ""):
            raise ApiError(38023046)
        _digits(phone.local_number or "", 20)


def _check_person(given: _Person, *, partial: bool) -> None:
    """Raises ApiError at the first field that is wrong or, unless `partial`, missing."""
    if not partial or given.name is not None:
        _text(given.name or "", 200, invalid=38023022, too_long=38023044)
    if not partial or given.email is not None:
        _email(given.email or "")
    if not partial or given.phone_number is not None:
        phone = given.phone_number or _Phone()
        if phone.country_code not in _EU_PHONE_CODES:
            raise ApiError(38023028)
        _digits(phone.local_number or "", 11)
    if not partial or given.address is not None:
        address = given.address or _Address()
        _text(address.street_address_line1 or "", 500, invalid=38023024, too_long=38023043)
        _text(address.postal_code or "", 500, invalid=38023024, too_long=38023043)
        if address.country not in _EU_COUNTRIES:
            raise ApiError(38023026)


def _profile(call: Call, kind: str, *, partial: bool) -> Entity:
    if call.platform.sellers[call.seller_id]["seller_type"] == "CROSS_BORDER":
        raise ApiError(38023050)
    given: _Manufacturer | _Person
    if kind == MANUFACTURERS:
        _check_manufacturer(given := call.body(_Manufacturer), partial=partial)
    else:
        _check_person(given := call.body(_Person), partial=partial)
    if given.locale not in (None, *_LOCALES):
        raise call.bad(f"`locale` must be one of {', '.join(_LOCALES)}")
    profile: Entity = msgspec.to_builtins(given)
    return {**profile, "locale": given.locale or "en-IE"}


def _table(call: Call, kind: str) -> Table:
    return call.platform.world.table(f"tt/{kind}")


def _create(kind: str) -> Callable[[Call], Any]:
    def create(call: Call) -> Any:
        profile = _profile(call, kind, partial=False)
        entity_id = call.platform.new_id("compliance")
        _table(call, kind).put(
            entity_id, {"id": entity_id, "seller_id": call.seller_id, "profiles": {profile["locale"]: profile}}
        )
        call.platform.world.effect("tiktok", "", f"{kind[:-1]}_created", entity_id, seller=call.seller_id)
        return {_ID[kind]: entity_id}

    return create


def _edit(kind: str) -> Callable[[Call], Any]:
    def edit(call: Call) -> Any:
        row = _table(call, kind).get(call.path["entity_id"])
        if row is None:
            raise ApiError(38023051)
        if row["seller_id"] != call.seller_id:
            raise ApiError(38023052)
        profile = _profile(call, kind, partial=True)
        row["profiles"][profile["locale"]] = {**row["profiles"].get(profile["locale"], {}), **profile}
        _table(call, kind).put(row["id"], row)
        return {}

    return edit


class _Search(msgspec.Struct):
    manufacturer_ids: list[str] | None = None
    responsible_person_ids: list[str] | None = None
    keyword: str = ""
    locales: list[str] | None = None


def _search(kind: str) -> Callable[[Call], Any]:
    def search(call: Call) -> Any:
        size, body = call.integer("page_size", 1, 100, None, code=38023047), call.body(_Search)
        wanted = set(body.manufacturer_ids or body.responsible_person_ids or ())
        if len(wanted) > size:
            raise ApiError(38023049)
        if set(body.locales or ()) - set(_LOCALES):
            raise ApiError(38023057)
        found = []
        for row in _table(call, kind).values():
            if row["seller_id"] != call.seller_id or (wanted and row["id"] not in wanted):
                continue
            if not wanted and body.keyword.casefold() not in str(row["profiles"]).casefold():
                continue
            found.append({"id": row["id"], "regional_profiles": list(row["profiles"].values())})
        start = call.platform.paging.offset(call, kind, code=38023048)
        token = call.platform.paging.next_offset(call, kind, start + size, len(found))
        return {kind: found[start : start + size], "total_count": len(found), "next_page_token": token}

    return search


_BASIC: Final = "seller.product.basic"
_BAD: Final = 98001004


def _entity(kind: str) -> tuple[Endpoint, ...]:
    path = f"/product/{{v}}/compliance/{kind}"
    one = f"{path}/{{entity_id}}/partial_edit"
    return (
        Endpoint("POST", path, ("202409",), _BASIC, _create(kind), shop=False, bad_input=_BAD),
        Endpoint("POST", f"{path}/search", ("202501",), _BASIC, _search(kind), shop=False, bad_input=_BAD),
        Endpoint("POST", one, ("202409",), _BASIC, _edit(kind), shop=False, bad_input=_BAD),
    )


ENDPOINTS: Final = (*_entity(MANUFACTURERS), *_entity(PERSONS))
