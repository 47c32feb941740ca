"""EU manufacturers and responsible persons, and size charts.

Source: `reference/tiktok-shop.md` sections 8.8 and 8.9.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.world import Entity, Table

MANUFACTURERS: Final = "manufacturers"
PERSONS: Final = "responsible_persons"
_ID: Final = {MANUFACTURERS: "manufacturer_id", PERSONS: "responsible_person_id"}
_REQUIRED: Final = ("name", "email", "phone_number", "address")


def _table(call: Call, kind: str) -> Table:
    return call.platform.world.table(f"tt/{kind}")


def _profile(call: Call, kind: str, *, partial: bool) -> Entity:
    given = call.body(dict[str, Any])
    if call.platform.sellers[call.seller_id]["seller_type"] == "CROSS_BORDER":
        raise ApiError(38023050)
    profile = {name: given[name] for name in (*_REQUIRED, "registered_trade_name") if given.get(name)}
    if not partial:
        missing = [name for name in _REQUIRED if name not in profile]
        if missing:
            raise ApiError(38023022, f"`{missing[0]}` is required.")
    longest = 255 if kind == MANUFACTURERS else 200
    if "name" in profile and (not isinstance(profile["name"], str) or len(profile["name"]) > longest):
        raise ApiError(38023022)
    if "email" in profile and "@" not in str(profile["email"]):
        raise ApiError(38023022, "The email is invalid.")
    return {"locale": given.get("locale") or "en-IE", **profile}


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
        if row is None or row["seller_id"] != call.seller_id:
            raise ApiError(12052284 if kind == MANUFACTURERS else 12052289)
        profile = _profile(call, kind, partial=True)
        row["profiles"][profile["locale"]] = {**row["profiles"].get(profile["locale"], {}), **profile}
        _table(call, kind).put(row["id"], row)
        return {}

    return edit


class _Search(msgspec.Struct):
    manufacturer_ids: list[str] | None = None
    responsible_person_ids: list[str] | None = None
    keyword: str = ""


def _search(kind: str) -> Callable[[Call], Any]:
    def search(call: Call) -> Any:
        size, body = call.integer("page_size", 1, 100, None), call.body(_Search)
        wanted = set(body.manufacturer_ids or body.responsible_person_ids or ())
        found = []
        for row in _table(call, kind).values():
            if row["seller_id"] != call.seller_id or (wanted and row["id"] not in wanted):
                continue
            if body.keyword.casefold() not in str(row["profiles"]).casefold():
                continue
            found.append({"id": row["id"], "regional_profiles": list(row["profiles"].values())})
        start = call.platform.paging.offset(call, kind)
        token = call.platform.paging.next_offset(call, kind, start + size, len(found))
        return {kind: found[start : start + size], "total_count": len(found), "next_page_token": token}

    return search


# -- size charts -----------------------------------------------------------------------------------------------


class _Header(msgspec.Struct):
    name: str = ""
    id: str | None = None


class _Cell(msgspec.Struct):
    value: str = ""


class _Row(msgspec.Struct):
    cells: list[_Cell] = []


class _Grid(msgspec.Struct):
    headers: list[_Header] = []
    rows: list[_Row] = []


class _Chart(msgspec.Struct):
    measurement_type: str = "GENERIC_MEASUREMENTS"
    table: _Grid | None = None
    unit_system: str = "METRIC"
    description: str | None = None
    is_one_size: bool | None = None
    size_types: list[str] | None = None


class _ChartBody(msgspec.Struct):
    size_chart_id: str = ""
    template_name: str | None = None
    size_chart_mode: str = "REUSABLE_TEMPLATE"
    size_chart_data: _Chart | None = None


def _checked_chart(call: Call, body: _ChartBody) -> Entity:
    chart = body.size_chart_data
    grid = chart.table if chart is not None else None
    if chart is None or grid is None or not 1 <= len(grid.headers) <= 20 or not 1 <= len(grid.rows) <= 45:
        raise call.bad("a size chart has 1 to 20 headers and 1 to 45 rows")
    if any(len(row.cells) != len(grid.headers) for row in grid.rows):
        raise call.bad("every row needs one cell for each header")
    if any(
        len(text) > 32 for text in (*(h.name for h in grid.headers), *(c.value for row in grid.rows for c in row.cells))
    ):
        raise call.bad("names and cells may have 32 characters")
    if body.size_chart_mode not in ("REUSABLE_TEMPLATE", "PRODUCT_SCOPED"):
        raise call.bad("`size_chart_mode` is unknown")
    data: Entity = msgspec.to_builtins(chart)
    return data


def create_size_chart(call: Call) -> Any:
    """Keep a size chart template."""
    body = call.body(_ChartBody)
    data = _checked_chart(call, body)
    chart_id = call.platform.new_id("template")
    row = {
        "id": chart_id,
        "seller_id": call.seller_id,
        "name": body.template_name or "",
        "mode": body.size_chart_mode,
        "data": data,
    }
    call.platform.world.table("tt/size_charts").put(chart_id, row)
    call.platform.world.effect("tiktok", "", "size_chart_created", chart_id, seller=call.seller_id)
    return {"size_chart_id": chart_id}


def edit_size_chart(call: Call) -> Any:
    """Overwrite a size chart template of the seller's own."""
    body = call.body(_ChartBody)
    table = call.platform.world.table("tt/size_charts")
    row = table.get(body.size_chart_id)
    if row is None or row["seller_id"] != call.seller_id:
        raise ApiError(12052128)
    row["data"] = _checked_chart(call, body)
    row["name"] = body.template_name or row["name"]
    table.put(row["id"], row)
    return {"size_chart_id": row["id"]}


