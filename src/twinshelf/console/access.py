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

__all__ = ["ConsoleRequest", "Permission", "may", "needs", "offered"]

P = ParamSpec("P")


class ConsoleRequest(HttpRequest):
    """A request that `needs` let through: somebody is signed in and works in an account."""

    account: Account
    role: str
    user: User
    htmx: HtmxDetails


def may(request: ConsoleRequest, permission: Permission) -> bool:
    """Whether the role of the person who asks grants it."""
    return permission in queries.permissions_of(request.role)


def offered(request: ConsoleRequest, actions: Iterable[Action]) -> list[Action]:
    """Those of the actions that the role of the person who asks grants."""
    return [action for action in actions if may(request, action.permission)]


def needs(
    permission: Permission,
) -> Callable[
    [Callable[Concatenate[ConsoleRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Let a view run only for members of the account whose role grants `permission`; others sign in, or get 403."""

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
            role = queries.role_in(account, request.user)
            if permission not in queries.permissions_of(role):
                raise PermissionDenied
            request.role = role  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)  # type: ignore[arg-type]

        return guarded  # type: ignore[return-value]  # wraps() thinks of the view it was given

    return guard
