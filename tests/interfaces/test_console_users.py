"""Users of an account: inviting, joining, renaming, roles, removing; what each role may, over every address."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from tests import console_data
from tests.interfaces.conftest import Answer, Console
from twinshelf.accounts import actions, queries
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import AuditEntry, CustomRole, Membership, Role, User
from twinshelf.accounts.people import GRANTABLE
from twinshelf.console import urls as console_urls
from twinshelf.hooks import urls as hook_urls
from twinshelf.kit import clock
from twinshelf.kit.actions import Permission

ADAM = {"name": "Adam Osei", "email": "Adam@Fernhollow.example", "role": "admin"}
PASSWORD = "a jar for every shelf"


def browser_of(user: User) -> Console:
    client = Client()
    client.force_login(user)
    return Console(client)


def link_in(text: str) -> str:
    [link] = set(re.findall(r"https://twinshelf\.test(/accounts/join/[\w-]+/)", text))
    return str(link)


def invited_with(console: Console, **more: str) -> str:
    """The address that an invitation sends somebody to."""
    console.post("/users/new/", {**ADAM, **more})
    return link_in(str(mail.outbox[-1].body))


def joined(link: str, password: str = PASSWORD) -> Client:
    """A browser in which somebody new followed a link and chose a password."""
    browser = Client()
    browser.get(link)
    browser.post("/accounts/join/", {"password": password, "time_zone": "Europe/Lisbon"})
    return browser


def audit(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("id"))


# -- the list, and what each role sees of it ---------------------------------------------------------------------------


@pytest.mark.covers("SILK-96")
def test_the_list_shows_every_user_with_role_and_last_login(console, world):
    admin = console_data.add_member(world, "adam@fernhollow.example")
    browser_of(admin).get("/")
    console.post("/users/new/", {**ADAM, "email": "new@fernhollow.example", "name": "Nia"})
    console_data.fill("Rival Goods", email="rival@rival.example", tag="9")

    page = console.get("/users/")

    assert "Maya Ortiz maya@fernhollow.example Owner" in page
    assert "Adam adam@fernhollow.example Admin" in page
    assert "Nia new@fernhollow.example Admin Invited" in page
    assert "rival@rival.example" not in page
    for member in (world.owner, admin):
        member.refresh_from_db()
        assert f'title="{member.last_login:%Y-%m-%d %H:%M:%S} UTC"' in page.html


@pytest.mark.covers("SILK-97", "SILK-99")
def test_the_owner_adds_edits_and_deletes_users_and_does_everything_else(console, world):
    page = console.post("/users/new/", ADAM)

    assert page.told == ["Sent to adam@fernhollow.example."]
    [message] = mail.outbox
    assert (message.to, message.subject) == (
        ["adam@fernhollow.example"],
        "Twinshelf: You are invited to Fernhollow Goods",
    )
    assert "Maya Ortiz invites you to Fernhollow Goods on Twinshelf, as Admin." in message.body
    adam = User.objects.get(email="adam@fernhollow.example")
    assert not adam.has_usable_password()

    assert console.post(f"/users/{adam.pk}/", {"name": "Adam O."}).told == ["Saved."]
    assert console.post(f"/users/{adam.pk}/role/", {"role": "owner"}).told == ["Role saved."]
    assert console.post(f"/users/{adam.pk}/delete/").told == ["Adam O. is out of the account."]

    assert queries.members_of(world.account) == [Membership.objects.get(user=world.owner)]
    assert [(entry.action, entry.before, entry.after) for entry in AuditEntry.objects.filter(
        subject=f"user:{adam.pk}").exclude(action="accounts.link_mailed").order_by("id")
    ] == [
        ("accounts.invite", None, {"email": "adam@fernhollow.example", "name": "Adam Osei", "role": "Admin"}),
        ("accounts.rename_user", {"name": "Adam Osei"}, {"name": "Adam O."}),
        ("accounts.set_role", {"role": "Admin"}, {"role": "Owner"}),
        ("accounts.remove_user", {"email": "adam@fernhollow.example", "role": "Owner"}, None),
    ]  # fmt: skip
    assert {permission for permission in Permission if permission in queries.permissions_in(
        world.account, world.owner)} == set(Permission)  # fmt: skip


@pytest.mark.covers("SILK-98")
def test_an_admin_sees_users_and_their_details_and_changes_none(console, world):
    admin = console_data.add_member(world, "adam@fernhollow.example")
    other = console_data.add_member(world, "eve@fernhollow.example")
    browser = browser_of(admin)

    users, details = browser.get("/users/"), browser.get(f"/users/{other.pk}/")

    assert (users.status, details.status) == (200, 200)
    assert "eve@fernhollow.example" in users
    assert "Role Admin" in details
    for page in (users, details):
        assert not {"Add New", "Add a role", "Delete user", "Change role"} & set(
            re.findall(r"Add New|Add a role|Delete user|Change role", page.text)
        )
        assert '<input type="text" name="name"' not in page.html
    before = list(Membership.objects.order_by("id").values())
    forms: list[tuple[str, dict[str, Any]]] = [
        ("/users/new/", ADAM), (f"/users/{other.pk}/", {"name": "X"}), (f"/users/{other.pk}/role/", {"role": "owner"}),
        (f"/users/{other.pk}/delete/", {}), (f"/users/{other.pk}/link/", {}), ("/users/roles/new/", {"name": "X"}),
        (f"/users/{admin.pk}/role/", {"role": "owner"}),
    ]  # fmt: skip
    assert [browser.post(path, data).status for path, data in forms] == [403] * len(forms)
    assert list(Membership.objects.order_by("id").values()) == before
    assert User.objects.get(pk=other.pk).name == "Eve"
    assert browser.get("/products/")["page"].total == 60  # and works with everything else
    assert browser.post("/sync/").status == 200


# -- coming in -------------------------------------------------------------------------------------------------------


@pytest.mark.covers("SILK-100")
def test_the_link_works_once_and_asks_for_a_password(console, world):
    link = invited_with(console)
    browser = Client()

    answer = browser.get(link)
    assert answer.headers["Location"] == "/accounts/join/"  # no address tells the token any more
    page = Answer(browser.get("/accounts/join/"))
    assert "You are invited to Fernhollow Goods as adam@fernhollow.example." in page
    assert browser.post("/accounts/join/", {"password": "short"}).status_code == 400
    assert not get_user(browser).is_authenticated
    assert browser.post("/accounts/join/", {"password": PASSWORD}).headers["Location"] == "/"

    assert get_user(browser) == User.objects.get(email="adam@fernhollow.example")
    assert browser.get("/orders/").status_code == 200
    for again in (link, "/accounts/join/"):
        assert "does not work any more" in Answer(Client().get(again, follow=True))
    signed_in = Client().post("/accounts/login/", {"login": "adam@fernhollow.example", "password": PASSWORD})
    assert signed_in.headers["Location"] == "/"
    [entry] = audit("accounts.join")
    assert (entry.actor_name, entry.subject) == ("Adam Osei", f"user:{get_user(browser).pk}")
    assert PASSWORD not in str(AuditEntry.objects.values())
    token = link.rsplit("/", 2)[-2]
    assert token not in str(list(Membership.objects.values())) + str(list(AuditEntry.objects.values()))


def test_where_no_email_is_sent_the_owner_gets_the_link_to_hand_over(console, world, settings):
    settings.SENDS_EMAIL = False

    page = console.post("/users/new/", ADAM)

    assert mail.outbox == []
    assert "Hand this link over yourself. It works once, within 7 days, and is shown only now." in page
    assert joined(link_in(page.html)).get("/").status_code == 200
    settings.SENDS_EMAIL, settings.EMAIL_BACKEND = True, "tests.interfaces.test_console_users.Broken"
    page = console.post("/users/new/", {**ADAM, "email": "eve@fernhollow.example"})
    assert "No email could be sent to eve@fernhollow.example." in page


class Broken:
    """A mail server that is down."""

    def __init__(self, **_options: Any) -> None:
        pass

    def send_messages(self, _messages: Any) -> int:
        msg = "connection refused"
        raise ConnectionRefusedError(msg)


def test_a_link_ends_with_a_newer_one_with_time_and_with_the_removal(console, world):
    first = invited_with(console)
    adam = User.objects.get(email="adam@fernhollow.example")
    assert console.post(f"/users/{adam.pk}/link/").told == ["Sent to adam@fernhollow.example."]
    second = link_in(str(mail.outbox[-1].body))
    assert "does not work any more" in Answer(Client().get(first, follow=True))
    assert "You are invited" in Answer(Client().get(second, follow=True))

    Membership.objects.filter(user=adam).update(token_until=clock.now() - timedelta(seconds=1))
    assert "does not work any more" in Answer(Client().get(second, follow=True))
    Membership.objects.filter(user=adam).update(token_until=clock.now() + timedelta(seconds=60))
    console.post(f"/users/{adam.pk}/delete/")
    assert "does not work any more" in Answer(Client().get(second, follow=True))
    assert joined(second).get("/").status_code == 302


def test_s1_an_address_gives_nobody_somebody_elses_sign_in(console, world, other, settings):
    """Neither does the link, where the owner who invites has it on the page."""
    settings.SENDS_EMAIL = False
    page = console.post("/users/new/", {**ADAM, "email": other.owner.email})
    link = link_in(page.html)
    assert queries.accounts_of(other.owner) == [other.account]  # invited is not in

    answer = Client().get(link, follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=/accounts/join/"
    thief = Client()
    thief.get(link)
    thief.post("/accounts/join/", {"password": "the password of a thief"})
    other.owner.refresh_from_db()
    assert other.owner.check_password(console_data.PASSWORD)
    assert "This invitation is for somebody else" in Answer(console.client.get(link, follow=True))

    theirs = browser_of(other.owner)
    theirs.client.get(link)
    assert theirs.post("/accounts/join/")["request"].account == world.account
    assert [account.name for account in queries.accounts_of(other.owner)] == ["Fernhollow Goods", "Rival Goods"]


@pytest.mark.covers("SILK-102")
def test_who_is_deleted_and_added_again_signs_in_as_before_and_the_history_stays(console, world):
    browser = joined(invited_with(console))
    adam = User.objects.get(email="adam@fernhollow.example")
    Console(browser).post("/orders/fetch/")
    assert len(done := list(AuditEntry.objects.filter(user=adam).values())) >= 2
    console.post(f"/users/{adam.pk}/delete/")
    assert (browser.get("/").status_code, browser.post("/sync/").status_code) == (403, 403)
    sign_in = {"login": adam.email, "password": PASSWORD}
    again = Client()
    again.post("/accounts/login/", sign_in)
    assert again.get("/").status_code == 403

    page = console.post("/users/new/", {**ADAM, "name": "Adam, again", "email": " ADAM@fernhollow.example "})

    assert page.told == ["Sent to adam@fernhollow.example."]
    assert "has added you to Fernhollow Goods again" in mail.outbox[-1].body
    back = Client()
    assert back.post("/accounts/login/", sign_in).headers["Location"] == "/"
    assert back.get("/").status_code == 200
    assert User.objects.filter(email=adam.email).count() == 1
    kept = list(AuditEntry.objects.filter(user=adam).values())
    assert [entry for entry in kept if entry in done] == done


@pytest.mark.covers("SILK-101")
def test_only_the_name_is_edited(console, world):
    adam = console_data.add_member(world, "adam@fernhollow.example")
    page = console.get(f"/users/{adam.pk}/")
    field = re.findall(r'<input type="email"[^>]*>', page.html)
    assert len(field) == 1
    assert "readonly" in field[0]

    refused = console.post(f"/users/{adam.pk}/", {"name": "Adam", "email": "evil@evil.example"})
    assert refused.status == 400
    assert "The e-mail of a user cannot be changed." in refused
    console.post(f"/users/{adam.pk}/", {"name": "  Adam   Osei ", "email": adam.email})

    adam.refresh_from_db()
    assert (adam.name, adam.email) == ("Adam Osei", "adam@fernhollow.example")


def test_the_name_of_somebody_who_works_elsewhere_too_is_their_own(console, world, other):
    Membership.objects.create(account=world.account, user=other.owner)

    page = console.post(f"/users/{other.owner.pk}/", {"name": "Mine now"})

    assert "works in other accounts as well, so nobody else changes their name" in page
    assert User.objects.get(pk=other.owner.pk).name == other.owner.name


@pytest.mark.parametrize("path", ["/users/{}/", "/users/{}/role/", "/users/{}/link/", "/users/{}/delete/"])
def test_users_of_other_accounts_are_not_there(console, world, other, path):
    assert console.post(path.format(other.owner.pk), {"name": "X", "role": "admin"}).status == 404
    assert queries.permissions_in(other.account, other.owner) == frozenset(Permission)


@pytest.mark.parametrize("path", ["/users/{}/delete/", "/users/{}/role/"])
def test_an_account_keeps_an_owner(console, world, path):
    page = console.post(path.format(world.owner.pk), {"role": "admin"})

    assert any("This is the only owner" in told for told in page.told)
    assert Membership.objects.active().get(user=world.owner).role == Role.OWNER
    invited_with(console, role="owner")
    console.post(path.format(world.owner.pk), {"role": "admin"})
    assert Membership.objects.active().get(user=world.owner).role == Role.OWNER  # the other one has not come yet


def test_an_address_is_added_once_and_must_be_one(console, world):
    for email in (console_data.EMAIL, "adam@fernhollow.example", "adam@fernhollow.example"):
        page = console.post("/users/new/", {**ADAM, "email": email})
    assert page.status == 400
    assert "adam@fernhollow.example is in this account already." in page
    assert Membership.objects.count() == 2
    for email in ("no address", f"{'a' * 250}@a.test", ""):
        assert console.post("/users/new/", {**ADAM, "email": email}).status == 400
    with pytest.raises(Exception, match="E-USR-ADDRESS"):
        actions.invite(world.account, email="a@b@c", name="X", chosen=actions.Chosen(Role.ADMIN), by=COMMAND_LINE)


# -- roles of the account's own ----------------------------------------------------------------------------------------


def test_a_role_grants_what_was_ticked_and_nothing_else_from_the_next_request_on(console, world):
    adam = console_data.add_member(world, "adam@fernhollow.example")
    browser = browser_of(adam)
    assert console.post("/users/roles/new/", {"name": "Warehouse", "permissions": ["operate", "own"]}).status == 400
    assert console.post("/users/roles/new/", {"name": "Warehouse", "permissions": ["operate"]}).told == ["Role saved."]
    role = CustomRole.objects.get()

    console.post(f"/users/{adam.pk}/role/", {"role": f"custom:{role.pk}"})

    assert "Adam adam@fernhollow.example Warehouse" in console.get("/users/")
    page = browser.get("/")
    assert not {"/users/", "/activity/security/"} & set(page.links)
    assert [browser.get(path).status for path in ("/users/", "/activity/security/", "/orders/")] == [403, 403, 200]
    assert browser.post("/sync/").status == 200

    console.post(f"/users/roles/{role.pk}/", {"name": "Auditor", "permissions": ["security"]})
    assert [browser.get(path).status for path in ("/users/", "/activity/security/", "/orders/")] == [403, 200, 200]
    assert browser.post("/sync/").status == 403
    saved = audit("accounts.save_role")
    assert [(entry.before, entry.after) for entry in saved] == [
        (None, {"name": "Warehouse", "permissions": ["operate"]}),
        ({"name": "Warehouse", "permissions": ["operate"]}, {"name": "Auditor", "permissions": ["security"]}),
    ]


def test_a_role_in_use_is_not_deleted_and_a_name_is_used_once(console, world, other):
    adam = console_data.add_member(world, "adam@fernhollow.example")
    console.post("/users/roles/new/", {"name": "Warehouse"})
    role = CustomRole.objects.get()
    console.post(f"/users/{adam.pk}/role/", {"role": f"custom:{role.pk}"})
    for name in ("Warehouse", "owner", "ADMIN", " "):
        assert console.post("/users/roles/new/", {"name": name}).status == 400
    assert browser_of(other.owner).post(f"/users/roles/{role.pk}/", {"name": "Mine"}).status == 404
    assert browser_of(other.owner).post(f"/users/{other.owner.pk}/role/", {"role": f"custom:{role.pk}"}).told == [
        "There is no such role in this account. Choose another role."
    ]

    page = console.post(f"/users/roles/{role.pk}/delete/")
    assert any("Users who have the role Warehouse: 1." in told for told in page.told)
    console.post(f"/users/{adam.pk}/delete/")
    assert console.post(f"/users/roles/{role.pk}/delete/").told == ["Role deleted."]
    assert not CustomRole.objects.exists()


# -- every address, every role -----------------------------------------------------------------------------------------

WITHOUT_PERMISSION = {
    "theme": "a look of one browser",
    "keys": "a choice of one browser",
}
"""Addresses of the console that ask for no permission, each with its reason."""
ARGUMENTS = {"action": "list"}
ASKED = {"authorized": "?state=1"}
"""What is asked along: without a state, only the owner may come back from TikTok Shop."""


def address(pattern: URLPattern) -> str:
    path = reverse(str(pattern.name), kwargs={k: ARGUMENTS.get(k, 1) for k in pattern.pattern.converters})
    return path + ASKED.get(str(pattern.name), "")


def guarded() -> list[tuple[str, dict[str, Permission]]]:
    """Every address of the console that a permission guards, with the permission to look and the one to send."""
    found = []
    for pattern in console_urls.urlpatterns:
        view: Any = pattern.callback
        needed = getattr(view, "needed", None)
        if needed is None:
            assert pattern.name in WITHOUT_PERMISSION, f"{pattern.name} asks for no permission: use @needs(…)"
        else:
            found.append((address(pattern), needed))
    return found


def test_every_address_of_the_installation_is_of_a_kind_that_is_looked_at():
    """A new one is either the console's, which asks for permissions, a platform's delivery, or named here."""
    known = {id(pattern) for pattern in (*console_urls.urlpatterns, *hook_urls.urlpatterns)}
    own = {
        str(pattern.pattern)
        for pattern in get_resolver().url_patterns
        if isinstance(pattern, URLPattern) and id(pattern) not in known
    }
    assert {path for path in own if not path.lstrip("^").startswith("accounts/")} == {
        "healthz",
        # Opened in BigCommerce's control panel: a code or a signature of its own proves of which store
        # (tests/flows/test_marketplace.py), and the link does nothing but to lead where permission is asked.
        "apps/bigcommerce/auth/",
        "apps/bigcommerce/load/",
        "apps/bigcommerce/take/<str:ticket>/",
    }
    assert set(WITHOUT_PERMISSION) <= {pattern.name for pattern in console_urls.urlpatterns}


ROLES: dict[str, frozenset[Permission]] = {
    "owner": frozenset(Permission),
    "admin": frozenset(Permission) - {Permission.OWN},
    "looks only": frozenset({Permission.VIEW}),
    **{str(one): frozenset({Permission.VIEW, one}) for one in GRANTABLE},
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_let_in_where_its_permissions_say_and_nowhere_else(world, role):
    """What a role may not is asked at each address; that the rest is not refused, the owner tells."""
    may = ROLES[role]
    user = console_data.add_member(world, "adam@fernhollow.example")
    member = Membership.objects.get(user=user)
    if role in Role.values:
        member.role = role
    else:
        granted = [str(each) for each in may]
        member.role = Role.CUSTOM
        member.custom_role = CustomRole.objects.create(account=world.account, name=role, permissions=granted)
    member.save()
    browser = browser_of(user).client
    browser.raise_request_exception = False

    let_in = []
    for path, needed in guarded():
        asked = {method: getattr(browser, method)(path).status_code for method in needed if needed[method] not in may}
        assert set(asked.values()) <= {403, 405}, (path, asked)
        assert 403 in asked.values() or not asked, path
        if role == "owner":
            let_in.append(browser.get(path).status_code)
    assert 403 not in let_in


# -- the security log --------------------------------------------------------------------------------------------------


def test_the_security_log_tells_of_sign_ins_failures_roles_and_connections(console, world):
    adam = console_data.add_member(world, "adam@fernhollow.example")
    sign_in = {"login": adam.email, "password": console_data.PASSWORD}
    Client().post("/accounts/login/", {**sign_in, "password": "not it"}, REMOTE_ADDR="203.0.113.9")
    Client().post("/accounts/login/", {"login": "nobody@nowhere.example", "password": "x"})
    Client().post("/accounts/login/", sign_in, REMOTE_ADDR="203.0.113.9")
    console.post(f"/users/{adam.pk}/role/", {"role": "owner"})

    page = console.get("/activity/security/")

    assert "Role changed user:" in page
    assert "Signed in user:" in page
    assert "203.0.113.9" in page
    assert "Sign-in failed user:" in page
    assert "Somebody who is not signed in" in page
    assert "nobody@nowhere.example" not in page
    only = console.get("/activity/security/?kind=users")
    assert "Role changed" in only
    assert "Signed in user:" not in only
    assert "not it" not in page
    assert [entry.action for entry in queries.audit_log("sign_ins", before=None, size=5)[0]] == [
        "accounts.signed_in", "accounts.sign_in_failed",
    ]  # fmt: skip


def test_the_security_log_is_read_page_by_page_and_shows_no_other_account(console, world, other):
    for number in range(7):
        actions.save_role(world.account, None, name=f"Role {number}", permissions=[], by=COMMAND_LINE)
    seen: list[int] = []
    path = "/activity/security/?kind=users&per=5"
    while path:
        page = console.get(path)
        seen += [entry.pk for entry in page["entries"]]
        path = next((f"/activity/security/{link}" for link in page.links if "before=" in link), "")

    assert seen == [entry.pk for entry in AuditEntry.objects.filter(action__startswith="accounts.").order_by("-id")]
    assert "Rival" not in console.get("/activity/security/")
