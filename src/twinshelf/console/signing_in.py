"""Signing in: how often passwords may be guessed, and what messages about it link to. allauth's adapter."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from allauth.account import signals as accounts
from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from allauth.mfa import signals as mfa
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core import signing
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from twinshelf.accounts import security
from twinshelf.accounts.actors import NOBODY
from twinshelf.accounts.security import SECOND_STEP, Event
from twinshelf.kit.secrets import seal, unseal

if TYPE_CHECKING:
    from twinshelf.accounts.models import User

_LOG = logging.getLogger(__name__)
DEVICE_COOKIE: Final = "device"
_SALT: Final = "twinshelf.device"
_YEAR: Final = 365 * 86_400


@dataclass(frozen=True)
class _Here:
    """This installation as messages name it. They never take its address from a request, which anybody can write."""

    domain: str
    name: str = "Twinshelf"


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """As allauth's own, but for the limits on guessing and for the addresses in messages.

    Failures count by email address together with where they come from, so that a stranger does not lock anybody out;
    those of an address from everywhere have a wider limit. A browser that somebody has signed in with before is counted
    by itself, for that address alone: no stranger's failures stop it.
    """

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raise a validation error once there were too many failures. What succeeds is given back afterwards."""
        email = str(credentials.get("email") or "").lower()
        device = _device(request, email)
        limits = (
            [("login_failed_device", f"{email} {device}")]
            if device
            else [
                ("login_failed", self._get_login_attempts_cache_key(request, **credentials)),
                ("login_failed_all", email),
            ]
        )
        taken: list[Any] = []
        for action, key in limits:
            usage = ratelimit.consume(request, app="allauth.account", action=action, key=key)
            if not usage:
                raise self.validation_error("too_many_login_attempts")
            taken += usage.usage
        self._login_failed_rl_usage = ratelimit.RateLimitUsage(taken)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note it in the security log of whoever has the address; the limits above bound how often."""
        security.note_failure(str(credentials.get("email") or ""), where=ratelimit.get_ip(request))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        email = str(credentials.get("email") or "").lower()
        return f"{email} {ratelimit.get_ip(request)}"

    def post_login(self, request: HttpRequest, user: Any, **how: Any) -> HttpResponse:
        """Know the browser again from now on."""
        response: HttpResponse = super().post_login(request, user, **how)
        security.note(user, Event.SIGNED_IN, where=ratelimit.get_ip(request))
        email = user.email.lower()
        device = _device(request, email) or secrets.token_urlsafe(12)
        response.set_cookie(
            DEVICE_COOKIE, signing.dumps([email, device], salt=_SALT), max_age=_YEAR, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE, path=reverse("account_login"),
        )  # fmt: skip
        return response

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of a message that sets a new password, under the operator's own address."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return _at(path.replace("UID-KEY", key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:  # noqa: ARG002
        """The link that verifies an address, under the operator's own address."""
        return _at(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell who has an address that somebody tried to sign up with it."""
        links = {"login_url": _at(reverse("account_login")), "reset_url": _at(reverse("account_reset_password"))}
        self.send_mail("account/email/account_already_exists", email, links)

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """As allauth does, and on record for the owner of the account."""
        security.note(user, Event.RESET_ASKED, where=ratelimit.get_ip(self.request), by=NOBODY)
        super().send_password_reset_mail(user, email, context)

    def send_notification_mail(self, *args: Any, **named: Any) -> None:
        """Tell a person what became of their sign-in; a mail server that fails undoes nothing."""
        with _whatever_the_mail_server_does():
            super().send_notification_mail(*args, **named)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A message of ours, which names the operator's own address."""
        super().send_mail(template_prefix, email, {**context, "current_site": _Here(settings.OPERATOR.base_url)})

    def format_email_subject(self, subject: str) -> str:
        """The subject, with our name before it."""
        return f"Twinshelf: {subject}"


class SecondSteps(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """As allauth's own, but secrets of apps and codes are sealed as every credential is."""

    def encrypt(self, text: str) -> str:
        """Fit for the database."""
        return seal(text, bound_to=SECOND_STEP)

    def decrypt(self, encrypted_text: str) -> str:
        """What it was."""
        return unseal(encrypted_text, bound_to=SECOND_STEP)

    def get_totp_issuer(self) -> str:
        """How an app calls us: a phone may have codes of several installations."""
        return f"Twinshelf ({urlsplit(settings.OPERATOR.base_url).hostname})"


_NOTED: Final = {
    accounts.password_changed: Event.PASSWORD_CHANGED,
    accounts.password_set: Event.PASSWORD_CHANGED,
    accounts.password_reset: Event.PASSWORD_RESET,
    mfa.authenticator_added: Event.FACTOR_ADDED,
    mfa.authenticator_removed: Event.FACTOR_REMOVED,
    mfa.authenticator_reset: Event.CODES_RENEWED,
    mfa.authentication_failed: Event.SIGN_IN_FAILED,
}
"""What allauth tells, as the security log calls it."""


def _note(signal: Signal, request: HttpRequest, user: User, **facts: Any) -> None:
    kind = getattr(facts.get("authenticator"), "type", "")
    if kind != "recovery_codes" or signal is mfa.authenticator_reset:  # codes come and go with what they stand in for
        words = {"totp": "authenticator app", "webauthn": "key"}
        by = NOBODY if signal is mfa.authentication_failed else None
        security.note(user, _NOTED[signal], where=ratelimit.get_ip(request), detail=words.get(kind, ""), by=by)


for _signal in _NOTED:
    _signal.connect(_note, dispatch_uid="twinshelf.security")


def addresses_are_verified() -> bool:
    """Whether nobody signs in before they opened the link sent to their address."""
    return bool(settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory")


def ask_to_verify(request: HttpRequest, user: User) -> None:
    """Send the link that verifies an address, where email is sent; a mail server that fails stops nobody."""
    address, _new = EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})
    if settings.SENDS_EMAIL:
        with _whatever_the_mail_server_does():
            address.send_confirmation(request, signup=True)


def tell_of_sign_up(request: HttpRequest, email: str) -> None:
    """Tell whoever has an address that somebody tried to sign up with it; not again within some minutes."""
    if ratelimit.consume(request, app="allauth.account", action="confirm_email", key=f"signup {email}"):
        with _whatever_the_mail_server_does():
            get_adapter(request).send_account_already_exists_mail(email)


@contextmanager
def _whatever_the_mail_server_does() -> Iterator[None]:
    try:
        yield
    except (OSError, SMTPException) as error:
        _LOG.warning("The mail server did not take a message: %s", type(error).__name__)


def _at(path: str) -> str:
    return str(settings.OPERATOR.base_url).rstrip("/") + path


def _device(request: HttpRequest, email: str) -> str:
    """Which browser this is, if somebody signed in with this address in it; else ""."""
    try:
        known, device = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt=_SALT, max_age=_YEAR)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(device) if known == email else ""
