"""The console's forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from twinshelf import messages as texts
from twinshelf.accounts import queries as accounts
from twinshelf.accounts.actions import Chosen
from twinshelf.connections import queries as connections
from twinshelf.console import words
from twinshelf.console.templatetags.console import country
from twinshelf.errors import DocumentError, NeedsPerson
from twinshelf.goods import queries as goods
from twinshelf.preferences.fields import DEFAULTS, FIELDS, parse, reason_at, with_values
from twinshelf.rules.categories import Leaf, named
from twinshelf.rules.templates import Source

if TYPE_CHECKING:
    from twinshelf.accounts.models import Account, CustomRole, Membership, User
    from twinshelf.connections.models import Shop, Store
    from twinshelf.rules.models import Template

PACKAGE = ("length", "width", "height", "weight")


_CONTINENTS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


def _zones() -> list[tuple[str, Any]]:
    """Places by continent, after UTC; other names of the same places ("US/Central") are left out."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        continent, _slash, place = name.partition("/")
        if continent in _CONTINENTS and place:
            found.setdefault(continent, []).append((name, place.replace("_", " ").replace("/", ", ")))
    return [("UTC", "UTC"), *found.items()]


class Newcomer(forms.Form):
    """Somebody of whom nothing is known yet but what the browser says."""

    time_zone = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-zone": ""}))

    def clean_time_zone(self) -> str:
        """What the browser says, if it is a zone."""
        name: str = self.cleaned_data["time_zone"]
        return name if name in available_timezones() else "UTC"


class SignUpForm(Newcomer):
    """An account with its owner."""

    account = forms.CharField(label=_("Company or account name"), max_length=120)
    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    email_taken = _("This does not do. Sign in, or use another address.")

    def clean_email(self) -> str:
        """In lower case. Whether somebody signs in with it is not told here."""
        email: str = self.cleaned_data["email"].lower()
        return email

    def clean_password(self) -> str:
        """Good enough for the installation."""
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password


class JoinForm(Newcomer):
    """Accepting an invitation; who has no password yet chooses one."""

    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def __init__(self, data: Mapping[str, Any] | None, *, user: User | None) -> None:
        super().__init__(data)
        self.user = user
        if user is None:
            del self.fields["password"]

    def clean_password(self) -> str:
        """Good enough for the installation."""
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password


class RoleField(forms.ChoiceField):
    """A role of the account: one of ours, or one of its own."""

    def __init__(self, account: Account) -> None:
        super().__init__(label=_("Role"), choices=accounts.role_choices(account))

    def clean(self, value: Any) -> Chosen:
        """As the actions take it."""
        return accounts.chosen(str(super().clean(value)))


class NewUserForm(forms.Form):
    """Somebody to be invited."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))

    def __init__(self, data: Mapping[str, Any] | None, *, account: Account) -> None:
        super().__init__(data)
        self.fields["role"] = RoleField(account)


class RoleChoiceForm(forms.Form):
    """Another role for somebody."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, account: Account, member: Membership) -> None:
        super().__init__(data, initial={"role": accounts.choice_of(member)})
        self.fields["role"] = RoleField(account)


class UserForm(forms.Form):
    """What an owner may change of a user: the name alone."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("Email"), required=False, widget=forms.EmailInput(attrs={"readonly": ""}))

    @classmethod
    def of(cls, member: Membership, data: Mapping[str, Any] | None) -> UserForm:
        """Filled with what is known."""
        form = cls(data, initial={"name": member.user.name, "email": member.user.email})
        form.fixed = member.user.email
        return form

    fixed = ""

    def clean_email(self) -> str:
        """An email is fixed: another one is refused, not passed over."""
        email: str = self.cleaned_data["email"]
        if email and email.lower() != self.fixed:
            error = NeedsPerson("E-USR-EMAIL")
            raise forms.ValidationError(f"{texts.text(error)} {texts.remedy(error)}")
        return self.fixed


class RoleForm(forms.Form):
    """A role of the account's own: a name, and what it lets do."""

    name = forms.CharField(label=_("Name"), max_length=60)
    permissions = forms.MultipleChoiceField(
        label=_("May"), required=False, choices=words.PERMISSIONS, widget=forms.CheckboxSelectMultiple
    )

    @classmethod
    def of(cls, role: CustomRole | None) -> RoleForm:
        """Filled with what is known."""
        return cls(initial={"name": role.name, "permissions": role.permissions} if role else None)


