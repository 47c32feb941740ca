"""Reasons for cancelling, returning, refunding and refusing: which names a market offers whom in which order status.

Names are those of the platform's interface; they are irregular and must be taken as they are. Source:
`reference/tiktok-shop.md` sections 17.2, 17.3 and 17.6; texts partly ours.
"""

from __future__ import annotations

from typing import Final

Reasons = dict[str, str]
"""Reason name → text."""

_NO_REQUEST: Final = ("GB", "ID", "MY", "SG", "TH", "VN")
_NO_ADDRESS: Final = ("ID", "PH", "VN", "MY", "TH", "SG")


def _uk(region: str, reasons: Reasons) -> Reasons:
    """UK variants end in `_uk`, except those shared by all markets."""
    if region != "GB":
        return reasons
    shared = ("seller_reject_apply", "seller_cancel_order_reason")
    return {
        name if name.startswith(shared) or name.endswith("_uk") else f"{name}_uk": text
        for name, text in reasons.items()
    }


def seller_cancel(region: str, status: str) -> Reasons:
    """What a seller may give for cancelling an order that is in `status`."""
    found: Reasons = {}
    if status == "UNPAID":
        found["seller_cancel_unpaid_reason_out_of_stock"] = "Out of stock"
        if region != "MX":
            found["seller_cancel_unpaid_reason_wrong_price"] = "Pricing error"
        if region != "SG":
            found["seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed"] = "Buyer did not pay on time"
        if region not in _NO_REQUEST:
            found["seller_cancel_unpaid_reason_buyer_requested_cancellation"] = "Buyer requested cancellation"
    else:
        found["seller_cancel_reason_out_of_stock"] = "Out of stock"
        if region not in ("MX", "BR"):
            found["seller_cancel_reason_wrong_price"] = "Pricing error"
        if region not in _NO_ADDRESS:
            found["seller_cancel_paid_reason_address_not_deliver"] = "Unable to deliver to buyer address"
        if region not in _NO_REQUEST:
            found["seller_cancel_paid_reason_buyer_requested_cancellation"] = "Buyer requested cancellation"
        if region == "JP":
            found["seller_cancel_order_reason_potential_fraud"] = "Order with high chance of cancellation / refund"
    return _uk(region, found)


def all_seller_cancel(region: str) -> Reasons:
    """Every reason for which a seller may cancel in a region."""
    return seller_cancel(region, "UNPAID") | seller_cancel(region, "AWAITING_SHIPMENT")


def is_out_of_stock(name: str) -> bool:
    """Whether a cancellation for that reason says that stock was wrong."""
    return "out_of_stock" in name


def buyer_cancel(region: str, status: str) -> Reasons:
    """Reasons of a buyer, by the state of the order."""
    if status == "UNPAID":
        found = {
            "ecom_order_unpaid_canceled_reason_payment_method_not_available": "Preferred payment method not available",
            "ecom_order_unpaid_canceled_reason_created_by_mistakes": "Ordered by mistake",
            "ecom_order_unpaid_canceled_reason_better_price": "Better price available",
            "ecom_order_unpaid_canceled_reason_no_longer_needed": "No longer needed",
            "buyer_cancel_need_to_input/change_coupon_code": "Need to input/change coupon code",
        }
    else:
        found = {
            "ecom_order_to_ship_canceled_reason_no_longer_needed": "No longer needed",
            "ecom_order_to_ship_canceled_reason_created_by_mistakes": "Bought by mistake",
            "ecom_order_to_ship_canceled_reason_better_price": "Better price available",
            "ecom_order_to_ship_canceled_reason_wrong_delivery_info": "Incorrect shipping address",
            "ecom_order_to_ship_canceled_reason_not_shipped_on_time": "Item wasn't shipped on time",
            "ecom_order_to_ship_canceled_reason_high_delivery_costs": "High shipping fee",
            "buyer_cancel_wrong_item_variation_(colour,_size,_etc.)": "Wrong item variation (colour, size, etc.)",
        }
    return _uk(region, found)


SYSTEM: Final[Reasons] = {
    "system_cancel_unpaid_time_out": "Automatically cancelled because it was not paid in time",
    "system_cancel_order_reason_shipping_timeout": "Automatically cancelled because it was not shipped in time",
    "system_cancel_order_untracked": "Automatically cancelled because the parcel was not collected in time",
    "system_cancel_order_exceed_edt_not_arrive": "Automatically cancelled because the parcel did not arrive in time",
    "package_lost": "Package lost",
    "package_damaged": "Package damaged",
    "package_scrap": "Package scrapped",
    "returned_to_shipper_refused": "Package refused",
    "returned_to_shipper_other": "Package returned to the shipper",
    "threepl_breach": "The carrier failed",
    "platform_cancel": "Cancelled by the platform",
    "operator_cancel_risk_control_block": "Failed to pass risk review",
    "system_cancel_order_reason_potential_fraud": "We have identified a risk involved with this order",
}


def reject_cancel(region: str) -> Reasons:
    """Reasons to refuse a cancellation."""
    return _uk(
        region,
        {
            "order_manage_list_action_respond_popup_reject_reason_invalid_cancellation_reason": (
                "Invalid reason for cancellation"
            ),
            "order_manage_list_action_respond_popup_reject_reason_delivered": "Product delivery is on schedule",
            "order_manage_list_action_respond_popup_reject_reason_buyer_agree": "Reached an agreement with the buyer",
            "seller_reject_apply_product_has_been_packed": "Product has been packed",
        },
    )


