"""Countries and their states, with the names that addresses are written with.

Source: BigCommerce docs, reference/geography.v2.yml.
"""

from __future__ import annotations

from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.filters import by_text
from twinshelf_sandbox.bigcommerce.responses import Json, v2_list, v2_not_found
from twinshelf_sandbox.bigcommerce.settings import geography
from twinshelf_sandbox.wire import Response

routes = Routes("store_v2_information")


def _countries(call: Call) -> list[Json]:
    rows = geography.countries(call.store.base_url, call.store.hash)
    return by_text(rows, call.query, "country", "country_iso2", "country_iso3")


def _states(call: Call, countries: list[Json]) -> list[Json]:
    rows = [state for country in countries for state in geography.states(country)]
    return by_text(rows, call.query, "state", "state_abbreviation")


def _one(rows: list[Json], row_id: int) -> Json:
    for row in rows:
        if row["id"] == row_id:
            return row
    raise v2_not_found()


def _country(call: Call, country_id: int) -> Json:
    return _one(geography.countries(call.store.base_url, call.store.hash), country_id)


def _page(call: Call, rows: list[Json]) -> Response:
    page, limit = call.page()
    return v2_list(rows[(page - 1) * limit : page * limit])


def _count(rows: list[Json]) -> Response:
    return Response.json({"count": len(rows)})


@routes.get("/v2/countries")
def _list_countries(call: Call) -> Response:
    return _page(call, _countries(call))


@routes.get("/v2/countries/count")
def _count_countries(call: Call) -> Response:
    return _count(_countries(call))


@routes.get("/v2/countries/states")
def _list_all_states(call: Call) -> Response:
    return _page(call, _states(call, geography.countries(call.store.base_url, call.store.hash)))


@routes.get("/v2/countries/states/count")
def _count_all_states(call: Call) -> Response:
    return _count(_states(call, geography.countries(call.store.base_url, call.store.hash)))


@routes.get("/v2/countries/{country_id}")
def _get_country(call: Call, country_id: int) -> Response:
    return Response.json(_country(call, country_id))


@routes.get("/v2/countries/{country_id}/states")
def _list_states(call: Call, country_id: int) -> Response:
    return _page(call, _states(call, [_country(call, country_id)]))


@routes.get("/v2/countries/{country_id}/states/count")
def _count_states(call: Call, country_id: int) -> Response:
    return _count(_states(call, [_country(call, country_id)]))


@routes.get("/v2/countries/{country_id}/states/{state_id}")
def _get_state(call: Call, country_id: int, state_id: int) -> Response:
    return Response.json(_one(geography.states(_country(call, country_id)), state_id))
