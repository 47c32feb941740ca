"""Signing a seller in: where to send the browser, and tokens for the code it brings back. Holds no token itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import msgspec

from twinshelf.errors import DocumentError, PlatformDown, Throttled, Unauthorized
from twinshelf.kit import http
from twinshelf.tiktok import errors, wire
from twinshelf.tiktok.errors import PLATFORM

AUTH_URL: Final = "https://auth.tiktok-shops.com"
_AUTHORIZE_US: Final = "https://services.us.tiktokshop.com"
_AUTHORIZE: Final = "https://services.tiktokshop.com"


@dataclass(frozen=True)
class Tokens:
    """What a seller granted. Both tokens end at the times given; a refresh replaces both, so store both before use.

    There is no shop in it: ask for the authorized shops. `region` is the seller's home, not a shop's.
    """

    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime
    open_id: str
    seller_name: str = ""
    region: str = ""
    granted_scopes: tuple[str, ...] = ()


class _Tokens(msgspec.Struct, frozen=True):
    access_token: str
    access_token_expire_in: int
    refresh_token: str
    refresh_token_expire_in: int
    open_id: str
    seller_name: str = ""
    seller_base_region: str = ""
    granted_scopes: list[str] = []


class _Reply(msgspec.Struct):
    code: int
    message: str | None = None
    request_id: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")


class TikTokAuth:
    """Our app at TikTok's authorization server.

    Its calls are unsigned and carry the app secret in the query; the log blanks it. No quota counts them.
    """

    def __init__(
        self, app_key: str, app_secret: str, *, auth_url: str = AUTH_URL, authorize_url: str | None = None
    ) -> None:
        self._app_key, self._app_secret = app_key, app_secret
        self._auth_url, self._authorize_url = auth_url, authorize_url

    def authorize_url(self, region: str, service_id: str, state: str) -> str:
        """Where to send the seller's browser. It comes back with `code` and `state`, or with `error` if they declined.

        `service_id` is the app's listing, not its key. A flow that begins in TikTok's app store has no state.
        """
        host = self._authorize_url or (_AUTHORIZE_US if region.upper() == "US" else _AUTHORIZE)
        return f"{host.rstrip('/')}/open/authorize?{urlencode({'service_id': service_id, 'state': state})}"

    def exchange(self, code: str) -> Tokens:
        """Tokens for the code of a redirect. A code works once, within 30 minutes: not repeatable.

        Raises Unauthorized if TikTok does not accept it.
        """
        return self._tokens("/api/v2/token/get", {"auth_code": code, "grant_type": "authorized_code"})

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens for old. The old ones may stop working at once, so a lost answer leaves the outcome unknown.

        Raises Unauthorized if the seller ended the authorization or let it run out.
        """
        return self._tokens("/api/v2/token/refresh", {"refresh_token": refresh_token, "grant_type": "refresh_token"})

    def _tokens(self, path: str, query: dict[str, str]) -> Tokens:
        everything = {"app_key": self._app_key, "app_secret": self._app_secret, **query}
        with http.client(self._auth_url) as session:
            request = session.build_request("GET", path, params=everything)
            answer = http.send(session, request, platform=PLATFORM, repeatable=False)
        try:
            reply = wire.read(answer.body, _Reply)
        except DocumentError as error:
            if answer.status == 429:
                raise Throttled(f"{PLATFORM} refused a sign-in for being one too many", wait_seconds=1.0) from error
            raise PlatformDown(
                f"{PLATFORM} did not answer the sign-in ({answer.status})", outcome_unknown=True
            ) from error
        if reply.code in errors.THROTTLED or answer.status == 429:
            raise Throttled(f"{PLATFORM} refused a sign-in for being one too many", wait_seconds=1.0)
        if reply.code != 0:
            if answer.status >= 500 or errors.is_down(reply.code):
                raise PlatformDown(f"{PLATFORM} could not sign in (code {reply.code})", outcome_unknown=True)
            raise Unauthorized(PLATFORM, f"{reply.message or 'no reason given'} (code {reply.code})")
        try:
            return _tokens_from_json(reply.data or msgspec.Raw(b"{}"))
        except DocumentError as error:
            raise PlatformDown(f"{PLATFORM} signed in without usable tokens: {error}", outcome_unknown=True) from error


def _tokens_from_json(data: msgspec.Raw) -> Tokens:
    """Both `…_expire_in` are times, not spans."""
    tokens = wire.read(data, _Tokens)
    return Tokens(
        access_token=tokens.access_token,
        access_expires_at=wire.moment(tokens.access_token_expire_in, "access_token_expire_in"),
        refresh_token=tokens.refresh_token,
        refresh_expires_at=wire.moment(tokens.refresh_token_expire_in, "refresh_token_expire_in"),
        open_id=tokens.open_id,
        seller_name=tokens.seller_name,
        region=tokens.seller_base_region,
        granted_scopes=tuple(tokens.granted_scopes),
    )
