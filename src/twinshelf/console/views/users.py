"""The users of an account, its roles, and accepting an invitation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from twinshelf import messages as texts
from twinshelf.accounts import actions, letters, queries
from twinshelf.accounts.actors import Actor
from twinshelf.console.access import ConsoleRequest, Permission, may, needs, offered
from twinshelf.console.forms import JoinForm, NewUserForm, RoleChoiceForm, RoleForm, UserForm
from twinshelf.console.views.answers import Told, page_size, whole
from twinshelf.console.words import SECURITY
from twinshelf.errors import NeedsPerson

if TYPE_CHECKING:
    from twinshelf.accounts.models import Membership

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@require_safe
@needs(Permission.PEOPLE)
def users(request: ConsoleRequest) -> HttpResponse:
    """Who is in the account, and who is invited."""
    context = {
        "members": queries.members_of(request.account),
        "roles": queries.roles_of(request.account),
        "own": may(request, Permission.OWN),
    }
    return render(request, "console/users.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OWN)
def add(request: ConsoleRequest) -> HttpResponse:
    """Add a user by name and email: they get a link, by email or, where none is sent, from the owner."""
    form = NewUserForm(request.POST or None, account=request.account)
    if request.method == "POST":
        refused: HttpResponse | None = ratelimit.consume_or_429(request, action="invite")
        if refused is not None:
            return refused
        if form.is_valid():
            by = Actor.of(request.user)
            data = form.cleaned_data
            try:
                invited = actions.invite(
                    request.account, email=data["email"], name=data["name"], chosen=data["role"], by=by
                )
            except NeedsPerson as error:
                form.add_error("email", _said(error))
            else:
                return _invited(request, invited, by)
    return render(request, "console/user_new.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.PEOPLE, change=Permission.OWN)
def user(request: ConsoleRequest, user_id: int) -> HttpResponse:
    """One user; the owner changes the name here, and never the email."""
    member = _member(request, user_id)
    own = may(request, Permission.OWN)
    form = UserForm.of(member, request.POST if request.method == "POST" and own else None)
    if request.method == "POST":
        if not own:
            return HttpResponse(status=403)
        if form.is_valid():
            try:
                actions.rename_user(request.account, user_id, name=form.cleaned_data["name"], by=Actor.of(request.user))
            except NeedsPerson as error:
                form.add_error("name", _said(error))
            else:
                messages.success(request, _("Saved."))
                return redirect("user", user_id)
    context = {
        "member": member,
        "form": form,
        "own": own,
        "role_form": RoleChoiceForm(account=request.account, member=member),
        "actions": offered(request, queries.actions_for(member)),
        "history": queries.audit_about(f"user:{user_id}", limit=50) if may(request, Permission.SECURITY) else [],
    }
    return render(request, "console/user.html", context, status=400 if form.errors else 200)


@require_POST
@needs(Permission.OWN)
def role(request: ConsoleRequest, user_id: int) -> HttpResponse:
    """Give a user another role."""
    form = RoleChoiceForm(request.POST, account=request.account, member=_member(request, user_id))
    with Told(request):
        if not form.is_valid():
            raise NeedsPerson("E-USR-ROLE")
        actions.set_role(request.account, user_id, form.cleaned_data["role"], by=Actor.of(request.user))
        messages.success(request, _("Role saved."))
    return redirect("user", user_id)


@require_POST
@needs(Permission.OWN)
def link(request: ConsoleRequest, user_id: int) -> HttpResponse:
    """A new link for somebody who is invited; the old one works no more."""
    refused: HttpResponse | None = ratelimit.consume_or_429(request, action="invite")
    if refused is not None:
        return refused
    _member(request, user_id)
    by = Actor.of(request.user)
    with Told(request):
        return _invited(request, actions.invite_again(request.account, user_id, by=by), by)
    return redirect("user", user_id)


@require_POST
@needs(Permission.OWN)
def remove(request: ConsoleRequest, user_id: int) -> HttpResponse:
    """Take a user out of the account."""
    member = _member(request, user_id)
    with Told(request):
        actions.remove_user(request.account, user_id, by=Actor.of(request.user))
        messages.success(request, _("%(name)s is out of the account.") % {"name": member.user})
        return redirect("users")
    return redirect("user", user_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OWN)
def edit_role(request: ConsoleRequest, role_id: int | None = None) -> HttpResponse:
    """Make a role of the account's own, or change one."""
    known = queries.role(request.account, role_id) if role_id is not None else None
    if role_id is not None and known is None:
        raise Http404
    form = RoleForm(request.POST) if request.method == "POST" else RoleForm.of(known)
    if form.is_valid():
        try:
            actions.save_role(
                request.account,
                role_id,
                name=form.cleaned_data["name"],
                permissions=[Permission(each) for each in form.cleaned_data["permissions"]],
                by=Actor.of(request.user),
            )
        except NeedsPerson as error:
            form.add_error("name", _said(error))
        else:
            messages.success(request, _("Role saved."))
            return redirect("users")
    title = known.name if known else _("Add a role")
    context = {"form": form, "title": title, "actions": queries.actions_for_role(known) if known else []}
    return render(request, "console/role.html", context, status=400 if form.errors else 200)


