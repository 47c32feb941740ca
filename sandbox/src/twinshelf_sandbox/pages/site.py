"""The double that answers for the pages: which paths are theirs, who makes them, and what their buttons do.

A page is read under the world's lock. A button is a call of the control API, made in here; afterwards the browser is
sent back to where it came from, with a note of what came of it.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from twinshelf_sandbox.arguments import from_elsewhere
from twinshelf_sandbox.bigcommerce import BigCommerce
from twinshelf_sandbox.control import Control
from twinshelf_sandbox.pages import (
    admin,
    admin_orders,
    faults,
    logs,
    seller,
    seller_lists,
    seller_orders,
    shopper,
    world,
)
from twinshelf_sandbox.pages.forms import arguments, inside
from twinshelf_sandbox.pages.frame import Missing, Note, Page, Sheet, framed
from twinshelf_sandbox.pages.markup import link, tag
from twinshelf_sandbox.pages.parts import Parts
from twinshelf_sandbox.tiktok import TikTok
from twinshelf_sandbox.wire import Handler, Request, Response, Router, json_encode

_SUBJECTS: Final = (world, logs, faults, admin, admin_orders, seller, seller_lists, seller_orders, shopper)
_NOTES: Final = 50
_SHOP_ID: Final = 15
"""Ids of shops have more digits than this; what stands there in TikTok Shop's own paths is a version of six."""

Fields = list[tuple[str, str]]
Outcome = tuple[Note, Any]
"""What to say of a press of a button, and what the control API returned."""
Button = Callable[..., Outcome]
"""(fields, what the path names) → outcome. Raises ValueError, naming the field, for what cannot be read."""


