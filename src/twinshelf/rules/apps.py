"""The app of the merchant's rules."""

from __future__ import annotations

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Labelled apart from `rules`, the library that decides who may do what."""

    name = "twinshelf.rules"
    label = "rulebook"
