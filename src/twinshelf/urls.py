"""Addresses of the console, the sign-in pages, webhooks and health."""

from __future__ import annotations

from allauth.account import views as allauth
from allauth.mfa.base import views as second_steps
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from twinshelf.console.views import marketplace
from twinshelf.console.views.people import reset_password, sessions, sign_up
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
    path("accounts/again/", allauth.reauthenticate, name="account_reauthenticate"),
    path("accounts/sessions/", sessions, name="usersessions_list"),
    path("accounts/2fa/", second_steps.index, name="mfa_index"),
    path("accounts/2fa/authenticate/", second_steps.authenticate, name="mfa_authenticate"),
    path("accounts/2fa/again/", second_steps.reauthenticate, name="mfa_reauthenticate"),
    path("accounts/2fa/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("accounts/2fa/app/off/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("accounts/2fa/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("accounts/2fa/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("accounts/2fa/codes/file/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("accounts/2fa/keys/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path("accounts/2fa/keys/new/", keys.add_webauthn, name="mfa_add_webauthn"),
    path("accounts/2fa/keys/again/", keys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("accounts/2fa/keys/sign-in/", keys.login_webauthn, name="mfa_login_webauthn"),
    path("accounts/2fa/keys/<int:pk>/", keys.edit_webauthn, name="mfa_edit_webauthn"),
    path("accounts/2fa/keys/<int:pk>/remove/", keys.remove_webauthn, name="mfa_remove_webauthn"),
    # What BigCommerce opens in its control panel: nobody is signed in there, and no cookie says who it is.
    path("apps/bigcommerce/auth/", marketplace.installed, name="app_installed"),
    path("apps/bigcommerce/load/", marketplace.opened, name="app_opened"),
    path("apps/bigcommerce/take/<str:ticket>/", marketplace.open_ticket, name="app_ticket"),
    path("hooks/", include("twinshelf.hooks.urls")),
    path("healthz", health, name="health"),
    path("", include("twinshelf.console.urls")),
]

handler500 = "twinshelf.console.views.failing.failed"
handler429 = "twinshelf.console.views.failing.too_many"
