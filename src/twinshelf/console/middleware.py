"""Puts each signed-in request into the scope of its account and into the time zone of its person."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django_scopes import scope

from twinshelf.accounts import queries

_TAKES_FILES = re.compile(
    r"/products/\d+/edit/|/templates/\d+/(new|\d+)/|/templates/categories/\d+/edit/|/connections/\d+/template/"
)


class Papers(FileUploadHandler):
    """Takes files, in memory, from people who are signed in, at the forms that ask for some; passes over all others."""

    def new_file(self, *args: Any, **named: Any) -> None:
        """Begin to take a file, or pass over the whole part."""
        request = self.request
        user = getattr(request, "user", None)
        if request is None or user is None or not user.is_authenticated or not _TAKES_FILES.fullmatch(request.path):
            raise SkipFile
        super().new_file(*args, **named)
        self._data = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 - the handler has it
        """Keep a piece of it."""
        self._data.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """The file, in memory."""
        self._data.seek(0)
        return InMemoryUploadedFile(
            self._data, self.field_name, self.file_name, self.content_type, file_size, self.charset
        )


def at_its_address(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer in production what is asked at the operator's address, port included; have browsers keep to https there.

    Pages of people who are signed in are kept by nobody: they show buyers.
    """
    ours = urlsplit(settings.OPERATOR.base_url)
    ports = {"https": 443, "http": 80}
    netlocs = {ours.netloc, f"{ours.hostname}:{ours.port or ports.get(ours.scheme, 80)}"}
    if ours.port == ports.get(ours.scheme):
        netlocs.add(str(ours.hostname))

    def answer(request: HttpRequest) -> HttpResponse:
        if settings.OPERATOR.production and request.headers.get("Host", "").lower() not in netlocs:
            return HttpResponseBadRequest("This is not the address of this installation.", content_type="text/plain")
        length = request.headers.get("Content-Length") or "0"
        most = (
            settings.PAPERS_MAX_MEMORY_SIZE
            if _TAKES_FILES.fullmatch(request.path)
            else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        )
        if not length.isdecimal() or int(length[:20]) > most:
            return HttpResponse(status=413)
        response = get_response(request)
        if ours.scheme == "https":
            response.headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
        if getattr(request, "user", None) is None or request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return answer


_YEAR = 365 * 86_400


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
