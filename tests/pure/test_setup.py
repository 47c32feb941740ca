"""The set-up of a working copy: what pip is told about packages, uv is told too."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[2] / "tools" / "uv_environment.py"
SPEC = importlib.util.spec_from_file_location("uv_environment", PLACE)
assert SPEC is not None
assert SPEC.loader is not None
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)

EVER = {"UV_INDEX_STRATEGY": "unsafe-best-match"}


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ("", {}),
        ("global.index-url='https://mirror.test/simple'", {"UV_DEFAULT_INDEX": "https://mirror.test/simple"}),
        (
            "global.index-url='https://global.test'\ninstall.index-url='https://install.test'",
            {"UV_DEFAULT_INDEX": "https://install.test"},
        ),
        (
            ":env:.index-url='https://environment.test'\ninstall.index-url='https://install.test'",
            {"UV_DEFAULT_INDEX": "https://environment.test"},
        ),
        (
            "global.extra-index-url='\\nhttps://one.test\\nhttps://two.test'\nglobal.find-links='/a /b'",
            {"UV_INDEX": "https://one.test https://two.test", "UV_FIND_LINKS": "/a,/b"},
        ),
        (
            "global.cert='/etc/ca.pem'\n:env:.default-timeout='180'\nglobal.trusted-host='mirror.test'",
            {"SSL_CERT_FILE": "/etc/ca.pem", "UV_HTTP_TIMEOUT": "180", "UV_INSECURE_HOST": "mirror.test"},
        ),
        ("global.quiet='1'\nglobal.constraint='/etc/constraints.txt'\nwheel.index-url='https://not.test'", {}),
    ],
)
def test_pip_settings_are_told_to_uv(listed, told):
    assert tool.for_uv(tool.pip_settings(listed)) == {**EVER, **told}


def test_a_setting_that_uv_has_no_word_for_leaves_the_work_to_pip():
    with pytest.raises(KeyError, match="keyring-provider"):
        tool.for_uv(tool.pip_settings("global.keyring-provider='import'"))
