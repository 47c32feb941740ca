"""Signing up, in and out; roles; the walls around every page; what every page keeps to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests import console_data
from tests.interfaces.conftest import Answer
from twinshelf.accounts import actions
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import Account, AuditEntry, Membership, User
from twinshelf.console import urls
from twinshelf.orders.models import ShopOrderRow
from twinshelf.sync.models import Task

NEW = {
    "account": "Saltmarsh Pottery",
    "name": "Ines Duarte",
    "email": "Ines@Saltmarsh.example",
    "password": "clay-and-water",
    "time_zone": "Europe/Lisbon",
}


@pytest.mark.covers("SILK-01")
@pytest.mark.django_db
def test_sign_up_sign_out_reset_by_mail_sign_in():
    browser = Client()

    answer = browser.post("/accounts/signup/", NEW)
    assert answer.headers["Location"] == "/"
    user = User.objects.get()
    assert (user.email, user.name, user.time_zone) == ("ines@saltmarsh.example", "Ines Duarte", "Europe/Lisbon")
    assert Membership.objects.get(user=user).role == "owner"
    assert "Welcome to Twinshelf" in Answer(browser.get("/"))

    browser.post("/accounts/logout/")
    assert not get_user(browser).is_authenticated

    answer = browser.post("/accounts/password/reset/", {"email": user.email})
    assert answer.headers["Location"] == "/accounts/password/reset/done/"
    assert "Check your email" in Answer(browser.get("/accounts/password/reset/done/"))
    link = re.findall(r"https?://[^/]+(/accounts/password/reset/key/\S+)", str(mail.outbox[-1].body))[0]
    answer = browser.get(link, follow=True)
    assert "Choose a new password" in Answer(answer)
    form = answer.redirect_chain[-1][0]
    answer = browser.post(form, {"password1": "glaze-and-fire", "password2": "glaze-and-fire"}, follow=True)
    assert "Your password is changed" in Answer(answer)

    assert browser.post("/accounts/login/", {"login": user.email, "password": NEW["password"]}).status_code == 200
    answer = browser.post("/accounts/login/", {"login": user.email, "password": "glaze-and-fire"})
    assert answer.headers["Location"] == "/"


@pytest.fixture
def sign_up_open(settings, monkeypatch):
    """An installation where anybody may make an account, once the address is verified."""
    monkeypatch.setattr(settings.OPERATOR, "sign_up", "open")
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "not an address", "Enter a valid email address."),
        ("password", "short", "This password is too short."),
        ("password", "1234567890", "This password is too common."),
        ("account", "", "This field is required."),
    ],
)
def test_a_sign_up_that_does_not_fit_makes_nothing(world, sign_up_open, field, value, message):
    browser = Client()

    answer = browser.post("/accounts/signup/", {**NEW, field: value})

    assert answer.status_code == 400
    assert message in Answer(answer)
    assert Account.objects.count() == 1
    assert not get_user(browser).is_authenticated
    assert NEW["password"] not in answer.content.decode()


@pytest.mark.parametrize("chosen", ["first", "closed"])
def test_once_there_is_an_account_nobody_makes_another_unless_the_operator_opens_it(
    world, settings, monkeypatch, chosen
):
    monkeypatch.setattr(settings.OPERATOR, "sign_up", chosen)

    for answer in (Client().get("/accounts/signup/"), Client().post("/accounts/signup/", NEW)):
        assert (answer.status_code, "Ask the owner of an account here" in Answer(answer)) == (403, True)
    assert "/accounts/signup/" not in Answer(Client().get("/accounts/login/")).links
    assert (Account.objects.count(), User.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_of_an_empty_installation_that_is_closed_the_operator_makes_the_first_account(settings, monkeypatch):
    assert "/accounts/signup/" in Answer(Client().get("/accounts/login/")).links
    monkeypatch.setattr(settings.OPERATOR, "sign_up", "closed")

    assert Client().post("/accounts/signup/", NEW).status_code == 403
    assert not User.objects.exists()


def test_signing_up_tells_nobody_which_addresses_exist(world, sign_up_open):
    told = []
    for email in (console_data.EMAIL.upper(), NEW["email"]):
        answer = Client().post("/accounts/signup/", {**NEW, "email": email}, follow=True)
        told.append((answer.redirect_chain, Answer(answer).text))

    assert told[0] == told[1]
    known, new = mail.outbox
    assert (known.to, known.subject) == ([console_data.EMAIL], "Twinshelf: You have an account already")
    assert (new.to, new.subject) == ([NEW["email"].lower()], "Twinshelf: Confirm your email")
    assert Account.objects.count() == 2
    Client().post("/accounts/signup/", {**NEW, "email": console_data.EMAIL})
    assert len(mail.outbox) == 2  # whoever tries again and again fills no mailbox


def test_who_signs_up_gets_in_once_they_read_the_address(world, sign_up_open):
    browser = Client()
    sign_in = {"login": NEW["email"], "password": NEW["password"]}
    browser.post("/accounts/signup/", NEW)
    assert not get_user(browser).is_authenticated
    assert browser.post("/accounts/login/", sign_in).headers["Location"] == "/accounts/confirm-email/"
    assert not get_user(browser).is_authenticated

    [link] = re.findall(r"https://twinshelf\.test(/accounts/confirm-email/\S+)", str(mail.outbox[0].body))
    assert "You sign in as ines@saltmarsh.example." in Answer(browser.get(link))
    assert not get_user(browser).is_authenticated  # to look at it confirms nothing: mail servers look at links too
    browser.post(link)

    assert Client().post("/accounts/login/", sign_in).headers["Location"] == "/"
    assert "does not work any more" in Answer(Client().get("/accounts/confirm-email/nonsense:key/"))


@pytest.mark.django_db
def test_who_signs_up_at_the_same_time_with_the_same_address_is_not_let_in_as_the_other():
    """The other one's sign-up ends between the look at the address and our own."""
    browser = Client()
    others: list[User] = []

    def overtake(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith("INSERT INTO") and not others:
            others.append(User(email="ines@saltmarsh.example"))
            others[0].set_unusable_password()
            others[0].save()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(overtake):
        answer = browser.post("/accounts/signup/", NEW)

    assert others
    assert answer.status_code == 400
    assert "This does not do." in Answer(answer)
    assert not get_user(browser).is_authenticated
    assert Account.objects.count() == 0


def test_a16_who_was_removed_or_switched_off_is_out_at_once(console, world):
    helper = console_data.add_member(world, "adam@fernhollow.example")
    browser = Client()
    browser.force_login(helper)
    assert browser.get("/orders/").status_code == 200

    Membership.objects.filter(user=helper).delete()
    assert (browser.get("/orders/").status_code, browser.post("/sync/").status_code) == (403, 403)
    assert not Task.objects.exclude(by=world.owner).filter(by=helper).exists()

    User.objects.filter(id=world.owner.id).update(is_active=False)
    answers = [console.client.get("/orders/"), console.client.post("/sync/")]
    assert [a.headers["Location"].partition("?")[0] for a in answers] == ["/accounts/login/", "/accounts/login/"]
    signed_in = Client().post("/accounts/login/", {"login": world.owner.email, "password": console_data.PASSWORD})
    assert signed_in.headers.get("Location") != "/"


def test_a16_a_new_password_ends_every_other_session(world):
    here, there = Client(), Client()
    for browser in (here, there):
        browser.post("/accounts/login/", {"login": world.owner.email, "password": console_data.PASSWORD})
        assert browser.get("/").status_code == 200

    world.owner.set_password("another long password")
    world.owner.save()

    assert [browser.get("/").status_code for browser in (here, there)] == [302, 302]


def test_a_password_given_by_the_operator_ends_every_session_and_is_on_record(world):
    browser = Client()
    browser.post("/accounts/login/", {"login": world.owner.email, "password": console_data.PASSWORD})
    with pytest.raises(ValidationError, match="too short"):
        actions.set_password(world.owner.email, "short", by=COMMAND_LINE)
    assert browser.get("/").status_code == 200

    actions.set_password(world.owner.email.upper(), "another long password", by=COMMAND_LINE)

    assert browser.get("/").status_code == 302
    [entry] = AuditEntry.objects.filter(action="accounts.set_password")
    assert (entry.actor_name, entry.subject) == ("Command line", f"user:{world.owner.pk}")
    assert "another long password" not in str(vars(entry))


def test_a14_what_a_form_does_not_offer_is_not_stored(console, world, other, settings, monkeypatch):
    before = User.objects.filter(id=world.owner.id).values().get()
    more = {
        "id": other.owner.id, "email": "evil@evil.example", "is_staff": "on", "is_superuser": "on", "is_active": "",
        "role": "owner", "account": other.account.id, "account_id": other.account.id, "created_at": "2001-01-01",
    }  # fmt: skip

    console.post("/settings/", {"name": "Maya", "time_zone": "Europe/Lisbon", **more})
    after = User.objects.filter(id=world.owner.id).values().get()
    assert after == {**before, "name": "Maya", "time_zone": "Europe/Lisbon", "last_login": after["last_login"]}

    helper = console_data.add_member(world, "adam@fernhollow.example")
    browser = Client()
    browser.force_login(helper)
    browser.post("/settings/", {"name": "Adam", "time_zone": "UTC", **more})
    browser.post("/account/", more)
    assert list(Membership.objects.filter(user=helper).values_list("account", "role")) == [(world.account.id, "admin")]

    monkeypatch.setattr(settings.OPERATOR, "sign_up", "open")
    Client().post("/accounts/signup/", {**NEW, **more, "email": NEW["email"], "account": NEW["account"]})
    made = User.objects.get(email=NEW["email"].lower())
    assert (made.is_staff, made.is_superuser, made.is_active) == (False, False, True)
    [membership] = Membership.objects.filter(user=made)
    assert membership.account.name == NEW["account"]


def test_an_unknown_time_zone_is_utc(db):
    Client().post("/accounts/signup/", {**NEW, "time_zone": "Mars/Olympus"})

    assert User.objects.get().time_zone == "UTC"


def test_the_wrong_password_does_not_say_whether_there_is_such_a_person(world):
    told = []
    for email in (console_data.EMAIL, "nobody@nowhere.example"):
        answer = Client().post("/accounts/login/", {"login": email, "password": "not-it-at-all"})
        told.append(re.findall(r'class="error"[^>]*>(.*?)</p>', answer.content.decode(), re.DOTALL))

    assert told[0] == told[1] != []


ARGUMENTS = {"action": "list"}


def pages() -> list[str]:
    """Every address of the console."""
    return [
        reverse(str(pattern.name), kwargs={k: ARGUMENTS.get(k, 1) for k in pattern.pattern.converters})
        for pattern in urls.urlpatterns
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("path", [path for path in pages() if path not in {"/theme/", "/keys/"}])
def test_nothing_is_shown_or_done_without_signing_in(path):
    browser = Client()
    answers = [browser.get(path), browser.post(path)]

    assert {a.status_code for a in answers} <= {302, 405}
    redirects = [a.headers["Location"] for a in answers if a.status_code == 302]
    assert redirects
    assert all(target.startswith("/accounts/login/?next=") for target in redirects)


def test_a_part_of_a_page_asked_for_after_signing_out_sends_the_whole_page_to_sign_in(world):
    answer = Client().get("/running/", headers={"hx_request": "true"})

    assert answer.headers["HX-Redirect"] == "/accounts/login/"


def test_somebody_in_no_account_is_told_so(world):
    user = User.objects.create_user("lost@nowhere.example", console_data.PASSWORD)
    browser = Client()
    browser.force_login(user)

    answer = browser.get("/")

    assert answer.status_code == 403
    assert "You are in no account" in Answer(answer)


def test_somebody_in_two_accounts_works_in_the_one_chosen(console, world, other):
    assert "switch_account" not in console.get("/").html
    Membership.objects.create(account=other.account, user=world.owner)
    assert console.get("/")["request"].account == world.account

    page = console.post("/account/", {"account": other.account.id})

    assert page["request"].account == other.account
    assert console.get(f"/products/{world.products[0].pk}/").status == 404
    Membership.objects.filter(account=other.account, user=world.owner).delete()
    assert console.get("/")["request"].account == world.account  # the choice ends with the membership
    stranger = Account.objects.create(name="Strangers")
    assert console.post("/account/", {"account": stranger.id})["request"].account == world.account


def test_times_are_in_the_persons_zone_with_utc_in_the_title(console, world):
    row = world.orders[30]
    utc = f"{row.placed_at:%Y-%m-%d %H:%M:%S} UTC"
    chicago = console.get(f"/orders/{row.pk}/")
    shown = re.findall(rf'title="{utc}">([^<]+)<', chicago.html)[0]

    page = console.post("/settings/", {"name": "Maya Ortiz", "time_zone": "Asia/Tokyo"})
    assert page.told == ["Settings saved."]

    tokyo = console.get(f"/orders/{row.pk}/")
    assert re.findall(rf'title="{utc}">([^<]+)<', tokyo.html)[0] != shown
    assert console.post("/settings/", {"name": "Maya", "time_zone": "Nowhere"}).status == 400


def test_the_theme_follows_the_system_until_one_is_chosen(console):
    assert "data-theme" not in console.get("/").html

    page = console.post("/theme/", {"theme": "dark", "next": "/orders/"})
    assert page.response.redirect_chain[-1][0] == "/orders/"
    assert '<html lang="en" data-theme="dark">' in page.html.replace("en-us", "en")

    console.post("/theme/", {"theme": ""})
    assert "data-theme" not in console.get("/").html
    console.client.cookies["theme"] = '"><script>'
    assert "data-theme" not in console.get("/").html


def test_single_key_shortcuts_can_be_switched_off(console):
    assert "data-keys=" not in console.get("/").html
    assert '<body data-keys="off">' in console.post("/keys/", {"keys": "off", "next": "/settings/"}).html
    assert "data-keys=" not in console.post("/keys/", {"keys": "on", "next": "/settings/"}).html


def test_the_password_is_changed_on_a_page_of_the_console_and_an_email_on_none(console, world):
    page = console.get("/accounts/password/change/")
    assert page["form"].fields.keys() >= {"oldpassword", "password1", "password2"}
    assert "/settings/" in page.links
    assert "Change password" in page
    assert "Change Password" not in page

    new = {"password1": "a longer password than before", "password2": "a longer password than before"}
    wrong = console.post("/accounts/password/change/", {"oldpassword": "not it", **new})
    assert wrong["form"].errors.keys() == {"oldpassword"}
    console.post("/accounts/password/change/", {"oldpassword": console_data.PASSWORD, **new})
    world.owner.refresh_from_db()
    assert world.owner.check_password(new["password1"])
    assert console.get("/accounts/email/").status == 404


GETS = [
    "/",
    "/products/",
    "/products/?q=nothing",
    "/orders/",
    "/orders/?tab=failed",
    "/returns/",
    "/activity/",
    "/activity/problems/",
    "/activity/webhooks/",
    "/activity/changes/",
    "/connections/",
    "/settings/",
    "/users/",
    "/users/new/",
    "/users/roles/new/",
    "/activity/security/",
    "/search/?q=linen",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/no/such/page/",
]


def test_no_page_has_script_or_style_of_its_own_and_every_policy_forbids_it(console, world):
    order = ShopOrderRow.objects.filter(creation="failed")[0]
    paths = [
        *GETS,
        f"/products/{world.products[0].pk}/",
        f"/orders/{order.pk}/",
        f"/activity/{world.running.id}/",
        f"/connections/{world.us.id}/template/",
    ]
    for path in paths:
        response = console.client.get(path)
        page = response.content.decode()
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, path
        assert "script-src 'self'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert all("src=" in tag for tag in re.findall(r"<script\b[^>]*>", page)), path
        assert not re.search(r"<style\b|\sstyle=|\son\w+=|javascript:", page), path
        assert 'lang="en' in page, path
        assert len(re.findall(r"<h1\b", page)) == 1, path
    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        page = Client().get(path).content.decode()
        assert not re.search(r"<style\b|\sstyle=|\son\w+=", page), path
        assert 'class="gate"' in page, path


def test_no_page_names_a_code_in_a_heading(console, world):
    for row in world.products[:20]:
        headings = re.findall(r"<h[123][^>]*>(.*?)</h[123]>", console.get(f"/products/{row.pk}/").html)
        assert not [heading for heading in headings if re.search(r"[EWI]-[A-Z]{3}-", heading)]
