#!/bin/sh
# Sets up what a make target needs, and is quick when nothing is to be done.
#
#   tools/setup.sh run    .venv with what Twinshelf runs on
#   tools/setup.sh dev    .venv with what working on it needs as well
#   tools/setup.sh test   dev, and PostgreSQL and Chromium for the tests that use them
#
# PYTHON=… chooses the interpreter that .venv is made with. A stamp in .venv holds a checksum of the lock files, so
# that pip runs only after a change to them.
set -eu
cd "$(dirname "$0")/.."

profile=${1:-}
case $profile in
    run) locks='requirements/build.txt requirements/base.txt' ;;
    dev | test) locks='requirements/dev.txt' ;;
    *)
        echo "usage: tools/setup.sh run|dev|test" >&2
        exit 2
        ;;
esac

say() { echo "setup: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Install Debian packages, as root only. The lists are fetched once.
apt_updated=no
apt_install() {
    is_root && command -v apt-get >/dev/null || return 1
    say "installing $* with apt-get …"
    if [ $apt_updated = no ]; then
        apt-get update -qq >/dev/null || return 1
        apt_updated=yes
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "Twinshelf needs Python 3.11 or newer${PYTHON:+, and $PYTHON is not}. Name one with PYTHON=…"
}

can_make_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

make_venv() {
    python=$(find_python)
    if ! can_make_venv "$python"; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        apt_install python3-venv || :
        can_make_venv "$python" || apt_install "python$version-venv" || :
        can_make_venv "$python" || fail "this Python cannot make virtual environments." \
            "As root, run: apt-get install python3-venv"
    fi
    say "making .venv with $("$python" --version) …"
    "$python" -m venv .venv
    pwd -P >.venv/.setup-place
}

# A copied or moved .venv still runs the code of the place it was made in.
if [ -f .venv/.setup-place ] && [ "$(cat .venv/.setup-place)" != "$(pwd -P)" ]; then
    say "this .venv was made for another place; making it anew"
    rm -rf .venv
fi
[ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null || {
    rm -rf .venv
    make_venv
}

# The packages' own metadata is installed too, so their files count.
checksum() { cat "$@" pyproject.toml sandbox/pyproject.toml tools/setup.sh | cksum; }

installed() { # profile, lock files…
    stamp=.venv/.setup-$1
    shift
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(checksum "$@")" ]
}

# What an installer says is shown only if it fails.
quietly() {
    told=$("$@" 2>&1) || { echo "$told" >&2; return 1; }
}

# A lock names every package with its hash, so nothing is resolved; Python compiles what it imports when it does. Both
# together halve the time: docs/decisions/0024.
pip_install() {
    quietly .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-compile "$@"
}

kind=dev
[ "$profile" = run ] && kind=run
# Whatever dev installs, run needs no more.
if ! installed "$kind" $locks && ! installed dev requirements/dev.txt; then
    say "installing the locked packages (up to a minute the first time) …"
    rm -f .venv/.setup-run .venv/.setup-dev
    for lock in $locks; do
        pip_install --require-hashes -r "$lock" || fail "the packages could not be installed."
    done
    pip_install --no-build-isolation -e . -e ./sandbox || fail "Twinshelf could not be installed."
    checksum $locks >".venv/.setup-$kind"
fi

[ "$profile" = test ] || exit 0

has_postgres() {
    command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}
has_chromium() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

has_postgres || apt_install postgresql || :
has_postgres || say "PostgreSQL is not installed (Debian: apt-get install postgresql);" \
    "the tests that run on it will be skipped."

has_chromium || apt_install chromium fonts-liberation || :
has_chromium || say "Chromium is not installed (Debian: apt-get install chromium fonts-liberation);" \
    "the tests that drive it will be skipped."
