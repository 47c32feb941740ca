"""Addresses of the console, the sign-in pages, webhooks and health."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from twinshelf.console.views.people import sign_up
from twinshelf.hooks.views import health

urlpatterns: list[URLPattern | URLResolver] = [
    # Before allauth's own: ours makes the account together with its owner.
    path("accounts/signup/", sign_up, name="account_signup"),
    path("accounts/", include("allauth.account.urls")),
    path("hooks/", include("twinshelf.hooks.urls")),
    path("healthz", health, name="health"),
    path("", include("twinshelf.console.urls")),
]
