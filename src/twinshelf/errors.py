"""What can go wrong, sorted by what happens next. Imports nothing of ours.

`Transient`: the engine tries again by itself. `NeedsPerson`: it becomes a problem with a remedy. Anything else is a
bug and stops the run. Errors carry their facts as attributes and never name a token, a buyer or an address.
"""

from __future__ import annotations


class TwinshelfError(Exception):
    """Base of every error we raise on purpose."""


class DocumentError(TwinshelfError):
    """A document cannot be read: `field` says where, `reason` what is wrong there."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field}: {reason}")


class NotGenuine(TwinshelfError):
    """A message that claims to be from a platform does not prove it. Says why for the log, never for the sender."""


class OutOfTime(NotGenuine):
    """Genuine but for its time, which is not now: it was caught and sent again, or our own clock is wrong."""


class Transient(TwinshelfError):
    """Nothing is wrong with what we asked: ask again, not before `wait_seconds`.

    `outcome_unknown` is True when the call may have taken effect although no answer arrived. `exact` says that
    `wait_seconds` is a rule's own time and no back-off may lengthen it.
    """

    def __init__(
        self, message: str, *, wait_seconds: float = 0.0, outcome_unknown: bool = False, exact: bool = False
    ) -> None:
        self.wait_seconds, self.outcome_unknown, self.exact = wait_seconds, outcome_unknown, exact
        super().__init__(message)


class OutOfBudget(Transient):
    """The share of a platform's quota that this work may spend is used up until `wait_seconds` have passed."""

    def __init__(self, platform: str, wait_seconds: float) -> None:
        self.platform = platform
        super().__init__(f"{platform}: no calls left for {wait_seconds:.1f} s", wait_seconds=wait_seconds)


class Throttled(Transient):
    """The platform itself refused the call for being one too many."""


class TakenOver(Transient):
    """This work must not be sent any more: another worker has it, or its plan has aged. Nothing was sent."""


class PlatformDown(Transient):
    """No usable answer: connection failed or cut, time-out, 5xx, or something that is not the platform's JSON."""


class NeedsPerson(TwinshelfError):
    """Only a person can put it right. `code` is of the table in `messages`, which makes its text of the `facts`."""

    def __init__(self, code: str, /, **facts: object) -> None:
        self.code = code
        self.facts = {name: str(fact) for name, fact in facts.items()}
        super().__init__(code)

    def __str__(self) -> str:
        """For logs and tracebacks; what people read is `messages.text`."""
        return " ".join([self.code, *(f"{name}={fact!r}" for name, fact in self.facts.items())])


class Unauthorized(NeedsPerson):
    """The platform no longer accepts our credentials, and refreshing them did not help."""

    def __init__(self, platform: str, answer: str) -> None:
        self.platform = platform
        super().__init__("E-CON-AUTH", platform=platform, answer=answer)


class ScopeMissing(NeedsPerson):
    """The credentials are good but do not cover this operation."""

    def __init__(self, platform: str, operation: str) -> None:
        self.platform, self.operation = platform, operation
        super().__init__("E-CON-SCOPE", platform=platform, operation=operation)


class WrongStore(NeedsPerson):
    """The credentials are good, and of another store than the one that was named. `theirs`: "" where it is not told."""

    def __init__(self, theirs: str, ours: str) -> None:
        super().__init__("E-CON-STORE", theirs=f"store {theirs}" if theirs else "another store", ours=ours)


class Refused(NeedsPerson):
    """The platform understood the call and said no. Repeating it unchanged is useless.

    `answer` is in the platform's own words, `platform_code` its own code (TikTok Shop) or HTTP status (BigCommerce),
    `fields` what it named. Facts: `platform`, `answer`, and where known `number`, `request` and `items`.
    """

    def __init__(
        self,
        platform: str,
        answer: str,
        *,
        platform_code: int,
        request_id: str = "",
        fields: tuple[tuple[str, str], ...] = (),
        code: str = "E-PLATFORM",
        items: str = "",
    ) -> None:
        self.platform, self.platform_code = platform, platform_code
        self.request_id, self.fields, self.platform_message = request_id, fields, answer
        known = {"number": str(platform_code or ""), "request": request_id, "items": items}
        given = {name: fact for name, fact in known.items() if fact}
        super().__init__(code, platform=platform, answer=answer, **given)

    @property
    def permanent(self) -> bool:
        """Whether the same call will be refused again until somebody changes what it says, so that no retry helps.

        So it is where the platform names a field of the call; not where stock or a state may change by itself.
        """
        return bool(self.fields)


class NotFound(Refused):
    """The platform has no such object (any more)."""


class OutOfStock(Refused):
    """BigCommerce refuses the order: some lines exceed what it has."""

    @property
    def permanent(self) -> bool:
        """False: stock comes back."""
        return False


class GoneFromStore(Refused):
    """The store has a product or variant of the order no more: our last reading of it is too old."""