class _ChartSearch(msgspec.Struct):
    ids: list[str] | None = None
    size_chart_ids: list[str] | None = None
    keyword: str = ""


def search_size_charts(call: Call) -> Any:
    """Size chart templates by id or by words of their name."""
    size, body = call.integer("page_size", 1, 100, None), call.body(_ChartSearch)
    wanted = set(body.ids or body.size_chart_ids or ())
    if len(wanted) > 50:
        raise call.bad("at most 50 ids")
    found = [
        {
            "template_id": row["id"],
            "template_name": row["name"],
            "size_chart_mode": row["mode"],
            "size_chart_datas": [{"locale": "en-US", "size_chart_data": row["data"]}],
        }
        for row in call.platform.world.table("tt/size_charts").values()
        if row["seller_id"] == call.seller_id
        and (not wanted or row["id"] in wanted)
        and body.keyword.casefold() in row["name"].casefold()
    ]
    start = call.platform.paging.offset(call, "size_charts")
    token = call.platform.paging.next_offset(call, "size_charts", start + size, len(found))
    return {"size_chart": found[start : start + size], "total_count": len(found), "next_page_token": token}


_BASIC: Final = "seller.product.basic"


def _entity(kind: str) -> tuple[Endpoint, ...]:
    path = f"/product/{{v}}/compliance/{kind}"
    return (
        Endpoint("POST", path, ("202409",), _BASIC, _create(kind), shop=False, bad_input=38023022),
        Endpoint("POST", f"{path}/search", ("202501",), _BASIC, _search(kind), shop=False, bad_input=38023022),
        Endpoint(
            "POST",
            f"{path}/{{entity_id}}/partial_edit",
            ("202409",),
            _BASIC,
            _edit(kind),
            shop=False,
            bad_input=38023022,
        ),
    )


ENDPOINTS: Final = (
    *_entity(MANUFACTURERS),
    *_entity(PERSONS),
    Endpoint("POST", "/product/{v}/size_charts", ("202610",), _BASIC, create_size_chart, bad_input=12052910),
    Endpoint("POST", "/product/{v}/size_charts/edit", ("202610",), _BASIC, edit_size_chart, bad_input=12052910),
    Endpoint(
        "POST",
        "/product/{v}/sizecharts/search",
        ("202407",),
        _BASIC,
        search_size_charts,
        shop=False,
        bad_input=12052910,
    ),
)
