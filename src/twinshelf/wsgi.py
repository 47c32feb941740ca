"""The web application for any WSGI server: `granian --interface wsgi twinshelf.wsgi:application`.

Started by a server of its own it only asks: workers drain elsewhere. Inside `twinshelf serve` the engine runs already.
"""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinshelf.settings")
application = get_wsgi_application()

from twinshelf import worker  # noqa: E402 - Django must be set up first
from twinshelf.sync import engine  # noqa: E402

worker.set_up()
if not engine.started():
    worker.connect_engine()