class ProfileForm(forms.Form):
    """What a person may change of themselves. The email is fixed."""

    name = forms.CharField(label=_("Name"), required=False, max_length=120)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zones)

    @classmethod
    def of(cls, user: User) -> ProfileForm:
        """Filled with what is known."""
        form = cls(initial={"name": user.name, "time_zone": user.time_zone})
        choices = _zones()
        known = {name for each in choices for name in ([each[0]] if isinstance(each[1], str) else dict(each[1]))}
        if user.time_zone not in known:  # another name of a place, which the browser gave
            form.fields["time_zone"].choices = [(user.time_zone, user.time_zone), *choices]  # type: ignore[attr-defined]
        return form


class StoreForm(forms.Form):
    """Credentials of a BigCommerce API account."""

    store_hash_or_url = forms.CharField(
        label=_("Control panel address or store hash"),
        max_length=300,
        widget=forms.TextInput(attrs={"placeholder": "https://store-….mybigcommerce.com/manage"}),
    )
    access_token = forms.CharField(label=_("Access Token"), widget=forms.PasswordInput(attrs={"autocomplete": "off"}))
    client_id = forms.CharField(
        label=_("Client ID (App Key)"), required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    client_secret = forms.CharField(
        label=_("Client secret (App Secret)"), required=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )


def _markets() -> list[tuple[str, Any]]:
    named = sorted(((code, country(code)) for code in connections.markets()), key=itemgetter(1))
    return [("", _("Choose the country")), *named, (_ELSEWHERE, _("Another country"))]


_ELSEWHERE = "elsewhere"


class ShopForm(forms.Form):
    """A TikTok Shop to be authorized: where it sells, of which kind its seller is, and what to call it here."""

    region = forms.ChoiceField(label=_("Country of the shop"), choices=_markets)
    seller_type = forms.ChoiceField(
        label=_("Account type"),
        choices=[("LOCAL", words.SELLER_TYPES["LOCAL"]), ("CROSS_BORDER", words.SELLER_TYPES["CROSS_BORDER"])],
        help_text=_("As it was registered: a cross-border seller brings the shops of several countries at once."),
    )
    name = forms.CharField(
        label=_("Name in Twinshelf"),
        required=False,
        max_length=190,
        help_text=_("TikTok's own name stays as it is. A Global Store is called so, and its sub-stores AA01, AA02."),
    )

    sites = forms.MultipleChoiceField(
        label=_("Countries of a cross-border seller"),
        required=False,
        choices=lambda: _markets()[1:-1],
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_sites(self) -> list[str]:
        """A local seller has one shop in one country: nothing to choose."""
        sites: list[str] = self.cleaned_data["sites"]
        return sites if self.cleaned_data.get("seller_type") == "CROSS_BORDER" else []

    def clean_region(self) -> str:
        """A market that we know."""
        region: str = self.cleaned_data["region"]
        if region == _ELSEWHERE:
            raise forms.ValidationError(_("TikTok Shop in other countries is not supported yet."))
        return region


class PairForm(forms.Form):
    """A store and a shop to be kept in step."""

    name = forms.CharField(label=_("Name of the connection"), max_length=120)
    store = forms.ChoiceField(label=_("BigCommerce store"))
    shop = forms.ChoiceField(label=_("TikTok Shop"))
    exchange_rate = forms.CharField(
        label=_("Exchange rate"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    """Asked for where store and shop have different currencies."""
    bring = forms.BooleanField(label=_("Import all products of the store now"), required=False, initial=True)

    def __init__(self, *args: Any, stores: Sequence[Store], shops: Sequence[Shop], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stores = {str(store.id): store for store in stores}
        self._shops = {str(shop.id): shop for shop in shops}
        self.fields["store"].choices = list(self._stores.items())  # type: ignore[attr-defined]
        self.fields["shop"].choices = list(self._shops.items())  # type: ignore[attr-defined]

    def clean_store(self) -> Store:
        """The store of that number: one of those offered."""
        return self._stores[self.cleaned_data["store"]]

    def clean_shop(self) -> Shop:
        """The shop of that number: one of those offered."""
        return self._shops[self.cleaned_data["shop"]]

    def currencies(self) -> tuple[str, str] | None:
        """(the store's, the shop's) where those chosen have different ones."""
        store, shop = self.cleaned_data.get("store"), self.cleaned_data.get("shop")
        if store is None or shop is None or store.currency == shop.currency:
            return None
        return store.currency, shop.currency

    def clean_exchange_rate(self) -> str | None:
        """A rate as the preference takes it; None where none was given."""
        try:
            rate: str | None = parse(FIELDS["exchange_rate"], self.cleaned_data["exchange_rate"])
            with_values(DEFAULTS, {"exchange_rate": rate})
        except DocumentError as error:
            raise forms.ValidationError(reason_at(error)[1]) from error
        return rate

    def clean(self) -> dict[str, Any]:
        """With a rate where the currencies differ: without one nothing could be priced."""
        cleaned = super().clean() or {}
        if (pair := self.currencies()) and not cleaned.get("exchange_rate") and "exchange_rate" not in self.errors:
            asked = _("Your BigCommerce currency is %(store)s, the shop sells in %(shop)s. What is 1 %(store)s worth?")
            told = asked % {"store": pair[0], "shop": pair[1]}
            if proposed := connections.proposed_rate(cleaned["store"], pair[1]):
                self.data = {name: self.data[name] for name in self.data} | {"exchange_rate": f"{proposed:f}"}
                told = f"{told} {_('BigCommerce counts %(rate)s: verify it, and update it if required.')}" % {
                    "rate": f"{proposed:f}"
                }
            self.add_error("exchange_rate", told)
        return cleaned

    @property
    def asks_rate(self) -> bool:
        """Whether the rate is to be filled in: the two chosen are known, and have different currencies."""
        return self.is_bound and self.currencies() is not None

    def clean_name(self) -> str:
        """Not taken in this account."""
        name: str = self.cleaned_data["name"]
        if connections.name_taken(name):
            raise forms.ValidationError(_("There is a connection of this name already."))
        return name


_PICKED = forms.HiddenInput(attrs={"data-picked": ""})


def _category_field(label: Any) -> forms.CharField:
    """Words that find a category, or its full path once one is picked; the combobox of `console.js` does the rest."""
    attrs = {"role": "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "autocomplete": "off"}
    return forms.CharField(label=label, required=False, max_length=400, widget=forms.TextInput(attrs=attrs))


class _WithCategory(forms.Form):
    """A form that names a TikTok category: by the one that was picked, its number, or its full path."""

    no_such = _("There is no such category in this market. Type a word, and choose one from the list.")
    closed = _("TikTok Shop does not let this shop list in this category.")
    unread = _("TikTok's categories are being read. Save again in a moment.")

    def __init__(self, *args: Any, leaves: Mapping[str, Leaf], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leaves = leaves

    def clean(self) -> dict[str, Any]:
        """The category is one of the market's, and open to the shop."""
        cleaned = super().clean() or {}
        text = cleaned.get("category_path", "")
        leaf = None
        if text:
            leaf = named(self._leaves, text, cleaned.get("category_id", ""))
            if leaf is None:
                self.add_error("category_path", self.no_such if self._leaves else self.unread)
            elif not leaf.available:
                self.add_error("category_path", self.closed)
        cleaned["category_id"], cleaned["category_path"] = (leaf.id, leaf.path) if leaf else ("", text)
        return cleaned


class TemplateForm(_WithCategory):
    """Category and package of a connection's default template. Whole numbers, in the store's units."""

    category_id = forms.CharField(required=False, max_length=20, widget=_PICKED)
    category_path = _category_field(_("TikTok category"))
    length = forms.IntegerField(label=_("Length"), required=False, min_value=1)
    width = forms.IntegerField(label=_("Width"), required=False, min_value=1)
    height = forms.IntegerField(label=_("Height"), required=False, min_value=1)
    weight = forms.IntegerField(label=_("Weight"), required=False, min_value=1)

    @classmethod
    def of(cls, template: Template | None, leaves: Mapping[str, Leaf]) -> TemplateForm:
        """Filled with a template's values."""
        if template is None:
            return cls(leaves=leaves)
        chosen = {"category_id": template.category_id, "category_path": template.category_path or template.category_id}
        if template.category_id in leaves:
            chosen["category_path"] = leaves[template.category_id].path
        return cls(initial={**chosen, **template.rules.get("package", {})}, leaves=leaves)

    def package(self) -> dict[str, int]:
        """The sides and the weight that were filled in."""
        return {side: self.cleaned_data[side] for side in PACKAGE if self.cleaned_data[side]}


class CategoryRowForm(_WithCategory):
    """The TikTok category of one category of the store."""

    key = forms.CharField(max_length=500, widget=forms.HiddenInput)
    category_id = forms.CharField(required=False, max_length=20, widget=_PICKED)
    category_path = _category_field(_("TikTok category"))


CategoryRowFormSet = forms.formset_factory(CategoryRowForm, extra=0, max_num=2000, absolute_max=2000)

_SOURCES: tuple[tuple[Source, Any], ...] = (
    ("fixed", _("Always this value")),
    ("custom_field", _("Custom field")),
    ("brand", _("Brand")),
    ("option", _("Variant option")),
)


class AttributeForm(forms.Form):
    """Where the value of one TikTok attribute comes from. `names`: those there are; empty where that is unknown."""

    name = forms.CharField(
        label=_("Attribute"), required=False, max_length=120, widget=forms.TextInput(attrs={"list": "attribute-names"})
    )
    source = forms.ChoiceField(label=_("Comes from"), choices=_SOURCES)
    field = forms.CharField(label=_("Field in BigCommerce"), required=False, max_length=120)
    value = forms.CharField(label=_("Value, or what to use instead"), required=False, max_length=250)

    def __init__(self, *args: Any, names: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names = {name.strip().lower() for name in names}

    def clean_name(self) -> str:
        """One of the attributes that the categories have."""
        name: str = self.cleaned_data["name"].strip()
        if name and self._names and name.lower() not in self._names:
            raise forms.ValidationError(_("These categories have no attribute of this name. Empty it to leave it out."))
        return name


AttributeFormSet = forms.formset_factory(AttributeForm, extra=2, max_num=100)


YEARS = range(2000, 2100)
"""In which orders may have been placed. Nearer to the ends of the calendar a day later, or another zone, is none."""


class PullForm(forms.Form):
    """What to read of the stores: what changed since the last pull, everything, or what changed in some days."""

    LAST, ALL, DAYS = "last", "all", "days"

    what = forms.ChoiceField(
        label=_("Which products"),
        required=False,
        choices=(
            (LAST, _("Changed since the last pull")),
            (ALL, _("All products")),
            (DAYS, _("Changed in these days")),
        ),
        widget=forms.RadioSelect,
    )
    start = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    @classmethod
    def offered(cls, stores: Sequence[Store]) -> PullForm:
        """As a person finds it: since the last pull, or where there was none, the days of the last years."""
        offers = goods.pull_offers(stores)
        never = [offer for offer in offers if offer.since is None]
        days = {"start": min(o.first for o in offers), "end": max(o.last for o in offers)} if offers else {}
        form = cls(initial={"what": cls.DAYS if never else cls.LAST, **days})
        if offers and len(never) == len(offers):
            form.fields["what"].choices = form.fields["what"].choices[1:]  # type: ignore[attr-defined]
        return form

    def clean(self) -> dict[str, Any]:
        """Days are needed where they are what was chosen, and have their ends in order."""
        cleaned = super().clean() or {}
        if cleaned.get("what") != self.DAYS:
            return cleaned
        start, end = cleaned.get("start"), cleaned.get("end")
        if start is None or end is None:
            raise forms.ValidationError(_("Choose the first and the last day."))
        if start.year not in YEARS or end.year not in YEARS:
            raise forms.ValidationError(_("There are no products of that year."))
        if end < start:
            raise forms.ValidationError(_("The last day is before the first."))
        return cleaned


class MissedOrdersForm(forms.Form):
    """A window of days in which orders may have been missed."""

    start = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        """The window has its ends in order."""
        cleaned = super().clean() or {}
        for day in (cleaned.get("start"), cleaned.get("end")):
            if day and day.year not in YEARS:
                raise forms.ValidationError(_("There are no orders of that year."))
        if cleaned.get("start") and cleaned.get("end") and cleaned["end"] < cleaned["start"]:
            raise forms.ValidationError(_("The last day is before the first."))
        return cleaned
