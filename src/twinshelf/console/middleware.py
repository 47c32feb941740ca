"""Puts each signed-in request into the scope of its account and into the time zone of its person."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_scopes import scope

from twinshelf.accounts import queries


class AccountScopeMiddleware:
    """`request.account` is the account the person works in (chosen in the session, else their first), None if none.

    Everything below runs in its scope, so an unscoped query raises instead of reading another account's rows.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request inside its scope."""
        request.account = None  # type: ignore[attr-defined]
        if not request.user.is_authenticated:
            return self._get_response(request)
        accounts = queries.accounts_of(request.user)
        chosen = request.session.get("account")
        account = next((a for a in accounts if a.id == chosen), accounts[0] if accounts else None)
        request.account = account  # type: ignore[attr-defined]
        request.accounts = accounts  # type: ignore[attr-defined]
        with timezone.override(_zone(request.user.time_zone)):
            if account is None:
                return self._get_response(request)
            with scope(account=account):
                return self._get_response(request)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
