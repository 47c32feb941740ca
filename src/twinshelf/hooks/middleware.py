"""Webhooks pass by everything that is there for people: sessions, cookies, forms, accounts, content policies."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import Resolver404, resolve

from twinshelf.kit import patience

PREFIXES = ("/hooks/", "/healthz")
"""What asks there knows no name of ours, or names the machine: it is asked for no session and under no address."""

log = structlog.get_logger(__name__)


def straight_through(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer at once what platforms post: a delivery itself proves who sent it. The rest took a fifth of its time.

    A delivery that the database does not take in time is refused (503), so that the platform tells it again.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIXES):
            patience.wait_at_most(patience.PAGE_SECONDS)
            return get_response(request)
        try:
            found = resolve(request.path_info)
        except Resolver404:
            return HttpResponseNotFound()
        try:
            patience.wait_at_most(patience.HOOK_SECONDS)
            response: HttpResponse = found.func(request, *found.args, **found.kwargs)
        except OperationalError as error:
            log.error("not kept: the database takes nothing", path=request.path_info, why=str(error))  # noqa: TRY400
            return HttpResponse(status=503, headers={"Retry-After": "60"})
        return response

    return answer
