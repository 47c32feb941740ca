"""Writes pip's settings as the environment that tells uv the same, for `eval` in a shell. Needs pip.

uv reads no configuration of pip's, so a mirror, a proxy or a certificate would be lost. What is set for uv already
stays. Exit code 1 if pip is set up in a way that cannot be told to uv.
"""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys

LISTS = {
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
}
"""With what stands between their values; for pip it is white space."""
VALUES = {
    "index-url": "UV_DEFAULT_INDEX",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "no-index": "UV_NO_INDEX",
}
OF_PIP_ALONE = {
    *("break-system-packages", "cache-dir", "constraint", "disable-pip-version-check", "no-cache-dir", "no-color"),
    *("no-input", "no-python-version-warning", "no-warn-script-location", "prefer-binary", "progress-bar", "quiet"),
    *("require-virtualenv", "retries", "root-user-action", "verbose"),
}
"""They change nothing about where packages come from, nor about which: the lock files name every version."""


def pip_settings(listed: str) -> dict[str, str]:
    """What `pip config list` says for `pip install`: the environment over [install] over [global]."""
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listed.splitlines():
        name, sign, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if sign and section in found:
            found[section][key] = str(ast.literal_eval(value))
    return {**found["global"], **found["install"], **found[":env:"]}


def for_uv(settings: dict[str, str]) -> dict[str, str]:
    """The environment variables of uv that mean the same. Raises KeyError naming a setting that none means."""
    told = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip: of all indexes; the hashes say what is right
    for key, value in settings.items():
        if key in LISTS:
            variable, between = LISTS[key]
            told[variable] = between.join(value.split())
        elif key not in OF_PIP_ALONE:
            told[VALUES[key]] = value
    return told


def main() -> int:
    """Write the variables that are not set yet."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    ).stdout
    try:
        told = for_uv(pip_settings(listed))
    except KeyError as unknown:
        sys.stderr.write(f"setup: pip's setting {unknown} cannot be told to uv\n")
        return 1
    sys.stdout.writelines(
        f"export {name}={shlex.quote(told[name])}\n" for name in sorted(told.keys() - os.environ.keys())
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
