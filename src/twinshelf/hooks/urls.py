"""Addresses that the platforms post to."""

from __future__ import annotations

from django.urls import path

from twinshelf.hooks import views

urlpatterns = [
    path("bigcommerce/<int:store_id>", views.bigcommerce, name="hooks_bigcommerce"),
    path("tiktok", views.tiktok, name="hooks_tiktok"),
]