@require_POST
@needs(Permission.OWN)
def delete_role(request: ConsoleRequest, role_id: int) -> HttpResponse:
    """Delete a role that nobody has."""
    if queries.role(request.account, role_id) is None:
        raise Http404
    with Told(request):
        actions.delete_role(request.account, role_id, by=Actor.of(request.user))
        messages.success(request, _("Role deleted."))
    return redirect("users")


@require_safe
@needs(Permission.SECURITY)
def security(request: ConsoleRequest) -> HttpResponse:
    """Who did what in the account: sign-ins, users and roles, connections, and everything else."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in SECURITY else ""
    size = page_size(request.GET)
    entries, older = queries.audit_log(kind, before=whole(request.GET, "before", 0), size=size)
    context = {"entries": entries, "older": older, "kind": kind, "kinds": SECURITY.items(), "size": size}
    return render(request, "console/security.html", context)


@require_safe
@never_cache
def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an invitation: kept in the session, so that no address tells it any more."""
    request.session[_TOKEN] = token
    return redirect("joining")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def joining(request: HttpRequest) -> HttpResponse:
    """Accept an invitation: with a password that is chosen here, or signed in with the one there is."""
    token = str(request.session.get(_TOKEN, ""))
    invitation = queries.invitation(token) if token else None
    if invitation is None:
        return render(request, "account/invitation_spent.html", status=404)
    invited, here = invitation.user, request.user
    if not here.is_authenticated and invited.has_usable_password():
        return redirect_to_login(request.get_full_path())
    if here.is_authenticated and here.pk != invited.pk:
        return render(request, "account/invitation_other.html", {"invitation": invitation}, status=403)
    form = JoinForm(request.POST if request.method == "POST" else None, user=None if here.is_authenticated else invited)
    if request.method == "POST":
        refused: HttpResponse | None = ratelimit.consume_or_429(request, action="join")
        if refused is not None:
            return refused
        if form.is_valid():
            try:
                joined = _join(request, token, form)
            except ValidationError as error:
                form.add_error("password", error)
            except (actions.LinkSpent, actions.NotTheirs):
                return render(request, "account/invitation_spent.html", status=404)
            else:
                request.session.pop(_TOKEN, None)
                request.session["account"] = joined.account_id
                return redirect("dashboard")
    context = {"form": form, "invitation": invitation}
    return render(request, "account/invitation.html", context, status=400 if form.errors else 200)


_TOKEN = "invitation"  # noqa: S105 - the name of its place in the session


def _join(request: HttpRequest, token: str, form: JoinForm) -> Membership:
    if request.user.is_authenticated:
        return actions.join(token, request.user)
    data = form.cleaned_data
    joined = actions.join_with_password(token, password=data["password"], time_zone=data["time_zone"])
    login(request, joined.user, backend=_BACKEND)
    return joined


def _invited(request: ConsoleRequest, invited: actions.Invited, by: Actor) -> HttpResponse:
    link = letters.deliver(invited, by=by)
    if not link:
        messages.success(request, _("Sent to %(email)s.") % {"email": invited.membership.user.email})
        return redirect("users")
    return render(request, "console/user_link.html", {"member": invited.membership, "link": link, "new": invited.token})


def _member(request: ConsoleRequest, user_id: int) -> Membership:
    member = queries.member_of(request.account, user_id)
    if member is None:
        raise Http404
    return member


def _said(error: NeedsPerson) -> str:
    return f"{texts.text(error)} {texts.remedy(error)}"
