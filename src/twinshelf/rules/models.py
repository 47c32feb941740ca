"""The tables of a merchant's choices: category templates, what their conditions look at, and the products of each."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from twinshelf.accounts.models import AccountModel
from twinshelf.connections.models import Connection, Store
from twinshelf.kit import clock
from twinshelf.rules.conditions import Texts, fold


class Template(AccountModel):
    """Category, attributes, package and price rule for the products that it holds. One per connection is the default.

    The others are tried in the order of `position`.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(max_length=80)
    name_key = models.TextField()
    """The name as names are compared: no two templates of a connection have one. Set by saving."""
    is_default = models.BooleanField(default=False)
    position = models.IntegerField(default=0)
    category_id = models.CharField(max_length=20, blank=True)
    category_path = models.TextField(blank=True)
    rules = models.JSONField(default=dict)
    """`documents` of the template: see rules/templates.py (conditions, attribute map, package, price rule, …)."""
    removed_at = models.DateTimeField(null=True)
    """Deleted by a person: it is not shown and takes no product. Its row goes with the last product that it held."""
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"], condition=models.Q(is_default=True), name="one_default_template"
            ),
            models.UniqueConstraint(
                fields=["connection", "name_key"], condition=models.Q(removed_at=None), name="template_name_once"
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With the key of its name."""
        self.name_key = fold(self.name)
        if kwargs.get("update_fields"):
            kwargs["update_fields"] = {*kwargs["update_fields"], "name_key"}
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return self.name


class ProductTexts(AccountModel):
    """What conditions look at of a product of a store (`conditions.Texts`), as last read."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    product_id = models.CharField(max_length=64)
    title = models.TextField()
    sku = models.TextField()
    brand = models.TextField()
    category = models.TextField()
    product_type = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["store", "product_id"], name="product_texts_once")]

    def texts(self) -> Texts:
        """As a document."""
        return Texts(self.title, self.sku, self.brand, self.category, self.product_type)

    def __str__(self) -> str:
        return f"{self.product_id} of {self.store_id}"


class Decided(models.TextChoices):
    """Why a template holds a product."""

    FITS = "fits", "Fits its conditions"
    OVERRIDE = "override", "Taken from another template"
    CHOSEN = "chosen", "Chosen by a person"
    """It stays there, whatever its conditions say, until the template is deleted or somebody chooses again."""


class Membership(AccountModel):
    """A product that a template holds, in one connection. One without a row is held by the default template.

    A row of the default template itself says that a person has chosen it.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    product_id = models.CharField(max_length=64)
    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="+")
    decided = models.CharField(max_length=10, choices=Decided.choices, default=Decided.FITS)
    since = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "product_id"], name="one_template_per_product")
        ]
        indexes: ClassVar = [models.Index(fields=["template", "product_id"], name="membership_by_template")]

    def __str__(self) -> str:
        return f"{self.product_id} in {self.template_id}"


class PushRule(AccountModel):
    """A warehouse of a connection's shop that gets stock: of one location, or of all that are linked to it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="push_rules")
    warehouse_id = models.CharField(max_length=40)
    location_id = models.CharField(max_length=64, blank=True)
    """The only location whose stock is sent; "": the sum of those linked to the warehouse."""
    position = models.IntegerField(default=0)
    chosen = models.BooleanField(default=False)
    """A person chose the warehouse: SKUs that are in others are put into it."""
    refused_at = models.DateTimeField(null=True)
    """Since when TikTok takes no stock for the warehouse; None: it took the last that was sent."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "warehouse_id"], name="one_push_rule_per_warehouse")
        ]

    def __str__(self) -> str:
        return f"stock to {self.warehouse_id} of {self.connection_id}"


class LocationLink(AccountModel):
    """A location of the store, linked to the warehouse of a shop that stands for the same place.

    Each location feeds one warehouse of a shop at most: no unit is offered twice. `warehouse_id` "": it is a place that
    the shop does not sell from, such as a showroom or an external warehouse, and is not flagged.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="location_links")
    location_id = models.CharField(max_length=64)
    warehouse_id = models.CharField(max_length=40, blank=True)
    position = models.IntegerField(default=0)
    """Of the locations of one warehouse, the order in which its orders are taken from them."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "location_id"], name="location_linked_once")
        ]

    def __str__(self) -> str:
        return f"{self.location_id} is {self.warehouse_id}"
