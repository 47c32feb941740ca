"""Sites: the addresses at which channels show their storefronts. A channel has one at most.

Source: BigCommerce docs, reference/sites.v3.yml and channels.v3.yml.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.responses import Json, data, ints, invalid, iso_z, no_content, v3_error
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response

routes = Routes("store_sites")

FIRST_SITE: Final = 1_000
"""The site of channel 1, which every store has."""
_KINDS: Final = ("primary", "checkout", "canonical")


def _site(store: Store, channel_id: int) -> Json | None:
    """The site of a channel, if it has one."""
    kept = store.rows("sites").get(channel_id)
    if kept is None and channel_id == 1:
        at = store.rows("channels")[1]["date_created"]
        kept = {"id": FIRST_SITE, "channel_id": 1, "url": f"https://{store.row['domain']}", "created_at": at}
        kept["updated_at"] = at
    return None if kept is None else _shown(kept)


def _shown(kept: Json) -> Json:
    checkout = kept.get("checkout_url")
    shown = {name: value for name, value in kept.items() if name != "checkout_url"}
    urls = [
        {
            "url": checkout if kind == "checkout" and checkout else kept["url"],
            "type": kind,
            "created_at": kept["created_at"],
            "updated_at": kept["updated_at"],
        }
        for kind in _KINDS
    ]
    return {**shown, "ssl_status": "dedicated", "urls": urls, "is_checkout_url_customized": bool(checkout)}


def _sites(store: Store) -> list[Json]:
    return [site for row in store.rows("channels").values() if (site := _site(store, row["id"]))]


def _of_channel(call: Call, channel_id: int) -> Json:
    site = _site(call.store, channel_id) if channel_id in call.store.rows("channels") else None
    if site is None:
        raise v3_error(404, "Not found", short=True)
    return site


def _of_id(call: Call, site_id: int) -> Json:
    for site in _sites(call.store):
        if site["id"] == site_id:
            return site
    raise v3_error(404, "Not found", short=True)


def _url(doc: Json, name: str = "url") -> str:
    """An https address."""
    url: Any = doc.get(name)
    if not isinstance(url, str):
        raise invalid({name: "error.path.missing" if url is None else "error.expected.jsstring"})
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.hostname:
        raise invalid({name: "error.expected.url"})
    return url.rstrip("/")


def _open(call: Call, channel_id: Any, doc: Json) -> Json:
    store = call.store
    if not isinstance(channel_id, int) or channel_id not in store.rows("channels"):
        raise v3_error(422, "The channel does not exist", {"channel_id": "does not exist"}, short=True)
    url = _url(doc)
    if _site(store, channel_id) is not None:
        raise v3_error(422, "The channel has a site already", {"channel_id": "has a site"}, short=True)
    at = iso_z(store.now)
    _keep(store, {
        "id": store.take("sites", FIRST_SITE + 1), "channel_id": channel_id, "url": url, "created_at": at,
        "updated_at": at,
    })  # fmt: skip
    return _of_channel(call, channel_id)


def _keep(store: Store, site: Json) -> None:
    store.rows("sites").put(site["channel_id"], site)


def _change(call: Call, site: Json, **changes: Any) -> Json:
    """Keep a site with changes; None takes a field away."""
    kept = call.store.rows("sites").get(site["channel_id"]) or {
        name: site[name] for name in ("id", "channel_id", "url", "created_at")
    }
    _keep(call.store, {**kept, **changes, "updated_at": iso_z(call.store.now)})
    return _of_channel(call, site["channel_id"])


def _close(call: Call, site: Json) -> None:
    if site["channel_id"] == 1:
        raise v3_error(422, "The site of the default channel cannot be deleted", {"id": "is invalid"}, short=True)
    call.store.rows("sites").delete(site["channel_id"])


@routes.get("/v3/sites")
def _list_sites(call: Call) -> Response:
    rows = _sites(call.store)
    if "channel_id:in" in call.query:
        rows = [site for site in rows if site["channel_id"] in ints(call.query["channel_id:in"])]
    if "url_type:in" in call.query:
        wanted = call.query["url_type:in"].split(",")
        rows = [{**site, "urls": [url for url in site["urls"] if url["type"] in wanted]} for site in rows]
    shown, meta = call.paged(rows)
    return data(shown, meta)


@routes.post("/v3/sites")
def _create_site(call: Call) -> Response:
    doc = call.object()
    return data(_open(call, doc.get("channel_id"), doc), status=201)


@routes.get("/v3/sites/{site_id}")
def _get_site(call: Call, site_id: int) -> Response:
    return data(_of_id(call, site_id))


@routes.put("/v3/sites/{site_id}")
def _update_site(call: Call, site_id: int) -> Response:
    return data(_change(call, _of_id(call, site_id), url=_url(call.object())))


@routes.delete("/v3/sites/{site_id}")
def _delete_site(call: Call, site_id: int) -> Response:
    _close(call, _of_id(call, site_id))
    return no_content()


@routes.get("/v3/channels/{channel_id}/site")
def _get_channel_site(call: Call, channel_id: int) -> Response:
    return data(_of_channel(call, channel_id))


@routes.post("/v3/channels/{channel_id}/site")
def _create_channel_site(call: Call, channel_id: int) -> Response:
    return data(_open(call, channel_id, call.object()))


@routes.put("/v3/channels/{channel_id}/site")
def _update_channel_site(call: Call, channel_id: int) -> Response:
    return data(_change(call, _of_channel(call, channel_id), url=_url(call.object())))


@routes.delete("/v3/channels/{channel_id}/site")
def _delete_channel_site(call: Call, channel_id: int) -> Response:
    _close(call, _of_channel(call, channel_id))
    return Response.json({})


@routes.put("/v3/channels/{channel_id}/site/checkout-url")
def set_checkout_url(call: Call, channel_id: int) -> Response:
    """Answers the site bare, without an envelope."""
    return Response.json(_change(call, _of_channel(call, channel_id), checkout_url=_url(call.object())))


@routes.delete("/v3/channels/{channel_id}/site/checkout-url")
def _delete_checkout_url(call: Call, channel_id: int) -> Response:
    _change(call, _of_channel(call, channel_id), checkout_url=None)
    return data({})