class Pages:
    """Answers `/`, `/pages.css`, `/world/…`, `/admin/…`, `/seller/…` and `/shopper/…`. Needs no sign-in."""

    name = "pages"

    def __init__(self, control: Control, bigcommerce: BigCommerce, tiktok: TikTok) -> None:
        self._control = control
        self._parts = Parts(control, bigcommerce, tiktok.platform)
        self._style = files("twinshelf_sandbox.pages").joinpath("static/pages.css").read_bytes()
        self._notes: OrderedDict[str, Note] = OrderedDict()
        self._numbers = itertools.count(1)
        self._routes = Router()
        for subject in _SUBJECTS:
            for pattern, page in subject.PAGES:
                self._routes.add("GET", pattern, self._shown(page))
        for pattern, (method, to, say) in _CALLS.items():
            self._routes.add("POST", pattern, self._pressed(self._call(method, to, say)))
        self._routes.add("POST", "/world/act/{action}", self._pressed(self._act))
        self._routes.add("POST", "/world/faults/ready/{name}", self._pressed(self._ready_fault))
        self._routes.add("POST", "/shopper/{shop_id}/buy", self._pressed(self._buy))

    # -- the Double protocol -----------------------------------------------------------------------------------

    def owns(self, path: str) -> bool:
        """The page at `/` and what is below the pages' own first segments."""
        parts = path.split("/", 3)
        first = parts[1]
        if first == "seller":  # TikTok Shop has paths that begin so
            return len(parts) > 2 and len(parts[2]) > _SHOP_ID
        return path in ("/", "/pages.css") or first in ("world", "admin", "shopper")

    def tenant(self, request: Request) -> str:  # noqa: ARG002 - as the protocol says
        """None: faults do not strike the pages."""
        return ""

    def handle(self, request: Request) -> Response:
        """A page, or what came of a button."""
        if request.path == "/pages.css":
            return Response(200, self._style, {"content-type": "text/css; charset=utf-8", "cache-control": "no-cache"})
        found = self._routes.find(request.method, "/world" if request.path == "/" else request.path)
        if isinstance(found, frozenset):
            return self._sheet(request, _plain("Not like this", f"Use {', '.join(sorted(found))}.", 405))
        if request.method == "POST" and from_elsewhere(request):
            text = "This was sent from a page of another site, so nothing was done."
            return self._sheet(request, _plain("Not from here", text, 403))
        try:
            if found is None:
                raise Missing("There is no such page.")
            handler, values = found
            return handler(request, **values)
        except Missing as missing:
            return self._sheet(request, _plain("Not here", str(missing), 404))

    def crash(self, request: Request, error: Exception) -> Response:
        """Say what broke: whoever plays with the sandbox must see it."""
        return self._sheet(request, _plain("The sandbox broke", f"{type(error).__name__}: {error}", 500))

    def _sheet(self, request: Request, sheet: Sheet) -> Response:
        return framed(sheet, self._control, self._notes.get(request.query.get("note", "")))

    def _shown(self, page: Page) -> Handler:
        def handler(request: Request, **values: str) -> Response:
            with self._control.world.lock:
                return self._sheet(request, page(self._parts, request.query, **values))

        return handler

    # -- buttons -----------------------------------------------------------------------------------------------

    def _pressed(self, button: Button) -> Handler:
        def handler(request: Request, **values: str) -> Response:
            fields = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
            try:
                note, result = button(fields, **values)
            except ValueError as error:
                note, result = Note(f"Refused: {error}", good=False), None
            return self._after(request, dict(fields), note, result)

        return handler

    def _after(self, request: Request, fields: dict[str, str], note: Note, result: Any) -> Response:
        """303 back to the page of the button, or on to what the button made."""
        then = fields.get("_then", "")
        referer = urlsplit(request.headers.get("referer", ""))
        back = f"{referer.path}?{referer.query}" if referer.netloc == request.headers.get("host") else "/"
        if then and note.good:
            back = then.replace("{result}", quote(str(result), safe=""))
        place = urlsplit(inside(back))
        number = str(next(self._numbers))
        self._notes[number] = note
        while len(self._notes) > _NOTES:
            self._notes.popitem(last=False)
        query = [pair for pair in parse_qsl(place.query) if pair[0] != "note"]
        return Response(303, b"", {"location": f"{place.path}?{urlencode([*query, ('note', number)])}"})

    def _ask(self, method: str, to: str, body: dict[str, Any], done: str) -> Outcome:
        """Call the control API."""
        answer = self._control.handle(Request(method, to, body=json_encode(body)))
        said = Request("GET", to, body=answer.body).json()
        if answer.status >= 400:
            return Note(f"Refused: {said['error']}", good=False), None
        result = said.get("result")
        return Note(f"{done}: {result}." if isinstance(result, str | int | list) else f"{done}."), result

    def _call(self, method: str, to: str, say: str) -> Button:
        return lambda fields, **values: self._ask(method, to.format(**values), arguments(fields), say)

    def _act(self, fields: Fields, action: str) -> Outcome:
        label = dict(fields).get("_label", action)
        return self._ask("POST", f"/_sandbox/actions/{action}", arguments(fields), f"{label}: done")

    def _ready_fault(self, _fields: Fields, name: str) -> Outcome:
        ready = faults.READY.get(name)
        if ready is None:
            raise Missing("There is no such fault.")
        return self._ask("POST", "/_sandbox/faults", dict(ready.rule), f"Switched on: {ready.label}")

    def _buy(self, fields: Fields, shop_id: str) -> Outcome:
        asked = {"shop_id": shop_id, **shopper.purchase(fields)}
        return self._ask("POST", "/_sandbox/actions/shopper.buy", asked, "Bought")


_CALLS: Final = {
    "/world/clock": ("POST", "/_sandbox/clock", "The clock was changed"),
    "/world/faults": ("POST", "/_sandbox/faults", "The fault is on"),
    "/world/faults/clear": ("DELETE", "/_sandbox/faults", "All faults are off"),
    "/world/faults/{fault_id}/remove": ("DELETE", "/_sandbox/faults/{fault_id}", "The fault is off"),
    "/world/latency": ("POST", "/_sandbox/latency", "The platforms answer at the new pace"),
    "/world/settle": ("POST", "/_sandbox/settle", "What was due is done"),
    "/world/calls/forget": ("DELETE", "/_sandbox/calls", "Counting begins anew"),
    "/world/snapshots": ("POST", "/_sandbox/snapshot", "The world is kept"),
    "/world/snapshots/restore": ("POST", "/_sandbox/restore", "The world is as it was"),
}
"""Path of the button → the call of the control API it is, and what it says when that went well."""


def _plain(title: str, text: str, status: int) -> Sheet:
    return Sheet(title, tag("div", tag("p", text), tag("p", link("/", "To the world"))), status=status)
