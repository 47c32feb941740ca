"""The web application for any WSGI server: `granian --interface wsgi twinshelf.wsgi:application`.

Started by a server of its own it only asks: workers drain elsewhere. Inside `twinshelf serve` the engine runs already.
"""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.wsgi import get_wsgi_application
from servestatic import ServeStatic


def _behind_static_files(django: Any) -> Any:
    """The application, asked only for what is not a static file.

    ServeStatic's own middleware is asynchronous: through it every request, webhooks too, got an event loop of its own,
    which cost three times as much as a request itself.
    """
    served = ServeStatic(django, add_headers_function=lambda headers, _path, _url: headers.add_header(*_NO_SNIFFING))
    for finder in get_finders():
        for path, storage in finder.list([]):
            prefix = f"{storage.prefix}/" if getattr(storage, "prefix", "") else ""
            url = f"{settings.STATIC_URL}{prefix}{path}"
            if url not in served.files:  # as everywhere in Django, the first finder that has it
                served.add_file_to_dictionary(url, storage.path(path))
    return served


_NO_SNIFFING = ("X-Content-Type-Options", "nosniff")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinshelf.settings")
application = _behind_static_files(get_wsgi_application())

from twinshelf import processes  # noqa: E402 - Django must be set up first
from twinshelf.sync import engine  # noqa: E402

processes.set_up()
if not engine.started():
    processes.connect_engine()
processes.leave_alone()
