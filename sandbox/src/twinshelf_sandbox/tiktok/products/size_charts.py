"""Size chart templates of sellers. Source: `docs/platforms/tiktok-shop.md` section 8.8."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.world import Entity


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
    size, body = call.integer("page_size", 1, 100, None, code=12019109), call.body(_ChartSearch)
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
    start = call.platform.paging.offset(call, "size_charts", code=12019108)
    token = call.platform.paging.next_offset(call, "size_charts", start + size, len(found))
    return {"size_chart": found[start : start + size], "total_count": len(found), "next_page_token": token}


_BASIC: Final = "seller.product.basic"

ENDPOINTS: Final = (
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
