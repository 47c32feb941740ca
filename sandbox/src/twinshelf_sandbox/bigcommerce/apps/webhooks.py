"""Webhooks of the BigCommerce double: who asked for what, and the delivery with its signature, retries and block list.

Source: BigCommerce docs, reference/webhooks.v3.yml and integrations/webhooks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from twinshelf_sandbox.bigcommerce.apps.webhook_scopes import is_documented
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.responses import Json, data, encode, invalid, truth, v3_error
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.webhooks import Delivery, Outbox
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import World

routes = Routes()

RETRIES: Final = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)
"""Seconds to wait after each failed attempt; after the last the hook is switched off. 48 hours in all."""
MOST_PER_SCOPE: Final = 10
FIRST_HOOK: Final = 25_000_001
QUIET_SECONDS: Final = 90 * 86400
QUIET: Final = "no events for 90 days"
"""A hook without events for so long is switched off."""
WATCH_SECONDS, WATCH_FROM, WATCH_SHARE, BLOCK_SECONDS = 120, 100, 0.9, 180
"""The block list: from 100 requests in two minutes on, below 90 % success, three minutes of silence."""
EXCEPTION_SCOPE: Final = "store/hook/deliveryException"
WILL_RETRY, GIVEN_UP, BLOCKED = 90001, 90002, 90003
EXCEPTION_PAUSE: Final = 600

_SCOPE = re.compile(r"store/[A-Za-z]+(/[A-Za-z0-9_*]+)*/?")
_SHOWN: Final = (
    "id",
    "client_id",
    "store_hash",
    "scope",
    "destination",
    "headers",
    "is_active",
    "created_at",
    "updated_at",
)


# -- management -----------------------------------------------------------------------------------------------------


def _shown(hook: Json) -> Json:
    return {name: hook[name] for name in _SHOWN}


def _own(call: Call) -> list[Json]:
    """The hooks of the calling account: it sees no other's."""
    _rest(call.store)
    return [hook for hook in call.store.rows("hooks").values() if hook["client_id"] == call.client_id]


def _one(call: Call, hook_id: int) -> Json:
    _rest(call.store)
    hook = call.store.rows("hooks").get(hook_id)
    if hook is None or hook["client_id"] != call.client_id:
        raise v3_error(404, f"Webhook with id [{hook_id}] not found", short=True)
    return hook


def _checked(call: Call, body: Json, *, partial: bool) -> Json:
    errors: dict[str, str] = {}
    for name in ("scope", "destination"):
        if name not in body:
            if not partial:
                errors[name] = "error.path.missing"
        elif not isinstance(body[name], str):
            errors[name] = "error.expected.jsstring"
    if "is_active" in body and not isinstance(body["is_active"], bool):
        errors["is_active"] = "error.expected.jsboolean"
    headers = body.get("headers")
    if headers is not None and not (
        isinstance(headers, dict) and all(isinstance(value, str) for value in headers.values())
    ):
        errors["headers"] = "error.expected.jsobject"
    if errors:
        raise invalid(errors)
    if "scope" in body and not _is_scope(call.store, body["scope"]):
        raise invalid({"scope": "error.invalid.scope"})
    if "destination" in body and not _reachable(call.store.world, body["destination"]):
        raise invalid({"destination": "Destination must be a https URL on port 443"})
    return {name: body[name] for name in ("scope", "destination", "is_active", "headers") if name in body}


def _is_scope(store: Store, scope: str) -> bool:
    """Whether it is one of the documented list; of that form at least, where the switch says so."""
    return is_documented(scope) or (not store.switch("documented_scopes_only") and bool(_SCOPE.fullmatch(scope)))


