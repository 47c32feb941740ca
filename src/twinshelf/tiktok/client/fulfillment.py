"""Fulfillment: what the seller ships, and in which packages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from twinshelf.errors import NotFound
from twinshelf.tiktok import packages, wire
from twinshelf.tiktok.client.calls import Calls, nothing
from twinshelf.tiktok.errors import PLATFORM, AlreadyShipped
from twinshelf.tiktok.packages import Package, PackagedUnit, Shipped


class FulfillmentCalls(Calls):
    """What becomes of paid orders."""

    def mark_shipped(self, order_id: str, unit_ids: Sequence[str], tracking_number: str, provider_id: str) -> Shipped:
        """Report units of an order as shipped by the seller, and return the package that comes of it.

        Not repeatable: after a lost answer read `packaged_units` first. If TikTok says that they were shipped before,
        they are read here, and it is a success if they went with this tracking number; else AlreadyShipped.
        Raises OnHold, OrderCancelled, RequestPending, ShippedByTikTok, TrackingRefused.
        Source: Mark Package As Shipped, POST /fulfillment/202610/orders/{order_id}/packages. US, GB, EU and JP only.
        """
        body = packages.shipment_to_json(unit_ids, tracking_number, provider_id)
        path = "/fulfillment/202610/orders/{}/packages"
        try:
            return self._post(path, packages.shipped_from_json, body, ids=(order_id,), repeatable=False)
        except AlreadyShipped:
            package_id = _package_of(self.packaged_units(order_id), unit_ids, tracking_number)
            if not package_id:
                raise
            return Shipped(package_id=package_id)

    def packaged_units(self, order_id: str) -> tuple[PackagedUnit, ...]:
        """Every unit of an order with the package it went into. Raises NotFound.

        Source: Get Order Detail, GET /order/202507/orders.
        """
        found = self._get(
            "/order/202507/orders",
            lambda data: wire.rows_at(data, "orders", packages.packaged_units_from_json),
            query={"ids": order_id},
        )
        if not found:
            raise NotFound(PLATFORM, f"There is no order {order_id}.", platform_code=0, code="E-ORD-GONE")
        return found[0]

    def package(self, package_id: str) -> Package:
        """One package. Source: Get Package Detail, GET /fulfillment/202309/packages/{package_id}."""
        return self._get("/fulfillment/202309/packages/{}", packages.package_from_json, ids=(package_id,))

    def ship_package(self, package_id: str, *, tracking_number: str = "", provider_id: str = "") -> None:
        """Report a package as shipped in the markets where packages exist from payment on (`Region.shipping` "ship").

        Without tracking number TikTok's own carrier is asked to come. Not repeatable: after a lost answer read
        `package` first. If TikTok says that it was shipped before, it is read here, and it is a success if it went with
        this tracking number; else AlreadyShipped. Raises OnHold, OrderCancelled, RequestPending, TrackingRefused.
        Source: Ship Package, POST /fulfillment/202309/packages/{package_id}/ship.
        """
        body = {"self_shipment": packages.tracking_to_json(tracking_number, provider_id)} if tracking_number else {}
        path = "/fulfillment/202309/packages/{}/ship"
        try:
            self._post(path, nothing, body, ids=(package_id,), repeatable=False)
        except AlreadyShipped:
            package = self.package(package_id)
            if not package.arranged or not _same_tracking(package.tracking_number, tracking_number):
                raise

    def update_shipping(self, package_id: str, tracking_number: str, provider_id: str) -> None:
        """Correct tracking number and carrier of a package; TikTok allows it once, within 72 hours.

        Not repeatable: a second call is refused. Source: Update Package Shipping Info,
        POST /fulfillment/202610/packages/{package_id}/shipping_info/update.
        """
        self._post(
            "/fulfillment/202610/packages/{}/shipping_info/update",
            nothing,
            packages.tracking_to_json(tracking_number, provider_id),
            ids=(package_id,),
            repeatable=False,
        )


def _package_of(units: Iterable[PackagedUnit], unit_ids: Collection[str], tracking_number: str) -> str:
    """The package that all of `unit_ids` went into with this tracking number; "" if it is not so."""
    ours = [unit for unit in units if unit.unit_id in set(unit_ids)]
    if len(ours) != len(set(unit_ids)) or not all(unit.package_id for unit in ours):
        return ""
    if not all(_same_tracking(unit.tracking_number, tracking_number) for unit in ours):
        return ""
    return ours[0].package_id


def _same_tracking(there: str, ours: str) -> bool:
    """Equal as carriers read them; TikTok does not always tell the number."""
    return not there or packages.clean_tracking(there) == packages.clean_tracking(ours)
