"""The gateway in front of every API call: signature, token, shop, scope and rate limit in the platform's order.

Order of checks: path, app key, timestamp, signature, token, cipher, scope, shop state, rate limit, then the operation.
Source: `docs/platforms/tiktok-shop.md` sections 2 to 6 and 21.1.
"""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

import msgspec

from twinshelf_sandbox.tiktok.errors import HTTP_STATUS, ApiError
from twinshelf_sandbox.tiktok.not_doubled import not_doubled
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.wire import Request, Response, Router
from twinshelf_sandbox.world import Entity

T = TypeVar("T")

_UNSIGNED: Final = ("sign", "access_token")
_LATE_SECONDS: Final = 300
_EARLY_SECONDS: Final = 30
_MULTIPART: Final = "multipart/form-data"
_LARGEST_UPLOAD: Final = 110 * 1024 * 1024
"""More than the largest file, a video of 100 MB, with what a form puts around it."""


def sign(secret: str, path: str, query: Iterable[tuple[str, str]], body: bytes, content_type: str = "") -> str:
    """The signature of a call: hex HMAC-SHA256 over path, sorted decoded query and body, wrapped in the secret.

    Source: "Sign your API request". A multipart body is left out.
    """
    pairs = "".join(f"{key}{value}" for key, value in sorted(query, key=lambda p: p[0]) if key not in _UNSIGNED)
    signed_body = b"" if content_type.lower().startswith(_MULTIPART) else body
    text = f"{secret}{path}{pairs}".encode() + signed_body + secret.encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def sign_webhook(app_key: str, secret: str, body: bytes) -> str:
    """The `Authorization` header of a webhook: hex HMAC-SHA256 of app key and raw body."""
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()


class Call:
    """One accepted call on its way to an operation: who calls, for which shop, with what."""

    def __init__(
        self, platform: Platform, request: Request, endpoint: Endpoint, path_values: Mapping[str, str]
    ) -> None:
        self.platform, self.request, self.endpoint = platform, request, endpoint
        self.params, self.path = request.query, path_values
        self.app_key = self.seller_id = ""
        self.app: Entity = {}
        self.shop_or_none: Shop | None = None

    @property
    def shop(self) -> Shop:
        """The shop that `shop_cipher` names."""
        if self.shop_or_none is None:
            raise RuntimeError("an operation without shop_cipher asked for its shop")
        return self.shop_or_none

    @cached_property
    def now(self) -> int:
        """Seconds of the sandbox's clock."""
        return self.platform.now

    def switch(self, name: str) -> Any:
        """A switch of the call's shop, or of all shops for calls without one."""
        return self.platform.switch(name) if self.shop_or_none is None else self.shop_or_none.switch(name)

    def body(self, kind: type[T]) -> T:
        """The JSON body as `kind`. Raises the operation's own code for bad input, naming the field."""
        raw = self.request.body
        try:
            body = msgspec.json.decode(raw or b"{}", type=kind)
            msgspec.msgpack.encode(body)  # no number may be wider than the 64 bits that tables can keep
        except (msgspec.ValidationError, OverflowError) as error:
            raise ApiError(self.endpoint.bad_input, f"Invalid parameters: {error}") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ApiError(36009022) from error
        return body

    def bad(self, text: str) -> ApiError:
        """The operation's code for bad input, with `text`."""
        return ApiError(self.endpoint.bad_input, f"Invalid parameters: {text}")

    def integer(self, name: str, low: int, high: int, default: int | None, *, code: int = 0) -> int:
        """A whole number from the query. `default` None means that it must be given."""
        text = self.params.get(name, "")
        if not text and default is not None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 18 or not low <= int(text) <= high:
            raise ApiError(code or self.endpoint.bad_input, f"Invalid parameters: `{name}` must be {low} to {high}.")
        return int(text)

    def flag(self, name: str) -> bool:
        """A query parameter that means yes."""
        return self.params.get(name, "").lower() in ("true", "1")

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of some words from the query; an empty `default` means that it must be given."""
        value = self.params.get(name) or default
        if value not in allowed:
            raise self.bad(f"`{name}` must be one of {', '.join(allowed)}")
        return value

    def listed(self, name: str) -> list[str]:
        """A list-valued query parameter: one comma-joined value. Of a repeated parameter the last one counts."""
        return [part for part in (p.strip() for p in self.params.get(name, "").split(",")) if part]

    def breaks(self, item: str, at: int) -> bool:
        """Whether a fault of kind `partial` breaks this item of a batch: those it names, or every second one."""
        fault = self.platform.faults.active
        if fault is None or fault.action != "partial":
            return False
        return item in fault.items if fault.items else at % 2 == 1

    def broken(self) -> ApiError:
        """What an entry is refused with when a fault breaks it."""
        fault = self.platform.faults.active
        return ApiError(
            (fault.code if fault is not None else 0) or 12052990, (fault.message if fault is not None else "") or ""
        )


Operation = Callable[[Call], Any]


@dataclass(frozen=True)
class Endpoint:
    """One operation at one or more versions. `{v}` in `path` stands for the version."""

    method: str
    path: str
    versions: tuple[str, ...]
    scope: str
    operation: Operation
    shop: bool = True
    bad_input: int = 36009004
    multipart: bool = False


class RateLimiter:
    """Calls per second for each app, shop and operation, in real time; over that, 429."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, str, str], float] = {}

    def wait(self, key: tuple[str, str, str], per_second: float) -> float:
        """0 if the call may go on, else the seconds until the next one may."""
        now = time.monotonic()
        due = max(self._next.get(key, 0.0), now)
        if due - now > 1.0 - 1e-9:
            return due - now - 1.0 + 1.0 / per_second
        self._next[key] = due + 1.0 / per_second
        return 0.0


