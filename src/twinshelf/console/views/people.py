"""Signing up, one's own settings, the theme, and which account to work in."""

from __future__ import annotations

from allauth.account.views import password_reset
from allauth.core import ratelimit
from allauth.core.internal import ratelimit as addresses
from allauth.usersessions.models import UserSession
from django.conf import settings as configured
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from twinshelf.accounts import actions, queries, security
from twinshelf.console import signing_in
from twinshelf.console.access import ConsoleRequest, Permission, may, needs
from twinshelf.console.context import KEYS_COOKIE, THEME_COOKIE
from twinshelf.console.forms import ProfileForm, SignUpForm
from twinshelf.console.views.answers import back
from twinshelf.console.views.preferences import settings_of_shops
from twinshelf.console.words import THEMES

_YEAR = 365 * 86_400


@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """A new account with its owner, who is signed in at once, or has to verify the address first."""
    if request.user.is_authenticated:
        return redirect("dashboard")
    if not queries.sign_up_open():
        return render(request, "account/signup_closed.html", status=403)
    form = SignUpForm(request.POST or None)
    if request.method == "POST":
        refused: HttpResponse | None = ratelimit.consume_or_429(request, action="signup")
        if refused is not None:
            return refused
        if form.is_valid():
            return _signed_up(request, form)
    return render(request, "account/signup.html", {"form": form}, status=400 if form.errors else 200)


def _signed_up(request: HttpRequest, form: SignUpForm) -> HttpResponse:
    """Where addresses are verified first, the answer is the same for one that somebody signs in with already."""
    data, verify = form.cleaned_data, signing_in.addresses_are_verified()
    try:
        user = actions.sign_up(
            data["account"],
            email=data["email"],
            password=data["password"],
            owner_name=data["name"],
            time_zone=data["time_zone"],
        )
    except actions.SignUpClosed:  # since it was looked at
        return render(request, "account/signup_closed.html", status=403)
    except actions.EmailTaken:
        if not verify:
            form.add_error("email", form.email_taken)
            return render(request, "account/signup.html", {"form": form}, status=400)
        signing_in.tell_of_sign_up(request, data["email"])
    else:
        signing_in.ask_to_verify(request, user)
        if not verify:
            login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
            return redirect("dashboard")
    return redirect("account_email_verification_sent")


@require_http_methods(["GET", "HEAD", "POST"])
def reset_password(request: HttpRequest) -> HttpResponse:
    """A link to set a new password, by email; where the installation sends none, that is said instead."""
    if not configured.SENDS_EMAIL:
        return render(request, "account/password_reset_off.html", status=200 if request.method != "POST" else 404)
    answer: HttpResponse = password_reset(request)
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.VIEW)
def settings(request: ConsoleRequest) -> HttpResponse:
    """One's own name and time zone."""
    form = ProfileForm(request.POST) if request.method == "POST" else ProfileForm.of(request.user)
    if form.is_valid():
        actions.set_profile(request.user, **form.cleaned_data)
        messages.success(request, _("Settings saved."))
        return redirect("settings")
    shops = settings_of_shops() if may(request, Permission.OPERATE) else []
    context = {"form": form, "shops": shops, "sends_email": configured.SENDS_EMAIL}
    return render(request, "console/settings.html", context, status=400 if form.errors else 200)


@require_POST
@needs(Permission.VIEW)
def emails(request: ConsoleRequest) -> HttpResponse:
    """Switch one's own email about connections on or off."""
    chosen = request.POST.get("emails", "")
    if chosen in {"on", "off"}:
        actions.set_emails(request.user, on=chosen == "on")
        messages.success(request, _("Email is on.") if chosen == "on" else _("Email is off."))
    return redirect("settings")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """The browsers in which the person is signed in; each can be signed out from here."""
    every = UserSession.objects.purge_and_list(request.user)
    if request.method == "POST":
        chosen = request.POST.get("session", "")
        ended = [one for one in every if not one.is_current() and chosen in {"others", str(one.pk)}]
        for one in ended:
            one.end()
        if ended:
            security.note(request.user, security.Event.SESSIONS_ENDED, where=addresses.get_ip(request))  # type: ignore[arg-type]
            messages.success(request, _("Signed out there."))
        return redirect("usersessions_list")
    every.sort(key=lambda one: one.created_at, reverse=True)
    return render(request, "console/sessions.html", {"sessions": every})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system has it. Kept in a cookie, so that no page flashes before its script runs."""
    answer = back(request, "dashboard")
    chosen = request.POST.get("theme", "")
    if chosen and chosen in THEMES:
        answer.set_cookie(THEME_COOKIE, chosen, max_age=_YEAR, samesite="Lax", secure=request.is_secure())
    else:
        answer.delete_cookie(THEME_COOKIE, samesite="Lax")
    return answer


@require_POST
def keys(request: HttpRequest) -> HttpResponse:
    """Switch the single-key shortcuts off or on (WCAG 2.1.4)."""
    answer = back(request, "dashboard")
    if request.POST.get("keys") == "off":
        answer.set_cookie(KEYS_COOKIE, "off", max_age=_YEAR, samesite="Lax", secure=request.is_secure())
    else:
        answer.delete_cookie(KEYS_COOKIE, samesite="Lax")
    return answer


@require_POST
@needs(Permission.VIEW)
def switch_account(request: ConsoleRequest) -> HttpResponse:
    """Work in another account of one's own."""
    chosen = request.POST.get("account", "")
    if any(str(account.id) == chosen for account in queries.accounts_of(request.user)):
        request.session["account"] = int(chosen)
    return redirect("dashboard")
