"""The console's forms."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from twinshelf.accounts.models import User
from twinshelf.connections.models import Connection, Shop, Store
from twinshelf.rules.models import Template
from twinshelf.rules.templates import Source

REGIONS = (("US", _("United States")), ("GB", _("United Kingdom")), ("MY", _("Malaysia")), ("SG", _("Singapore")))
PACKAGE = ("length", "width", "height", "weight")


def _zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]


class SignUpForm(forms.Form):
    """An account with its owner."""

    account = forms.CharField(label=_("Company or account name"), max_length=120)
    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    time_zone = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-zone": ""}))
    email_taken = _("Somebody signs in with this email already. Sign in, or reset the password.")

    def clean_email(self) -> str:
        """Nobody signs in with it yet."""
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError(self.email_taken)
        return email

    def clean_password(self) -> str:
        """Good enough for the installation."""
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password

    def clean_time_zone(self) -> str:
        """What the browser says, if it is a zone."""
        name: str = self.cleaned_data["time_zone"]
        return name if name in available_timezones() else "UTC"


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has no ModelForm[…] at run time
    """What a person may change of themselves. The e-mail is fixed."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zones)

    class Meta:
        model = User
        fields: ClassVar = ["name", "time_zone"]


class StoreForm(forms.Form):
    """Credentials of a BigCommerce API account."""

    store_hash_or_url = forms.CharField(
        label=_("Control panel address or store hash"),
        max_length=300,
        widget=forms.TextInput(attrs={"placeholder": "https://store-….mybigcommerce.com/manage"}),
    )
    access_token = forms.CharField(label=_("Access token"), widget=forms.PasswordInput(attrs={"autocomplete": "off"}))
    client_id = forms.CharField(
        label=_("Client ID"), required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    client_secret = forms.CharField(
        label=_("Client secret"), required=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )


class PairForm(forms.Form):
    """A store and a shop to be kept in step."""

    name = forms.CharField(label=_("Name of the connection"), max_length=120)
    store = forms.ModelChoiceField(Store.objects.none(), label=_("BigCommerce store"), empty_label=None)
    shop = forms.ModelChoiceField(Shop.objects.none(), label=_("TikTok Shop"), empty_label=None)

    def __init__(self, *args: Any, stores: list[Store], shops: list[Shop], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = Store.objects.filter(id__in=[store.id for store in stores])  # type: ignore[attr-defined]
        self.fields["shop"].queryset = Shop.objects.filter(id__in=[shop.id for shop in shops])  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """Not taken in this account."""
        name: str = self.cleaned_data["name"]
        if Connection.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is a connection of this name already."))
        return name


class TemplateForm(forms.Form):
    """Category and package of a connection's default template. Whole numbers, in the store's units."""

    category_id = forms.RegexField(
        r"^\d{1,20}$", label=_("TikTok category number"), widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    category_path = forms.CharField(label=_("Category name"), required=False, max_length=400)
    length = forms.IntegerField(label=_("Length"), required=False, min_value=1)
    width = forms.IntegerField(label=_("Width"), required=False, min_value=1)
    height = forms.IntegerField(label=_("Height"), required=False, min_value=1)
    weight = forms.IntegerField(label=_("Weight"), required=False, min_value=1)

    @classmethod
    def of(cls, template: Template | None) -> TemplateForm:
        """Filled with a template's values."""
        if template is None:
            return cls()
        package = template.rules.get("package", {})
        return cls(initial={"category_id": template.category_id, "category_path": template.category_path, **package})

    def package(self) -> dict[str, int]:
        """The sides and the weight that were filled in."""
        return {side: self.cleaned_data[side] for side in PACKAGE if self.cleaned_data[side]}


_SOURCES: tuple[tuple[Source, Any], ...] = (
    ("fixed", _("Always this value")),
    ("custom_field", _("Custom field")),
    ("brand", _("Brand")),
    ("option", _("Variant option")),
)


class AttributeForm(forms.Form):
    """Where the value of one TikTok attribute comes from."""

    name = forms.CharField(label=_("Attribute"), required=False, max_length=120)
    source = forms.ChoiceField(label=_("Comes from"), choices=_SOURCES)
    field = forms.CharField(label=_("Field in BigCommerce"), required=False, max_length=120)
    value = forms.CharField(label=_("Value, or what to use instead"), required=False, max_length=250)


AttributeFormSet = forms.formset_factory(AttributeForm, extra=2, max_num=100)


class MissedOrdersForm(forms.Form):
    """A window of days in which orders may have been missed."""

    start = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        """The window has its ends in order."""
        cleaned = super().clean() or {}
        if cleaned.get("start") and cleaned.get("end") and cleaned["end"] < cleaned["start"]:
            raise forms.ValidationError(_("The last day is before the first."))
        return cleaned
