"""The second step of signing in, and the browsers in which somebody is signed in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user
from django.test import Client

from tests import console_data
from tests.interfaces.conftest import Answer, Console
from twinshelf.accounts import actions
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import AuditEntry
from twinshelf.kit import clock
from twinshelf.kit.secrets import key_ids

SIGN_IN = {"login": console_data.EMAIL, "password": console_data.PASSWORD}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


def code_of(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238)."""
    counter = struct.pack(">Q", int(clock.now().timestamp()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def signed_in(**headers: str) -> Client:
    browser = Client(headers=headers)
    browser.post("/accounts/login/", SIGN_IN)
    return browser


def sure_of(browser: Client) -> Client:
    """The same browser, in which somebody has just given the password again."""
    browser.post("/accounts/again/", {"password": console_data.PASSWORD, "next": "/accounts/2fa/"})
    return browser


def with_app(browser: Client) -> str:
    """Set up an authenticator app; its secret."""
    page = Answer(sure_of(browser).get("/accounts/2fa/app/"))
    secret = str(page["form"].secret)
    assert secret in page
    answer = browser.post("/accounts/2fa/app/", {"code": code_of(secret)})
    assert answer.status_code == 302
    return secret


def events() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_after_the_password_a_code_is_asked_for_once_an_app_is_set_up(
    world, settings, django_capture_on_commit_callbacks
):
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = False  # the callbacks run here after the request that they speak of
    with django_capture_on_commit_callbacks(execute=True):
        secret = with_app(signed_in())
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert stored.startswith(f"1.{key_ids()[0]}.")
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))

    browser = Client()
    answer = browser.post("/accounts/login/", SIGN_IN)
    assert answer.headers["Location"] == "/accounts/2fa/authenticate/"
    assert not get_user(browser).is_authenticated
    assert browser.get("/orders/").status_code == 302
    assert "Enter the code that your app shows" in Answer(browser.get("/accounts/2fa/authenticate/"))
    wrong = Answer(browser.post("/accounts/2fa/authenticate/", {"code": "000000"}))
    assert "Incorrect code." in wrong
    assert not get_user(browser).is_authenticated

    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    browser.post("/accounts/2fa/authenticate/", {"code": codes[0]})

    assert get_user(browser) == world.owner
    again = Client()
    again.post("/accounts/login/", SIGN_IN)
    assert "Incorrect code." in Answer(again.post("/accounts/2fa/authenticate/", {"code": codes[0]}))
    told = [event for event in events() if event != "accounts.create_account"]
    assert told == [
        "accounts.signed_in", "accounts.factor_added", "accounts.sign_in_failed", "accounts.signed_in",
        "accounts.sign_in_failed",
    ]  # fmt: skip


def test_what_changes_a_sign_in_asks_who_it_is(console, world):
    for path in ("/accounts/2fa/app/", "/accounts/2fa/keys/new/"):
        answer = console.client.get(path)
        assert answer.headers["Location"].startswith("/accounts/again/?next="), path
    page = console.get("/accounts/again/?next=/accounts/2fa/app/")
    assert "Is it you?" in page
    wrong = console.post("/accounts/again/", {"password": "not it", "next": "/accounts/2fa/app/"})
    assert "Is it you?" in wrong
    right = console.post("/accounts/again/", {"password": console_data.PASSWORD, "next": "/accounts/2fa/app/"})
    assert "Set up an authenticator app" in right
    assert 'src="data:image/svg+xml' in right.html


def test_the_pages_of_the_second_step_are_ours(world):
    browser = sure_of(signed_in())
    console = Console(browser)
    assert "Set up" in console.get("/accounts/2fa/")
    assert "/accounts/2fa/" in console.get("/settings/").links
    assert "Sign in with it alone" in console.get("/accounts/2fa/keys/new/")
    with_app(browser)
    assert "10 of 10 are left" in console.get("/accounts/2fa/codes/")
    assert "The codes there were end." in console.get("/accounts/2fa/codes/new/")
    assert "No code is asked for any more." in console.get("/accounts/2fa/app/off/")
    for path in ("/accounts/2fa/", "/accounts/2fa/codes/", "/accounts/2fa/codes/new/", "/accounts/2fa/app/off/"):
        page = browser.get(path).content.decode()
        assert (len(re.findall(r"<h1\b", page)), 'class="app"' in page) == (1, True), path
        assert not re.search(r"<style\b|\sstyle=|\son\w+=", page), path
    console.post("/accounts/2fa/app/off/")
    assert not Authenticator.objects.exists()
    assert events()[-1] == "accounts.factor_removed"


def test_lost_second_steps_are_taken_away_by_the_operator_and_secrets_follow_the_key(world, settings):
    with_app(signed_in())
    old = settings.KEYS
    settings.KEYS = ("a new key that is long enough for this", *old)
    assert actions.reseal() >= 2
    assert actions.reseal() == 0
    assert Authenticator.objects.get(type="totp").data["secret"].startswith(f"1.{key_ids()[0]}.")
    settings.KEYS = settings.KEYS[:1]
    assert len(Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()) == 10

    assert actions.take_second_steps(world.owner.email.upper(), by=COMMAND_LINE) == 2

    assert get_user(signed_in()) == world.owner
    assert events()[-2:] == ["accounts.take_second_steps", "accounts.signed_in"]
    with pytest.raises(actions.NoSuchUser):
        actions.take_second_steps("nobody@nowhere.example", by=COMMAND_LINE)


def test_a_browser_is_signed_out_from_another_one(world):
    here, there, phone = signed_in(user_agent=FIREFOX), signed_in(user_agent=PHONE), signed_in(user_agent=PHONE)
    console = Console(here)

    page = console.get("/accounts/sessions/")

    assert page.text.count("Safari on iPhone") == 2
    assert page.text.count("Firefox on Linux") == 1
    [current] = [one for one in page["sessions"] if one.user_agent == FIREFOX]
    console.post("/accounts/sessions/", {"session": current.pk})
    assert here.get("/").status_code == 200  # this one is signed out by “Sign out”
    newest = max(one.pk for one in page["sessions"])
    assert console.post("/accounts/sessions/", {"session": newest}).told == ["Signed out there."]
    assert [browser.get("/").status_code for browser in (here, there, phone)] == [200, 200, 302]

    console.post("/accounts/sessions/", {"session": "others"})
    assert [browser.get("/").status_code for browser in (here, there, phone)] == [200, 302, 302]
    assert events()[-2:] == ["accounts.sessions_ended", "accounts.sessions_ended"]


def test_nobody_signs_somebody_else_out(console, world, other):
    theirs = Client()
    theirs.post("/accounts/login/", {"login": other.owner.email, "password": console_data.PASSWORD})

    for number in range(1, 20):
        console.post("/accounts/sessions/", {"session": number})

    assert theirs.get("/").status_code == 200
