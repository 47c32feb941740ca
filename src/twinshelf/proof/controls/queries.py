"""What a person may do about what a diagnosis finds: the controls that it offers beside its words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from twinshelf.connections import queries as connections
from twinshelf.connections.models import Connection
from twinshelf.kit.actions import Action


def setting(connection: Connection, name: str) -> Action:
    """Open a preference of a connection."""
    return Action(id="preference.open", label=_("Change setting"), about=name, args=(connection.id, name), method="get")


def of_connection(connection: Connection, action_id: str) -> Action:
    """What may be done for the whole connection, by its id."""
    return next(each for each in connections.actions_for(connection) if each.id == action_id)


def product(pk: int) -> Action:
    """Open a product where its Channel SKUs are set."""
    return Action(id="product.skus", label=_("Map Channel SKU"), args=(pk,), method="get")


def order(pk: int) -> Action:
    """Open an order."""
    return Action(id="order.show", label=_("Open the order"), args=(pk,), method="get")


def warehouses() -> Action:
    """Open the push rules, where locations and warehouses are linked and repaired."""
    return Action(id="warehouses.open", label=_("Warehouses and push rules"), method="get")


def stores() -> Action:
    """Open the form that takes a store's credentials."""
    return Action(id="store.connect", label=_("Connect the store again"), method="get")


def check_access(connection: Connection) -> Action:
    """Ask both platforms whether they let us in."""
    return Action(
        id="connection.access", label=_("Test the connection"), about=connection.name, args=(connection.id,),
        tone="primary",
    )  # fmt: skip
