"""Addresses that the platforms post to."""

from __future__ import annotations

from django.urls import path

from twinshelf.hooks import views

urlpatterns = [
    path("tiktok", views.tiktok, name="hooks_tiktok"),
    path("<str:platform>/<int:store_id>", views.storefront, name="hooks_storefront"),
]
