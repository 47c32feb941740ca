"""Addresses of the console, the sign-in pages, webhooks and health."""

from __future__ import annotations

from allauth.account import views as allauth
from django.urls import URLPattern, URLResolver, include, path, re_path

from twinshelf.console.views.people import reset_password, sign_up
from twinshelf.console.views.users import joining, open_invitation
from twinshelf.hooks.views import health

urlpatterns: list[URLPattern | URLResolver] = [
    # Of allauth only what is used: its page of email addresses, for one, gave anybody any address without proof.
    path("accounts/signup/", sign_up, name="account_signup"),
    path("accounts/login/", allauth.login, name="account_login"),
    path("accounts/confirm-email/", allauth.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^accounts/confirm-email/(?P<key>[-:\w]+)/$", allauth.confirm_email, name="account_confirm_email"),
    path("accounts/join/", joining, name="joining"),
    path("accounts/join/<str:token>/", open_invitation, name="join"),
    path("accounts/logout/", allauth.logout, name="account_logout"),
    path("accounts/inactive/", allauth.account_inactive, name="account_inactive"),
    path("accounts/password/change/", allauth.password_change, name="account_change_password"),
    path("accounts/password/set/", allauth.password_set, name="account_set_password"),
    path("accounts/password/reset/", reset_password, name="account_reset_password"),
    path("accounts/password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("hooks/", include("twinshelf.hooks.urls")),
    path("healthz", health, name="health"),
    path("", include("twinshelf.console.urls")),
]

handler500 = "twinshelf.console.views.failing.failed"
handler429 = "twinshelf.console.views.failing.too_many"
