"""Proving who is who: a new installation's code for a token, and the signed payloads of the control panel.

Source: BigCommerce docs, docs/integrations/apps/guide/{auth, callbacks}.mdx; the official Python client on algorithms.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from twinshelf.errors import DocumentError, NotGenuine, PlatformDown, Unauthorized
from twinshelf.kit import http
from twinshelf.storefronts.bigcommerce import answers, wire
from twinshelf.storefronts.protocol import Claims, Grant

LOGIN_URL = "https://login.bigcommerce.com"

_LEEWAY_SECONDS = 30
_LONGEST = 8192
_HASHES = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}
_STORE = re.compile(r"stores/([a-z0-9]{3,32})")


class _Person(msgspec.Struct):
    id: int
    email: str
    locale: str = ""


class _Payload(msgspec.Struct):
    aud: str
    iss: str
    sub: str
    exp: float
    iat: float
    user: _Person
    owner: _Person
    nbf: float | None = None
    url: str | None = None
    channel_id: int | None = None
    jti: str | None = None


class _Header(msgspec.Struct):
    alg: str


class _TokenAnswer(msgspec.Struct):
    access_token: str
    scope: str
    context: str
    user: _Person
    owner: _Person | None = None
    account_uuid: str | None = None


_header = msgspec.json.Decoder(_Header)
_payload = msgspec.json.Decoder(_Payload)
_token_answer = msgspec.json.Decoder(_TokenAnswer)


def exchange_code(
    *,
    client_id: str,
    client_secret: str,
    code: str,
    context: str,
    scope: str,
    redirect_uri: str,
    login_url: str = LOGIN_URL,
) -> Grant:
    """Turn the code of an installation into a token. Works once per code; a repeat is refused.

    Raises Unauthorized if BigCommerce refuses the code or our client secret, PlatformDown if it gave no usable answer
    (then the merchant has to install again).
    Source: auth.mdx, POST https://login.bigcommerce.com/oauth2/token.
    """
    body = {
        "client_id": client_id,
        "client_secret": client_secret,
        "code": code,
        "context": context,
        "scope": scope,
        "grant_type": "authorization_code",
        "redirect_uri": redirect_uri,
    }
    with http.client(login_url, headers={"accept": "application/json"}) as session:
        request = session.build_request("POST", "/oauth2/token", json=body)
        answer = http.send(session, request, platform=answers.PLATFORM, repeatable=False)
    if 400 <= answer.status < 500 and answer.status != 429:
        raise Unauthorized(answers.PLATFORM, f"the installation code was refused ({answer.status}).")
    answers.judge(
        answer.status,
        answer.headers,
        answer.body,
        content_type=answer.content_type,
        doing="installing",
        repeatable=False,
    )
    try:
        granted = wire.decode(_token_answer, answer.body)
    except (DocumentError, wire.NotAnAnswer) as error:
        raise PlatformDown(f"{answers.PLATFORM} answered without a token", outcome_unknown=True) from error
    store = _STORE.fullmatch(granted.context)
    if store is None:
        raise PlatformDown(f"{answers.PLATFORM} answered without a store", outcome_unknown=True)
    return Grant(
        store_hash=store[1],
        scopes=tuple(sorted(granted.scope.split())),
        user_id=granted.user.id,
        user_email=granted.user.email,
        owner_email=granted.owner.email if granted.owner else "",
        account_uuid=granted.account_uuid or "",
        access_token=granted.access_token,
    )


def verify_signed_payload(jwt: str, client_id: str, client_secrets: Sequence[str], now: datetime) -> Claims:
    """Who opened the app, if `jwt` (`signed_payload_jwt`) is BigCommerce's own and meant for us now.

    Only HS256 and HS512, with one of `client_secrets` (the present one, and an older one while it is being replaced);
    compares in constant time. Half a minute of clock difference is forgiven. Raises NotGenuine.
    The same token may come again: a reload of the page re-sends it.
    """
    head, _, rest = jwt.partition(".")
    middle, _, signature = rest.partition(".")
    if len(jwt) > _LONGEST or not jwt.isascii() or not (head and middle and signature):
        raise NotGenuine("not a signed payload")
    try:
        algorithm = _HASHES.get(wire.decode(_header, _decoded(head)).alg)
    except (DocumentError, wire.NotAnAnswer) as error:
        raise NotGenuine("its header cannot be read") from error
    if algorithm is None:
        raise NotGenuine("not signed with an algorithm that BigCommerce uses")
    signed = f"{head}.{middle}".encode()
    expected = [_encoded(hmac.digest(secret.encode(), signed, algorithm)) for secret in client_secrets if secret]
    if not any(hmac.compare_digest(signature.encode(), text) for text in expected):
        raise NotGenuine("the signature is not BigCommerce's")
    try:
        payload = wire.decode(_payload, _decoded(middle))
    except (DocumentError, wire.NotAnAnswer) as error:
        raise NotGenuine(f"its claims cannot be read: {error}") from error
    return _claims(payload, client_id, now.timestamp())


def _claims(payload: _Payload, client_id: str, now: float) -> Claims:
    if not client_id or not hmac.compare_digest(payload.aud.encode(), client_id.encode()):
        raise NotGenuine("meant for another app")
    if payload.iss != "bc":
        raise NotGenuine("not issued by BigCommerce")
    if payload.exp + _LEEWAY_SECONDS <= now:
        raise NotGenuine("expired")
    if payload.nbf is not None and payload.nbf - _LEEWAY_SECONDS > now:
        raise NotGenuine("not valid yet")
    store = _STORE.fullmatch(payload.sub)
    if store is None:
        raise NotGenuine("names no store")
    try:
        issued_at = datetime.fromtimestamp(payload.iat, UTC)
    except (OverflowError, ValueError) as error:
        raise NotGenuine("issued at no time") from error
    return Claims(
        store_hash=store[1],
        user_id=payload.user.id,
        user_email=payload.user.email,
        owner_id=payload.owner.id,
        owner_email=payload.owner.email,
        url=payload.url or "/",
        locale=payload.user.locale,
        channel_id=payload.channel_id,
        token_id=payload.jti or "",
        issued_at=issued_at,
    )


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise NotGenuine("not base64") from error


def _encoded(digest: bytes) -> bytes:
    return base64.urlsafe_b64encode(digest).rstrip(b"=")