def buyer_return(region: str, kind: str, status: str) -> Reasons:
    """`kind` is REFUND, RETURN_AND_REFUND, REPLACEMENT or EXCHANGE."""
    if kind == "REFUND" and status in ("AWAITING_COLLECTION", "IN_TRANSIT"):
        return _uk(region, {"ecom_order_shipped_refund_reason_not_arrive_on_time": "Product wouldn't arrive on time"})
    if kind == "REFUND":
        return _uk(
            region,
            {
                "ecom_order_delivered_refund_reason_not_received": "Package wasn't received",
                "ecom_order_delivered_refund_reason_damaged": "Damaged item or packaging",
                "ecom_order_delivered_refund_reason_defective": "Defective item",
                "ecom_order_delivered_refund_reason_missing_product": "Missing product or accessories",
            },
        )
    return _uk(
        region,
        {
            "ecom_order_delivered_refund_and_return_reason_no_need": "No longer needed",
            "ecom_order_delivered_refund_and_return_reason_not_match_description": "Item doesn't match description",
            "ecom_order_delivered_refund_and_return_reason_missing_product": "Missing item or parts",
            "ecom_order_delivered_refund_and_return_reason_damaged": "Damaged item or packaging",
            "ecom_order_delivered_refund_and_return_reason_defective": "Defective item",
            "ecom_order_delivered_refund_and_return_reason_wrong_product": "Wrong item was sent",
            "buyer_return_and_refund_item_doesn't_fit": "Item doesn't fit",
            "buyer_return_and_refund_fabric,_material_or_style_not_as_expected": (
                "Fabric, material or style not as expected"
            ),
        },
    )


def seller_return(region: str, kind: str, status: str) -> Reasons:
    """Reasons for which a seller may start a return or refund."""
    if kind == "RETURN_AND_REFUND":
        found = {"seller_ecom_delivered_return_refund_reason1": "No longer needed"}
        if region != "US":
            more = {
                "not_match_description": "Product doesn't match description",
                "damaged": "Package or product is damaged",
                "wrong_product": "Wrong product was sent",
            }
            for word, text in more.items():
                found[f"ecom_order_delivered_refund_and_return_reason_{word}_seller"] = text
        return _uk(region, found)
    if status in ("AWAITING_COLLECTION", "IN_TRANSIT"):
        if region == "US":
            return {
                "seller_shipped_refund_package_lost": "Package lost",
                "seller_shipped_refund_package_delivery_failed": "Package delivery failed",
                "seller_shipped_refund_miss_estimated_delivery_date": "Missed estimated delivery date",
            }
        return _uk(
            region,
            {
                "seller_package_lost": "Package lost",
                "ecom_order_shipped_refund_reason_not_arrive_on_time_seller": "Product wouldn't arrive on time",
            },
        )
    words = {
        "missing_product": "Missing product or accessories",
        "not_received": "Package wasn't received",
        "not_match_description": "Product doesn't match description",
        "damaged": "Package or product is damaged",
        "wrong_product": "Wrong product was sent",
        "missed_delivery_date": "Missed estimated delivery date",
    }
    return _uk(region, {f"ecom_order_delivered_refund_reason_{word}_seller": text for word, text in words.items()})


def reject_return(region: str, kind: str) -> Reasons:
    """For rejecting a request to refund, return or replace."""
    found: Reasons = {}
    if region != "US" or kind != "RETURN_AND_REFUND":
        found["reverse_reject_request_reason_1"] = "Buyer return reason is not valid"
        found["reverse_reject_request_reason_2"] = "Change of mind returns are not applicable"
        found["reverse_reject_request_reason_3"] = "Not eligible for return (e.g. used or broken)"
        found["reverse_reject_request_reason_5"] = "You have reached an agreement with the buyer"
    found["reverse_reject_request_reason_4"] = "Product delivery is on schedule"
    if kind == "REFUND":
        found["seller_reject_apply_need_to_apply_for_refund&return"] = "Need to apply for refund&return"
        found["seller_reject_apply_unable_to_change_address"] = "Unable to change address"
    found["seller_reject_apply_item_is_correct"] = "Item is correct"
    found["seller_reject_apply_products_will_be_sent_separately"] = "Products will be sent separately"
    found["seller_reject_apply_reason_is_unclear_or_lack_of_evidence"] = "Reason is unclear or lack of evidence"
    found["seller_reject_apply_product_functions_well/buyer_use_in_wrong_way"] = (
        "Product functions well/Buyer use in wrong way"
    )
    found["seller_reject_apply_package_has_not_exceeded_estimated_delivery_time"] = (
        "Product is shipped and cannot be recalled"
    )
    return _uk(region, found)


def reject_parcel(region: str) -> Reasons:
    """For rejecting a parcel that came back."""
    return _uk(
        region,
        {
            "reverse_reject_return_parcel_reason_1": "The product returned is not the product that was sent",
            "reverse_reject_return_parcel_reason_2": "Not eligible for return (e.g. used or broken)",
            "reverse_reject_return_parcel_reason_3": "Missing products and/or product parts",
            "reverse_reject_return_parcel_reason_4": "I haven't received the package",
            "reverse_reject_return_parcel_reason_5": "Product is damaged or used",
            "seller_reject_apply_you_have_reached_an_agreement_with_the_buyer": (
                "You have reached an agreement with the buyer"
            ),
        },
    )
