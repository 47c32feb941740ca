"""The pages of requests that failed: what happened to them, and whether to try again."""

from __future__ import annotations

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.views.defaults import server_error

from twinshelf.kit.health import why_nothing_is_kept


def failed(request: HttpRequest) -> HttpResponse:
    """As Django's, called while the error is at hand; a database that takes nothing now is told apart (503)."""
    return _takes_nothing() if isinstance(sys.exc_info()[1], OperationalError) else server_error(request)


def too_many(request: HttpRequest) -> HttpResponse:
    """Too many tries, as allauth counts them: what cannot be counted counts as too many there."""
    return _takes_nothing() if why_nothing_is_kept() else render(request, "429.html", status=429)


def _takes_nothing() -> HttpResponse:
    page = loader.get_template("503.html").render()
    return HttpResponse(page, status=503, headers={"Retry-After": "10", "Cache-Control": "no-store"})
