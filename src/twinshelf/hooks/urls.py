"""Addresses that the platforms post to."""

from __future__ import annotations

from django.urls import path

from twinshelf.hooks import views

urlpatterns = [
    path("tiktok", views.tiktok, name="hooks_tiktok"),
    path("bigcommerce/uninstall", views.app_uninstalled, name="hooks_app_uninstalled"),
    path("bigcommerce/remove_user", views.app_user_removed, name="hooks_app_user_removed"),
    path("<str:platform>/<int:store_id>", views.storefront, name="hooks_storefront"),
]
