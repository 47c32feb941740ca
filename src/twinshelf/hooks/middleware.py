"""Webhooks pass by everything that is there for people: sessions, cookies, forms, accounts, content policies."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import Resolver404, resolve

PREFIXES = ("/hooks/", "/healthz")
"""What asks there knows no name of ours, or names the machine: it is asked for no session and under no address."""


def straight_through(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer at once what platforms post: a delivery itself proves who sent it. The rest took a fifth of its time."""

    def answer(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIXES):
            return get_response(request)
        try:
            found = resolve(request.path_info)
        except Resolver404:
            return HttpResponseNotFound()
        response: HttpResponse = found.func(request, *found.args, **found.kwargs)
        return response

    return answer
