"""Accounts, users, memberships, the audit log. `AccountModel` is the base of every table of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django_scopes import ScopedManager

from twinshelf.accounts.actors import ActorKind
from twinshelf.kit import clock


class Account(models.Model):
    """A customer of the installation. Everything a merchant or an agency has hangs below one."""

    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now)
    most_shops = models.PositiveIntegerField(null=True)
    """At most so many TikTok Shops, as the operator says; None: any number. A Global Store itself is none."""
    takes_cross_border = models.BooleanField(default=True)
    """Whether shops of cross-border sellers may join, as the operator says."""

    def __str__(self) -> str:
        return self.name


M = TypeVar("M", bound=models.Model)

if TYPE_CHECKING:
    # django-scopes makes the class of its manager anew at each call and types nothing: this is what it has.
    class _Scoped(models.Manager[M]):
        def with_scopes_disabled(self) -> Self: ...
else:
    _Scoped = type(ScopedManager(account="account"))


class AccountManager(_Scoped[M]):
    """The rows of the account in scope. `with_scopes_disabled()` reaches all: for a look-up that finds the account.

    Raises ScopeError where no scope is open.
    """


class AccountModel(models.Model):
    """A row of one account. Querying it outside of `scope(account=…)` raises, so no view or worker can forget."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    objects = AccountManager()

    class Meta:
        abstract = True


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user on record, the address in lower case. Without a password nobody can sign in as them by one."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, by email address. What they may do depends on their membership in an account."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    emails = models.BooleanField(default=True, db_default=True)
    """Whether they want email about the connections of their accounts: one switch for all of them."""
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    CUSTOM = "custom", "Role of the account"


class CustomRole(AccountModel):
    """A role that an account made for itself: a name for a set of permissions."""

    name = models.CharField(max_length=60)
    permissions = models.JSONField(default=list)
    """Values of `Permission` that an account may grant; to look is always granted."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "name"], name="role_once")]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> Self:
        """Who is in an account now: neither invited only nor removed."""
        return self.filter(accepted_at__isnull=False, removed_at__isnull=True)


class Membership(models.Model):
    """A user's part in an account. Read before any account scope is known, hence not an AccountModel.

    One that was removed stays on record, so that it is known again when its owner adds the person again.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.ADMIN)
    custom_role = models.ForeignKey(CustomRole, null=True, on_delete=models.RESTRICT, related_name="memberships")
    """The role where `role` is Role.CUSTOM, else None."""
    accepted_at = models.DateTimeField(null=True, default=clock.now)
    """None: invited, and not come yet."""
    removed_at = models.DateTimeField(null=True)
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    """Of the link that lets the invited person in, once; "" where none does."""
    token_until = models.DateTimeField(null=True)
    token_mailed = models.BooleanField(default=False)
    """Whether the link went to the address and nowhere else, so that whoever has it reads that address."""

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role="custom", custom_role__isnull=False)
                | (~models.Q(role="custom") & models.Q(custom_role__isnull=True)),
                name="membership_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.account} as {self.role_name}"

    @property
    def role_name(self) -> str:
        """How the role is called."""
        return str(self.custom_role) if self.custom_role else str(self.get_role_display())

    @property
    def owns(self) -> bool:
        """Whether it is an owner's."""
        return self.role == Role.OWNER


class AuditEntry(AccountModel):
    """One thing that somebody did in an account. Written by `audit.record`, and never changed."""

    at = models.DateTimeField(default=clock.now)
    actor_kind = models.CharField(max_length=20, choices=[(kind.value, kind.value.capitalize()) for kind in ActorKind])
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    """None where no person did it, and of a person who is gone; their name stays."""
    actor_name = models.CharField(max_length=254)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    detail = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "-at"], name="audit_newest_of_account"),
            models.Index(fields=["account", "subject", "action", "-at"], name="audit_newest_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} {self.subject}"
