"""What every page of the console shows: account, counts beside the menu, running tasks, theme."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

import twinshelf
from twinshelf.accounts import queries as accounts
from twinshelf.connections import queries as connections
from twinshelf.console import guide
from twinshelf.console.words import THEMES
from twinshelf.kit.actions import Permission
from twinshelf.listings import queries as catalog
from twinshelf.orders import queries as orders
from twinshelf.orders.oversold import queries as oversold
from twinshelf.orders.returns import queries as returns
from twinshelf.rules import queries as rules
from twinshelf.sync import queries as sync

THEME_COOKIE = "theme"
KEYS_COOKIE = "keys"
_HELP: Final = "faq"
HTMX: Final = json.dumps(
    {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "historyEnabled": False,
        "selfRequestsOnly": True,
        "allowScriptTags": False,
        "inlineScriptNonce": "",
    }
)
"""What htmx must not do, since the content policy would not let it."""


def console(request: HttpRequest) -> dict[str, Any]:
    """Counts are only asked for by templates that show the menu: parts of pages cost nothing here."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    shared: dict[str, Any] = {
        "theme": theme if theme in THEMES else "",
        "themes": THEMES.items(),
        "htmx_config": HTMX,
        "keys_off": request.COOKIES.get(KEYS_COOKIE) == "off",
        "version": twinshelf.__version__,
        "section": _section(request),
        "support": support(),
    }
    if getattr(request, "account", None) is not None:
        shared["menu"] = SimpleLazyObject(partial(_menu, request))
        shared["guide"] = _guide(request, shared["section"])
        shared["other_accounts"] = len(request.accounts) > 1  # type: ignore[attr-defined]
    else:
        shared["sign_up_open"] = SimpleLazyObject(accounts.sign_up_open)
    return shared


def _section(request: HttpRequest) -> str:
    """The entry of the menu that a page belongs to: what of it has an address elsewhere, too."""
    match = request.resolver_match
    if match is not None and match.url_name == "template":
        return "templates"
    if match is not None and match.url_name == "guide":
        return _HELP
    if match is not None and match.url_name in {"preferences", "preferences_part", "preferences_direction"}:
        return "settings"
    return request.path.split("/")[1] or "dashboard"


def support() -> str:
    """Where the link to the support leads: an email or a page; "" where whoever runs the installation names none."""
    named: str = settings.OPERATOR.support
    return f"mailto:{named}" if "@" in named and "://" not in named else named


def _guide(request: HttpRequest, section: str) -> str:
    """What the guide says about this page; "" in the guide itself."""
    match = request.resolver_match
    if match is None or section == _HELP:
        return ""
    return guide.address(guide.section_for(match.url_name or "", section))


def _menu(request: Any) -> dict[str, Any]:
    every = getattr(request, "connections", None) or connections.connections()
    running = sync.unfinished_tasks()
    granted = getattr(request, "granted", None) or accounts.permissions_in(request.account, request.user)
    return {
        "people": Permission.PEOPLE in granted,
        "global_store": Permission.GLOBAL_STORE in granted and any(each.shop.is_cross_border for each in every),
        "security": Permission.SECURITY in granted,
        "failed": catalog.failed_listings(every),
        "awaiting": orders.awaiting_shipment(every),
        "oversold": oversold.anything(),
        "returns": returns.awaiting_decision(every)[0],
        "setup": next(((c, rules.setup_step(c)) for c in every if c.set_up_at is None), None),
        "running": running,
        "running_percent": sync.progress(running[0]).percent if running else 0,
    }
