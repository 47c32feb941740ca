"""Nothing here needs Django's fixtures or a browser's, yet theirs are set up around each of some 1,700 quick tests.

They took most of the time of a run. Under their own names, once for all, they do nothing.
"""

import pytest

_AROUND_EACH_TEST = (
    "_dj_autoclear_mailbox",
    "_django_clear_site_cache",
    "_django_db_marker",
    "_django_isolate_apps",
    "_django_set_urlconf",
    "_django_setup_unittest",
    "_live_server_helper",
    "_pw_trace_api_requests",
    "_template_string_if_invalid_marker",
)


def _nothing() -> None:
    """In place of a fixture."""


for _name in _AROUND_EACH_TEST:
    globals()[_name] = pytest.fixture(scope="session", autouse=True, name=_name)(_nothing)
