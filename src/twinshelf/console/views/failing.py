"""The pages of requests that failed: what happened to them, and whether to try again."""

from __future__ import annotations

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template import loader

from twinshelf.console.context import support
from twinshelf.kit.health import why_nothing_is_kept


def failed(_request: HttpRequest) -> HttpResponse:
    """Called while the error is at hand; a database that takes nothing now is told apart (503)."""
    if isinstance(sys.exc_info()[1], OperationalError):
        return _takes_nothing()
    return HttpResponseServerError(_page("500.html"))


def too_many(request: HttpRequest) -> HttpResponse:
    """Too many tries, as allauth counts them: what cannot be counted counts as too many there."""
    return _takes_nothing() if why_nothing_is_kept() else render(request, "429.html", status=429)


def _takes_nothing() -> HttpResponse:
    return HttpResponse(_page("503.html"), status=503, headers={"Retry-After": "10", "Cache-Control": "no-store"})


def _page(name: str) -> str:
    """A page made without the request: what failed may be what makes the others."""
    return loader.get_template(name).render({"support": support()})