class Gateway:
    """Finds the operation for a call, checks the call, runs the operation, wraps its result."""

    def __init__(self, platform: Platform, endpoints: Iterable[Endpoint]) -> None:
        self.platform = platform
        self.limiter = RateLimiter()
        self._routes = Router()
        self._versions: set[str] = set()
        self._hours: dict[str, tuple[int, int]] = {}
        self.endpoints = tuple(endpoints)
        for endpoint in self.endpoints:
            for version in endpoint.versions:
                self._versions.add(version)
                self._routes.add(endpoint.method, endpoint.path.replace("{v}", version), _Serve(self, endpoint))

    def find(self, method: str, path: str) -> Endpoint | None:
        """The operation at a path; None when there is none for the method."""
        found = self._routes.find(method, path)
        return found[0].endpoint if isinstance(found, tuple) and isinstance(found[0], _Serve) else None

    def answer(self, request: Request) -> Response:
        """The answer to a call, refusals included."""
        status = 200
        try:
            return self._checked(request)
        except ApiError as error:
            status = HTTP_STATUS.get(error.code, int(self.platform.switch("business_error_status")))
            return envelope(error.data or {}, error.code, error.message, status=status, headers=error.headers)

    def _checked(self, request: Request) -> Response:
        found = self._routes.find(request.method, request.path)
        if found is None and (what := not_doubled(request.path)):
            return envelope({}, 36009009, f"The sandbox does not double this: {what}.", status=501)
        if found is None:
            raise ApiError(36009014 if self._is_retired(request.path) else 36009009)
        if isinstance(found, frozenset):
            raise ApiError(36009010)
        serve, path_values = found
        return serve(request, path_values)

    def _is_retired(self, path: str) -> bool:
        """Whether `path` is an operation at a version older than all we know of it."""
        segments = path.split("/")
        if len(segments) < 4 or not segments[2].isdigit():
            return False
        known = []
        for version in self._versions:
            segments[2] = version
            if self._routes.find("GET", "/".join(segments)) is not None:
                known.append(version)
        return bool(known) and path.split("/")[2] < min(known)

    # -- the checks --------------------------------------------------------------------------------------------

    def serve(self, endpoint: Endpoint, request: Request, path_values: Mapping[str, str]) -> Response:
        """Check the call in the platform's order, then run the operation."""
        call = Call(self.platform, request, endpoint, path_values)
        self._check_app(call)
        self._check_time(call)
        self._check_signature(call)
        token = self._check_token(call)
        self._check_shop(call)
        if endpoint.scope and endpoint.scope not in token["scopes"]:
            raise ApiError(105005)
        self._check_state(call)
        self._check_rate(call)
        self._check_format(call)
        fault = self.platform.faults.active
        if fault is not None and fault.action == "revoke":
            self.revoke(call)
            raise ApiError(105002)
        if fault is not None and fault.action == "stale":
            with self.platform.history.as_of(fault.seconds or 60.0):
                result = endpoint.operation(call)
        else:
            with self.platform.world.savepoint():
                result = endpoint.operation(call)
        if isinstance(result, Response):
            return result
        return envelope(disturbed(result, call.switch))

    revoke: Callable[[Call], None] = staticmethod(lambda _call: None)
    """Ends the authorization behind a call; set by the double, which knows how."""

    def _check_app(self, call: Call) -> None:
        app = self.platform.apps.get(call.params.get("app_key", ""))
        if app is None or app["status"] != "ACTIVE":
            raise ApiError(36009004, "Invalid credentials. Invalid `app_key` query parameter.")
        call.app, call.app_key = app, call.params["app_key"]
        allowed = self.platform.switch("allowed_ips")
        if allowed and call.request.headers.get("x-forwarded-for", "") not in allowed:
            raise ApiError(36009033)

    def _check_time(self, call: Call) -> None:
        text = call.params.get("timestamp", "")
        if text.startswith("-"):
            raise ApiError(
                36009004, "Invalid timestamp. The value of the `timestamp` query parameter must not be lesser than 0."
            )
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise ApiError(36009004, "Invalid timestamp. The `timestamp` query parameter must be Unix seconds.")
        ahead = int(text) - self.platform.world.clock.now()
        if ahead < -_LATE_SECONDS:
            raise ApiError(
                36009004,
                "Invalid timestamp. The value of the `timestamp` query parameter must not be earlier than 5 minutes "
                "before the current time.",
            )
        if ahead > _EARLY_SECONDS:
            raise ApiError(
                36009004,
                "Invalid timestamp. The value of the `timestamp` query parameter must not exceed the current time by "
                "more than 30 seconds.",
            )

    def _check_signature(self, call: Call) -> None:
        given = call.params.get("sign", "")
        if not given:
            raise ApiError(
                36009004, "Missing credentials. The request does not include a required signature in the query."
            )
        request = call.request
        kind = request.headers.get("content-type", "")
        wanted = sign(call.app["app_secret"], request.path, request.query_pairs, request.body, kind)
        if hmac.compare_digest(wanted.encode(), given.encode()):
            return
        if request.body == b"{}" and self.platform.switch("unsigned_empty_object"):
            wanted = sign(call.app["app_secret"], request.path, request.query_pairs, b"", kind)
            if hmac.compare_digest(wanted.encode(), given.encode()):
                return
        raise ApiError(106001)

    def _check_token(self, call: Call) -> Entity:
        # A token in the query is tolerated; it is left out of the signature.
        given = call.request.headers.get("x-tts-access-token") or call.params.get("access_token", "")
        if not given or not given.isascii() or " " in given:
            raise ApiError(36009004, "Invalid credentials. The `x-tts-access-token` header is invalid.")
        token = self.platform.tokens.get(given)
        if token is None or token["expires"] <= self.platform.world.clock.now() or token["app_key"] != call.app_key:
            raise ApiError(105002)
        call.seller_id = token["seller_id"]
        return token

    def _check_shop(self, call: Call) -> None:
        version = call.params.get("version", "")
        if version and not (version.isdigit() and len(version) == 6):
            raise ApiError(36009004, "Invalid API version. The `version` query parameter is invalid.")
        if call.params.get("category_asset_cipher"):
            raise ApiError(
                36009004,
                "Unexpected identifier. The `category_asset_cipher` query parameter is not required for this request.",
            )
        cipher = call.params.get("shop_cipher", "")
        if not call.endpoint.shop:
            if cipher:
                raise ApiError(
                    36009004,
                    "Unexpected identifier. The `shop_cipher` query parameter is not required for this request.",
                )
            return
        if not cipher:
            raise ApiError(106013)
        found = self.platform.ciphers.get(cipher)
        if found is None:
            raise ApiError(101000)
        shop = self.platform.shop(found["shop_id"])
        if shop.seller_id != call.seller_id or self.platform.is_unbound(call.app_key, shop):
            raise ApiError(101000)
        shop_id = call.params.get("shop_id", "")
        if shop_id and shop_id != shop.id:
            raise ApiError(36009004, "Invalid identifier. The `shop_id` query parameter is invalid.")
        call.shop_or_none = shop

    def _check_state(self, call: Call) -> None:
        seller = self.platform.sellers[call.seller_id]
        if seller["status"] != "ACTIVE":
            raise ApiError(36009044)
        if call.shop_or_none is not None and call.shop.facts["status"] != "ACTIVE":
            raise ApiError(36009043)

    def _check_rate(self, call: Call) -> None:
        platform = self.platform
        owner = call.shop.id if call.shop_or_none is not None else call.seller_id
        limit = platform.switch_limit(call.shop_or_none, call.endpoint.path)
        fault = platform.faults.active
        wait = (
            self.limiter.wait((call.app_key, owner, f"{call.endpoint.method} {call.endpoint.path}"), limit)
            if limit
            else 0.0
        )
        if fault is not None and fault.action == "quota":
            wait = fault.seconds or 1.0
        if wait > 0:
            headers = {"retry-after": str(max(1, round(wait + 0.499)))} if call.switch("retry_after") else {}
            raise ApiError(36009002, headers=headers)
        if call.shop_or_none is not None and call.switch("development_shop"):
            hour = int(time.time() // 3600)
            at, used = self._hours.get(owner, (hour, 0))
            used = used + 1 if at == hour else 1
            self._hours[owner] = (hour, used)
            if used > 1000:
                raise ApiError(36009037)
        share = call.switch("unavailable_share")
        if share and platform.world.rng.random() < share:
            raise _Unavailable
        share = call.switch("internal_error_share")
        if share and platform.world.rng.random() < share:
            raise ApiError(36009003)

    def _check_format(self, call: Call) -> None:
        request, endpoint = call.request, call.endpoint
        kind = request.headers.get("content-type", "").lower()
        if endpoint.multipart:
            if not kind.startswith(_MULTIPART):
                raise ApiError(36009023)
            if len(request.body) > _LARGEST_UPLOAD:
                raise ApiError(36009021)
        elif request.body and not kind.startswith("application/json"):
            raise ApiError(36009022)


def disturbed(data: Any, switch: Callable[[str], Any]) -> Any:
    """What is answered or told, with unknown fields, unknown values and nulls where switches ask for them."""
    extra, odd, null = switch("extra_fields"), switch("odd_values"), switch("null_fields")
    if not (extra or odd or null):
        return data

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            changed = {k: None if k in null else odd[k] if k in odd else walk(v) for k, v in value.items()}
            if extra:
                changed["unannounced_field"] = {"since": "tomorrow", "values": [1, "two", None]}
            return changed
        return [walk(entry) for entry in value] if isinstance(value, list) else value

    return walk(data)


class _Unavailable(Exception):
    """The platform protects itself from overload: a bare 503."""


class _Serve:
    """An endpoint as the router calls it."""

    def __init__(self, gateway: Gateway, endpoint: Endpoint) -> None:
        self._gateway, self.endpoint = gateway, endpoint

    def __call__(self, request: Request, path_values: Mapping[str, str]) -> Response:
        try:
            return self._gateway.serve(self.endpoint, request, path_values)
        except _Unavailable:
            return Response(503, b"", {"content-type": "text/plain"})


def request_id(platform_time: float | None = None) -> str:
    """34 characters: the second and 20 hex digits, as the platform writes them."""
    at = time.gmtime(time.time() if platform_time is None else platform_time)
    return time.strftime("%Y%m%d%H%M%S", at) + uuid.uuid4().hex[:20].upper()


def envelope(
    data: Any, code: int = 0, message: str = "Success", *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The envelope that every reply of the API comes in."""
    body = {"code": code, "message": message, "request_id": request_id(), "data": {} if data is None else data}
    return Response.json(body, status, headers)


def multipart(request: Request) -> dict[str, bytes]:
    """The parts of a form by name; a file part also as `name.filename`. Raises ApiError for a broken form."""
    kind = request.headers.get("content-type", "")
    boundary = next(
        (p.split("=", 1)[1].strip().strip('"') for p in kind.split(";") if p.strip().lower().startswith("boundary=")),
        "",
    )
    if not boundary:
        raise ApiError(36009022)
    parts: dict[str, bytes] = {}
    for piece in request.body.split(b"--" + boundary.encode())[1:]:
        if piece.startswith(b"--"):
            return parts
        head, separator, content = piece.partition(b"\r\n\r\n")
        if not separator:
            raise ApiError(36009022)
        attributes = _disposition(head.decode("utf-8", "replace"))
        name = attributes.get("name", "")
        parts[name] = content.removesuffix(b"\r\n")
        if "filename" in attributes:
            parts[f"{name}.filename"] = attributes["filename"].encode()
    raise ApiError(36009022)


def _disposition(head: str) -> dict[str, str]:
    for line in head.splitlines():
        if line.lower().startswith("content-disposition:"):
            pairs = (p.strip().split("=", 1) for p in line.split(";")[1:] if "=" in p)
            return {key.strip().lower(): value.strip().strip('"') for key, value in pairs}
    return {}
