"""Who may see and do what in the console."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from twinshelf.accounts import queries
from twinshelf.kit.actions import Action, Permission

if TYPE_CHECKING:
    from twinshelf.accounts.models import Account, User
    from twinshelf.connections.models import Connection

__all__ = ["ConsoleRequest", "Permission", "may", "needs", "offered"]

P = ParamSpec("P")


class ConsoleRequest(HttpRequest):
    """A request that `needs` let through: somebody is signed in and works in an account."""

    account: Account
    granted: frozenset[Permission]
    user: User
    htmx: HtmxDetails
    connections: list[Connection]
    """All of the account, where a view has read them: the menu needs them too. Not set where it has not."""


def may(request: ConsoleRequest, permission: Permission) -> bool:
    """Whether the role of the person who asks grants it."""
    return permission in request.granted


def offered(request: ConsoleRequest, actions: Iterable[Action]) -> list[Action]:
    """Those of the actions that the role of the person who asks grants."""
    return [action for action in actions if may(request, action.permission)]


def needs(
    permission: Permission, *, change: Permission | None = None
) -> Callable[
    [Callable[Concatenate[ConsoleRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Let a view run only for members of the account whose role grants `permission`; others sign in, or get 403.

    `change` is what a form that is sent needs instead, where that is more than to look.
    """
    needed = {"get": permission, "post": change or permission}

    def guard(
        view: Callable[Concatenate[ConsoleRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                if getattr(
                    request, "htmx", False
                ):  # a page signed out meanwhile: the part it asked for cannot be shown
                    return HttpResponseClientRedirect(resolve_url("account_login"))
                return redirect_to_login(request.get_full_path())
            account: Account | None = getattr(request, "account", None)
            if account is None:
                return render(request, "console/no_account.html", status=403)
            granted = queries.permissions_in(account, request.user)
            if needed["post" if request.method == "POST" else "get"] not in granted:
                raise PermissionDenied
            request.granted = granted  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)  # type: ignore[arg-type]

        guarded.needed = needed  # type: ignore[attr-defined]  # for whoever goes through all addresses
        return guarded  # type: ignore[return-value]  # wraps() thinks of the view it was given

    return guard