def _reachable(world: World, url: str) -> bool:
    """Https on port 443 only, unless the sandbox was started to call local ports."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname:
        return False
    local = world.table("world").get("allow_local_hooks")
    if local is not None and local.get("value") and parts.scheme in {"http", "https"}:
        return True
    return parts.scheme == "https" and port in {None, 443}


def _crowded(call: Call, scope: str, destination: str, besides: int = 0) -> None:
    rest = [hook for hook in _own(call) if hook["id"] != besides]
    others = [hook for hook in rest if hook["scope"] == scope]
    # One exception hook per store and client, and to another destination than every other hook.
    if scope == EXCEPTION_SCOPE and (others or any(hook["destination"] == destination for hook in rest)):
        raise v3_error(
            call.store.switch("hook_duplicate_status"), f"{scope} needs a destination of its own, once", short=True
        )
    if any(hook["destination"] == destination for hook in others):
        raise v3_error(
            call.store.switch("hook_duplicate_status"), "A webhook with this scope and destination exists", short=True
        )
    if len(others) >= MOST_PER_SCOPE:
        raise v3_error(
            call.store.switch("hook_limit_status"), f"No more than {MOST_PER_SCOPE} webhooks per scope", short=True
        )


@routes.get("/v3/hooks")
def _list_hooks(call: Call) -> Response:
    query = call.query
    rows = [
        hook
        for hook in _own(call)
        if ("is_active" not in query or hook["is_active"] == truth(query["is_active"]))
        and query.get("scope", hook["scope"]) == hook["scope"]
        and query.get("destination", hook["destination"]) == hook["destination"]
    ]
    shown, meta = call.paged([_shown(hook) for hook in rows])
    return data(shown, meta)


@routes.post("/v3/hooks")
def _create_hook(call: Call) -> Response:
    body = _checked(call, call.object(), partial=False)
    _crowded(call, body["scope"], body["destination"])
    store = call.store
    hook_id = store.take("hooks", FIRST_HOOK)
    now = int(store.now)
    hook = {
        "id": hook_id,
        "client_id": call.client_id,
        "store_hash": store.hash,
        "scope": body["scope"],
        "destination": body["destination"],
        "headers": body.get("headers") or {},
        "is_active": body.get("is_active", True),
        "created_at": now,
        "updated_at": now,
        "fires_from": store.now + store.switch("hook_activation"),
        "deactivated": False,
        "last_event": now,
    }
    store.rows("hooks").put(hook_id, hook)
    store.hooks_cache = None
    store.effect(
        "hook_created", hook_id, scope=hook["scope"], destination=hook["destination"], client_id=call.client_id
    )
    return data(_shown(hook))


@routes.get("/v3/hooks/admin")
def _admin(call: Call) -> Response:
    store = call.store
    hooks = []
    for hook in _own(call):
        status = "active" if hook["is_active"] else "deactivated" if hook["deactivated"] else "inactive"
        if "is_active" not in call.query or hook["is_active"] == truth(call.query["is_active"]):
            hooks.append({**_shown(hook), "status": status})
    blocked = []
    for key, row in store.world.table("bc/blocklist").items():
        client, domain = str(key).split("|", 1)
        left = row["blocked_until"] - store.now
        if client == call.client_id and left > 0:
            reason = {
                "failure_description": "Success rate below 90 %",
                "count": row["failed"],
                "timestamp": int(row["from"]),
            }
            blocked.append({"destination": f"https://{domain}", "time_left": int(left), "reasons": [reason]})
    shown, meta = call.paged(hooks)
    emails = store.row["hook_emails"].get(call.client_id, [])
    return data({"emails": emails, "hooks_list": shown, "blocked_domains": blocked}, meta)


@routes.put("/v3/hooks/admin")
def _set_admin(call: Call) -> Response:
    body = call.object()
    emails = body.get("emails")
    if not isinstance(emails, list) or not all(isinstance(email, str) and "@" in email for email in emails):
        raise invalid({"emails": "error.path.missing" if emails is None else "error.expected.email"})
    call.store.update(hook_emails={**call.store.row["hook_emails"], call.client_id: emails})
    return Response(204)


@routes.get("/v3/hooks/{hook_id}")
def _get_hook(call: Call, hook_id: int) -> Response:
    return data(_shown(_one(call, hook_id)))


@routes.put("/v3/hooks/{hook_id}")
def _update_hook(call: Call, hook_id: int) -> Response:
    hook = _one(call, hook_id)
    body = _checked(call, call.object(), partial=True)
    if not body:
        raise invalid({"obj": "error.minProperties"})
    scope, destination = str(body.get("scope", hook["scope"])), str(body.get("destination", hook["destination"]))
    if (scope, destination) != (hook["scope"], hook["destination"]):
        _crowded(call, scope, destination, besides=hook_id)
    hook.update(body)
    hook["updated_at"] = hook["last_event"] = int(call.store.now)
    if hook["is_active"]:
        hook["deactivated"] = False
    call.store.rows("hooks").put(hook_id, hook)
    call.store.hooks_cache = None
    call.store.effect("hook_updated", hook_id, scope=scope, is_active=hook["is_active"])
    return data(_shown(hook))


@routes.delete("/v3/hooks/{hook_id}")
def _delete_hook(call: Call, hook_id: int) -> Response:
    hook = _one(call, hook_id)
    remove(call.store, hook_id)
    return data(_shown(hook))


def remove(store: Store, hook_id: int) -> None:
    """Take a hook away, by its owner or because its account went."""
    hook = store.rows("hooks").get(hook_id)
    store.rows("hooks").delete(hook_id)
    store.hooks_cache = None
    if hook is not None:
        store.effect("hook_deleted", hook_id, scope=hook["scope"])


def _rest(store: Store) -> None:
    """Switch off the hooks that had no event for too long, so that who looks sees it."""
    for hook in list(store.rows("hooks").table.values()):
        if hook["is_active"] and store.now - hook["last_event"] > QUIET_SECONDS:
            _deactivate(store, hook["id"], QUIET)


def _deactivate(store: Store, hook_id: int, why: str) -> None:
    hook = store.rows("hooks")[hook_id]
    store.rows("hooks").put(hook_id, {**hook, "is_active": False, "deactivated": True, "updated_at": int(store.now)})
    store.hooks_cache = None
    emails = store.row["hook_emails"].get(hook["client_id"], [])
    store.effect("hook_deactivated", hook_id, scope=hook["scope"], why=why, emails=emails)


# -- delivery -------------------------------------------------------------------------------------------------------


def payload(store: Store, scope: str, content: Any) -> bytes:
    """The body of a webhook. `hash` is SHA-1 over the rest, without any key: the same event has the same one."""
    body: Json = {
        "producer": f"stores/{store.hash}",
        "created_at": int(store.now),
        "store_id": str(store.row["store_id"]),
        "scope": scope,
        "data": content,
    }
    digest = hashlib.sha1(encode(body), usedforsecurity=False).hexdigest()
    return encode({"producer": body.pop("producer"), "hash": digest, **body})


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,…` by Standard Webhooks; the library is given base64(client_secret), so the key is the secret's own bytes."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def _matches(pattern: str, scope: str) -> bool:
    if pattern.rstrip("/") == scope.rstrip("/"):
        return True
    return pattern.endswith("/*") and scope.startswith(pattern[:-1])


class Hooks:
    """Delivery for all stores of one world."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        self._world, self._outbox = world, outbox
        self.store_of: Any = lambda _hash: None
        outbox.on_result["bigcommerce"] = self.result
        outbox.sign["bigcommerce"] = self.sign
        outbox.held["bigcommerce"] = self.held

    def fire(self, store: Store, scope: str, content: Any) -> None:
        """Send an event to every active hook that asked for its scope."""
        if store.bulk:
            return
        if store.hooks_cache is None:
            store.hooks_cache = list(store.rows("hooks").table.values())
        if scope.startswith("store/priceList") and store.switch("trailing_slash_scopes"):
            scope = scope.rstrip("/") + "/"
        body: bytes | None = None
        for hook in store.hooks_cache:
            if not hook["is_active"] or not _matches(hook["scope"], scope) or store.now < hook["fires_from"]:
                continue
            if self._fell_asleep(store, hook):
                continue
            body = body or payload(store, scope, content)
            self._send(store, hook, scope, body)

    def _fell_asleep(self, store: Store, hook: Json) -> bool:
        quiet = store.now - hook["last_event"]
        if quiet > QUIET_SECONDS:
            _deactivate(store, hook["id"], QUIET)
            return True
        if quiet > 86400:
            store.rows("hooks").put(hook["id"], {**hook, "last_event": int(store.now)})
            store.hooks_cache = None
        return False

    def _send(self, store: Store, hook: Json, scope: str, body: bytes) -> None:
        due = store.now + store.between("hook_spread")
        attempt = 1
        blocked = self._blocked_until(hook["client_id"], hook["destination"])
        if blocked > due:  # an event for a blocked domain goes to the retry queue at once
            due, attempt = max(due + RETRIES[0], blocked), 2
        message = f"msg_{uuid.UUID(int=self._world.rng.getrandbits(128)).hex}"
        context = {"hook": hook["id"], "id": message, "client_id": hook["client_id"]}
        self._post(store, hook, scope, body, context=context, due=due, attempt=attempt)

    def _post(
        self, store: Store, hook: Json, scope: str, body: bytes, *, context: Mapping[str, Any], due: float, attempt: int
    ) -> None:
        self._outbox.post(
            platform="bigcommerce",
            tenant=store.hash,
            topic=scope,
            url=hook["destination"],
            headers={"content-type": "application/json", "accept": "*/*", **hook["headers"]},
            body=body,
            due=due,
            attempt=attempt,
            timeout_seconds=float(store.switch("hook_timeout")),
            context=context,
        )

    def held(self, tenant: str, context: Mapping[str, Any]) -> float:
        """Until when a delivery that is due has to wait: its domain may have been blocked since it was planned."""
        hook = self._world.table(f"bc/{tenant}/hooks").get(context["hook"])
        return 0.0 if hook is None else self._blocked_until(hook["client_id"], hook["destination"])

    def sign(self, delivery: Delivery) -> dict[str, str]:
        """The signature headers of one attempt, of the moment it leaves. That an app was uninstalled is signed too."""
        with self._world.lock:
            client_id = delivery.context["client_id"]
            account = self._world.table(f"bc/{delivery.tenant}/accounts").get(client_id) or self._world.table(
                f"bc/{delivery.tenant}/closed_accounts"
            ).get(client_id)
            timestamp = int(self._world.clock.now())
        if account is None:
            return {}
        message_id = delivery.context["id"]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(account["client_secret"], message_id, timestamp, delivery.body),
        }

    def result(self, delivery: Delivery, status: int) -> None:
        """Only 2xx is success. A failure climbs the ladder; after its last step the hook is switched off."""
        store = self.store_of(delivery.tenant)
        if store is None:
            return
        hook = store.rows("hooks").get(delivery.context["hook"])
        if hook is None:
            return
        good = 200 <= status < 300
        blocked = self._watch(store, hook, good=good)
        if good or not hook["is_active"]:
            return
        if delivery.attempt > len(RETRIES):
            _deactivate(store, hook["id"], f"no success in {len(RETRIES)} retries, last answer {status}")
            self._exception(store, hook, GIVEN_UP, delivery)
            return
        due = max(store.now + RETRIES[delivery.attempt - 1], blocked)
        again = {"context": delivery.context, "due": due, "attempt": delivery.attempt + 1}
        self._post(store, hook, delivery.topic, delivery.body, **again)
        self._exception(store, hook, WILL_RETRY, delivery)

    # -- the block list ---------------------------------------------------------------------------------------------

    def _blocked_until(self, client_id: str, destination: str) -> float:
        row = self._world.table("bc/blocklist").get(f"{client_id}|{urlsplit(destination).hostname}")
        return 0.0 if row is None else float(row["blocked_until"])

    def _watch(self, store: Store, hook: Json, *, good: bool) -> float:
        """Count one answer of a domain; returns until when it is blocked."""
        key = f"{hook['client_id']}|{urlsplit(hook['destination']).hostname}"
        table, now = self._world.table("bc/blocklist"), store.now
        row = table.get(key)
        if row is None or now - row["from"] > WATCH_SECONDS:
            row = {"from": now, "total": 0, "failed": 0, "blocked_until": 0.0 if row is None else row["blocked_until"]}
        row["total"] += 1
        row["failed"] += not good
        if (
            row["total"] >= WATCH_FROM
            and 1 - row["failed"] / row["total"] < WATCH_SHARE
            and row["blocked_until"] <= now
        ):
            row["blocked_until"] = now + BLOCK_SECONDS
            store.effect(
                "hook_domain_blocked", key, until=row["blocked_until"], failed=row["failed"], total=row["total"]
            )
            table.put(key, row)
            self._exception(store, hook, BLOCKED, None)
        table.put(key, row)
        return float(row["blocked_until"])

    def _exception(self, store: Store, hook: Json, code: int, delivery: Delivery | None) -> None:
        """Tell the account's `store/hook/deliveryException` hook, which is never told about itself."""
        if hook["scope"] == EXCEPTION_SCOPE:
            return
        told = self._world.table(f"bc/{store.hash}/hook_exceptions")
        key = f"{hook['client_id']}|{code}"
        last = told.get(key)
        if code == WILL_RETRY and last is not None and store.now - last["at"] < EXCEPTION_PAUSE:
            return
        told.put(key, {"at": store.now})
        text = {WILL_RETRY: "delivery failed, will retry", GIVEN_UP: "delivery given up, hook deactivated",
                BLOCKED: "domain blocked"}[code]  # fmt: skip
        content = {
            "type": "hook",
            "id": hook["id"],
            "hook_id": hook["id"],
            "scope": hook["scope"],
            "destination": hook["destination"],
            "code": code,
            "error": text,
        }
        if delivery is not None:
            content["attempt"] = delivery.attempt
        body = payload(store, EXCEPTION_SCOPE, content)
        for other in store.rows("hooks").values():
            if other["is_active"] and other["scope"] == EXCEPTION_SCOPE and other["client_id"] == hook["client_id"]:
                self._send(store, other, EXCEPTION_SCOPE, body)
