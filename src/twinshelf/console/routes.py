"""Where each action of the domains leads in the console, and its icon. The domains know no addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from twinshelf.kit.actions import Action
from twinshelf.messages import Control


@dataclass(frozen=True)
class Route:
    """The address of an action, made of its `args`."""

    address: Callable[..., str]
    icon: str = ""
    outside: bool = False
    """Leads to another site."""


def _to(name: str, *after: str) -> Callable[..., str]:
    """The address of a view: with the action's `args`, and `after` them its own."""
    return lambda *args: reverse(name, args=[*args, *after])


def _authorize(region: str) -> str:
    return f"{reverse('authorize')}?region={region}"


def _category_map(connection_id: Any) -> str:
    return f"{reverse('category_map')}?shop={connection_id}"


def _templates(connection_id: Any) -> str:
    return f"{reverse('templates')}?shop={connection_id}"


def _edit(pk: Any, connection_id: Any = "") -> str:
    return reverse("product_edit", args=[pk]) + (f"?shop={connection_id}" if connection_id else "")


def _part(tab: str) -> Callable[..., str]:
    return lambda pk: f"{reverse('product_edit', args=[pk])}#{tab}"


def _map(pk: Any, connection_id: Any = "") -> str:
    return reverse("product_map", args=[pk]) + (f"?shop={connection_id}" if connection_id else "")


def _upload(connection_id: Any, template_id: Any = "") -> str:
    return reverse("template_upload", args=[connection_id]) + (f"?template={template_id}" if template_id else "")


def _doctor(connection_id: Any) -> str:
    return f"{reverse('doctor')}?shop={connection_id}"


def _preference(connection_id: Any, name: str) -> str:
    return f"{reverse('preferences', args=[connection_id])}#{name}"


def _channel_skus(pk: Any) -> str:
    return f"{reverse('product', args=[pk])}#channel-skus"


def _stores() -> str:
    return f"{reverse('connections')}#stores"


def order_in_store(control_panel: str, order_id: Any) -> str:
    """An order in the store's own control panel."""
    return f"{control_panel}/manage/orders/{order_id}"


def product_in_store(control_panel: str, product_id: Any) -> str:
    """A product in the store's own control panel; "" where that has no known address."""
    return f"{control_panel}/manage/products/edit/{product_id}" if control_panel else ""


ROUTES: Final[Mapping[str, Route]] = {
    "product.edit": Route(_edit),
    "product.map": Route(_map),
    "product.list": Route(_to("products_act", "list")),
    "product.review": Route(_to("products_act", "review")),
    "product.upload": Route(_to("products_act", "upload")),
    "product.pull": Route(_to("products_act", "pull")),
    "product.size_chart": Route(_part("media")),
    "product.certificates": Route(_part("shipping")),
    "product.attributes": Route(_part("attributes")),
    "product.brand": Route(_part("basic")),
    "product.category": Route(_part("basic")),
    "product.refresh": Route(_to("products_act", "refresh")),
    "product.sync": Route(_to("products_act", "sync")),
    "product.activate": Route(_to("products_act", "activate")),
    "product.prices": Route(_to("products_act", "prices")),
    "product.stock": Route(_to("products_act", "stock")),
    "product.delete": Route(_to("products_act", "delete")),
    "product.recover": Route(_to("products_act", "recover")),
    "product.deactivate": Route(_to("products_act", "deactivate")),
    "problem.confirm": Route(_to("problems_confirm")),
    "problem.retry_group": Route(_to("problems_retry")),
    "problem.retry": Route(_to("problem_retry")),
    "order.cancel": Route(_to("order_cancel")),
    "order.reasons": Route(_to("order_reasons")),
    "order.grant": Route(_to("order_answer", "grant")),
    "order.decline": Route(_to("order_answer", "decline")),
    "order.sync": Route(_to("order_sync"), "sync"),
    "order.retry": Route(_to("order_retry"), "sync"),
    "order.link": Route(_to("order_link"), "link"),
    "order.choose": Route(_to("order_link"), "link"),
    "oversold.checked": Route(_to("oversold_checked")),
    "shop.manage": Route(str, "ext", outside=True),
    "order.open": Route(order_in_store, "ext", outside=True),
    "return.sync": Route(_to("return_sync"), "sync"),
    "return.decide": Route(_to("return_decide")),
    "return.restock": Route(_to("return_restock")),
    "return.refunded": Route(_to("return_refunded")),
    "return.stocked": Route(_to("return_stocked")),
    "task.items": Route(_to("task_items"), "dl"),
    "task.undo": Route(_to("task_undo"), "undo"),
    "task.again": Route(_to("task_again"), "sync"),
    "task.cancel": Route(_to("task_cancel")),
    "connection.check": Route(_to("connection_act", "check")),
    "connection.pull": Route(_to("connection_act", "pull")),
    "connection.refresh": Route(_to("connection_act", "refresh")),
    "connection.sync": Route(_to("connection_act", "sync")),
    "inventory.repair": Route(_to("inventory_repair"), "sync"),
    "connection.inventory": Route(_to("connection_act", "inventory")),
    "connection.settings": Route(_to("preferences"), "cog"),
    "connection.skus": Route(_to("skus")),
    "connection.doctor": Route(_doctor),
    "connection.access": Route(_to("doctor_test"), "sync"),
    "preference.open": Route(_preference),
    "product.skus": Route(_channel_skus),
    "order.show": Route(_to("order")),
    "warehouses.open": Route(_to("inventory_warehouses")),
    "store.connect": Route(_stores, "link"),
    "connection.orders": Route(_to("connection_act", "orders")),
    "connection.template": Route(_to("template")),
    "template.all": Route(_templates),
    "template.map": Route(_category_map),
    "template.default": Route(_to("template")),
    "template.create": Route(_to("template_create")),
    "template.edit": Route(_to("template_edit")),
    "template.copy": Route(_to("template_copy")),
    "template.list": Route(_upload),
    "template.upload": Route(_upload),
    "template.upload_where": Route(_to("template_upload_where")),
    "template.up": Route(_to("template_move", "up")),
    "template.down": Route(_to("template_move", "down")),
    "template.delete": Route(_to("template_delete")),
    "warehouses.sync": Route(_to("warehouses_sync"), "sync"),
    "warehouses.retry": Route(_to("warehouses_sync"), "sync"),
    "warehouses.repair": Route(_to("warehouses_repair")),
    "warehouses.replace": Route(_to("push_rule_replace")),
    "warehouses.rule": Route(_to("push_rule")),
    "warehouses.add": Route(_to("push_rule_add"), "plus"),
    "location.link": Route(_to("location_link"), "link"),
    "shop.authorize": Route(_authorize),
    "user.link": Route(_to("user_link"), "link"),
    "user.remove": Route(_to("user_remove")),
    "role.delete": Route(_to("role_delete")),
}


def control_address(control: Control, owner: str) -> str:
    """Where a control is that a remedy names, for a problem of `owner`; "" where no address leads to it."""
    kind, _colon, number = owner.partition(":")
    if kind != "connection":
        return ""
    match control.page:
        case "categories":
            return _category_map(int(number))
        case "warehouses":
            return reverse("inventory_warehouses")
        case "preferences":
            return f"{reverse('preferences', args=[int(number)])}#{control.at}"
        case _:
            return ""


def address_of(action: Action) -> str:
    """Where the action's button leads."""
    return ROUTES[action.id].address(*action.args)
