"""A client of the control API: it drives a sandbox that runs, over a socket or inside the caller's process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import httpx2

_TIMEOUT: Final = httpx2.Timeout(120, read=3600)
"""A jump of the clock answers when all that falls into it has happened: thousands of reviews and their webhooks."""


class ControlError(Exception):
    """The sandbox did not do what it was asked, in its own words. `field` names the argument that was wrong, if any."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


class ControlClient:
    """The control API of the sandbox at `address`: clock, actions of people and shoppers, effects, calls.

    With `transport=SandboxTransport(sandbox.site)` it drives a sandbox of the same process. Every method raises
    ControlError if the sandbox refuses or does not answer.
    """

    def __init__(self, address: str, *, transport: httpx2.BaseTransport | None = None) -> None:
        self.address = address
        self._http = httpx2.Client(base_url=address, timeout=_TIMEOUT, transport=transport)

    # -- what people do ----------------------------------------------------------------------------------------

    def act(self, action: str, /, **arguments: Any) -> Any:
        """Do what a person or a shopper does, by the action's name. Returns the action's own result."""
        return self.post(f"actions/{action}", **arguments)["result"]

    # -- time --------------------------------------------------------------------------------------------------

    def clock(self) -> dict[str, Any]:
        """What time it is in there (`now`, in Unix seconds), how fast it passes, when the next timed job is due."""
        clock: dict[str, Any] = self.get("clock")
        return clock

    def advance(self, seconds: float, *, stride: float = 0) -> None:
        """Let time pass, with everything due at its own time; within `stride` seconds, things happen together."""
        self.post("clock", advance=seconds, stride=stride)

    def set_latency(self, seconds: float, *, spread: float = 0) -> None:
        """Have every answer of the platforms take so long, and by chance up to `spread` longer."""
        self.post("latency", seconds=seconds, spread=spread)

    # -- what happened -----------------------------------------------------------------------------------------

    def effects(self, *, since: int = 0, **only: str) -> Iterator[dict[str, Any]]:
        """All that was really changed on the platforms after the effect of this number, the oldest first.

        `only` names what must be equal: platform, tenant, kind, key; or a part of the cause.
        """
        while page := self.get("effects", since=since, limit=1000, **only)["effects"]:
            yield from page
            since = page[-1]["seq"]

    def calls(self, platform: str = "") -> list[dict[str, Any]]:
        """Calls counted by path, of one platform or of all; those for files that the sandbox serves are left out."""
        return [
            row
            for row in self.get("calls")["calls"]
            if platform in ("", row["platform"]) and not _FILES.search(row["path"])
        ]

    def count_calls(self, platform: str) -> int:
        """How many calls a platform got since `forget_calls`."""
        return sum(row["count"] for row in self.calls(platform))

    def forget_calls(self) -> None:
        """Begin counting anew."""
        self.delete("calls")

    # -- snapshots ---------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """The whole world, for `restore` or for `--snapshot` of another sandbox."""
        self.post("snapshot", name=_CARRIED)
        data = self._request("GET", f"snapshot/{_CARRIED}").content
        self.delete(f"snapshot/{_CARRIED}")
        return data

    def restore(self, data: bytes) -> None:
        """Replace the whole world by that of a snapshot."""
        self._request("PUT", f"snapshot/{_CARRIED}", content=data)
        try:
            self.post("restore", name=_CARRIED)
        finally:
            self.delete(f"snapshot/{_CARRIED}")

    # -- any page of it ----------------------------------------------------------------------------------------

    def get(self, path: str, /, **query: Any) -> Any:
        """A page of the control API, such as `state`, as JSON."""
        return self._request("GET", path, params=query).json()

    def post(self, path: str, /, **body: Any) -> Any:
        """Tell a page of the control API something; its answer as JSON."""
        return self._request("POST", path, json=body).json()

    def delete(self, path: str, /) -> None:
        """Take back what a page of the control API keeps."""
        self._request("DELETE", path)

    def is_up(self) -> bool:
        """Whether a sandbox answers at this address."""
        try:
            self.clock()
        except ControlError:
            return False
        return True

    def _request(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        try:
            answer = self._http.request(method, f"/_sandbox/{path}", **sent)
        except httpx2.HTTPError as error:
            raise ControlError(f"No sandbox answers at {self.address}: {error}") from error
        if answer.status_code < 400:
            return answer
        try:
            told = answer.json()
            raise ControlError(told["error"], told.get("field", ""))
        except (ValueError, KeyError, TypeError) as other:
            raise ControlError(f"{self.address} is no sandbox: it answered {answer.status_code}") from other


_FILES: Final = re.compile(r"/_(bigcommerce|tiktok)/")
_CARRIED: Final = "carried by a client"
"""The name of a snapshot while it is carried in or out."""
