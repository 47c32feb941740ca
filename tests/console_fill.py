"""Fills the database of TWINSHELF_DATA with `console_data`, to look at the console or to measure it."""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command


def main(products: int = 0) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinshelf.settings")
    django.setup()
    from tests import console_data  # noqa: PLC0415 - its models need the set-up above

    call_command("migrate", verbosity=0)
    world = console_data.fill()
    if products:
        console_data.fill_many(world, products, products)
    sys.stdout.write(f"Sign in as {console_data.EMAIL} with {console_data.PASSWORD}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
