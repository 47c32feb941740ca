"""`python -m twinshelf.cli`."""

from __future__ import annotations

import os

from twinshelf.cli.app import main

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinshelf.settings")
main()
