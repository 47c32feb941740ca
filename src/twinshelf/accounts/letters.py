"""Messages to people about their place in an account. They hold names and a link, and nothing of shops or buyers."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.models import Membership
from twinshelf.accounts.people import INVITED_FOR, Invited, link_mailed

_LOG = logging.getLogger(__name__)


def deliver(invited: Invited, *, by: Actor) -> str:
    """Send an invitation to the address. Gives "" once the mail server has it, else the link, to be handed over.

    The link is handed over where the installation sends no email, or where its mail server does not take it.
    """
    membership, link = invited.membership, link_of(invited)
    if settings.SENDS_EMAIL and send(membership.user.email, _subject(membership), _text(membership, link, by)):
        if invited.token:
            link_mailed(membership, by=by)
        return ""
    return link


def link_of(invited: Invited) -> str:
    """Where the invitation is accepted, under the operator's own address; of who is in already, where to sign in."""
    path = reverse("join", args=[invited.token]) if invited.token else reverse("account_login")
    return settings.OPERATOR.base_url.rstrip("/") + path


def send(to: str, subject: str, text: str) -> bool:
    """Hand a message to the mail server; False where it does not take it, which is logged without the address."""
    try:
        EmailMessage(f"Twinshelf: {subject}", text, to=[to]).send()
    except (OSError, SMTPException) as error:
        _LOG.warning("The mail server did not take a message: %s", type(error).__name__)
        return False
    return True


def _subject(membership: Membership) -> str:
    return f"You are invited to {' '.join(str(membership.account).split())}"


def _text(membership: Membership, link: str, by: Actor) -> str:
    account = membership.account
    if membership.accepted_at is not None:
        return f"{by.name} has added you to {account} again, as {membership.role_name}.\n\nSign in: {link}\n"
    return (
        f"{by.name} invites you to {account} on Twinshelf, as {membership.role_name}.\n\n"
        f"Accept the invitation: {link}\n\n"
        f"The link works once, within {INVITED_FOR.days} days. If you expected no invitation, do nothing.\n"
    )
