#!/bin/sh
# Finds or installs what the test suites outside Rust need, says what it did, then runs the command it was given.
#
#     tests/prepare.sh cargo test --locked
#
# For each suite that can run, TIDINGS_TEST_<SUITE> holds the path of the program it needs:
#
#     READER            a Python that can import feedparser: do feed readers understand the feeds?
#     NPM               a directory with feed readers of npm's, which NODE runs: do they understand the feeds?
#     PYTHON, NODE, GO  what runs the example receivers: do they verify the signatures?
#     SYSTEMD           systemd-analyze: is the unit in deploy/ correct, and as closed as it says?
#
# A suite whose variable is missing is left out, and its tests say so. With CI=true none may be left out.
# System packages are installed as root only; .venv and tests/npm/node_modules need no rights.
set -eu
cd "$(dirname "$0")/.."

FEEDPARSER=6.0.14
left_out=
log=$(mktemp)
trap 'rm -f "$log"' EXIT

say() { printf 'prepare: %s\n' "$*"; }

# leave_out SUITE REMEDY
leave_out() {
    left_out="$left_out $1"
    say "the suite $1 is LEFT OUT; to run it, $2"
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1" >"$log" 2>&1; }

# install PACKAGE: from the system's packages, where that is possible.
install() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return 1; fi
    say "installing the package $1"
    if apt_install "$1"; then return 0; fi
    # The lists of packages may be missing or old.
    apt-get update -qq >"$log" 2>&1 && apt_install "$1" && return 0
    say "that failed: $(tail -n 1 "$log")"
    return 1
}

# offer SUITE PROGRAM: whether the program is there. Exports its path if it is.
offer() {
    command -v "$2" >/dev/null || return 1
    export "TIDINGS_TEST_$1=$(command -v "$2")"
}

has_feedparser() {
    version=$(.venv/bin/python -c 'import feedparser; print(feedparser.__version__)' 2>/dev/null) && [ "$version" = "$FEEDPARSER" ]
}

make_venv() {
    say "making .venv with feedparser $FEEDPARSER"
    if ! python3 -m venv --clear .venv >/dev/null 2>&1; then
        install python3-venv && python3 -m venv --clear .venv || return 1
    fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "feedparser==$FEEDPARSER"
}

# What is there is taken, if it was made from this very lock file.
has_modules() { cmp -s tests/npm/package-lock.json tests/npm/node_modules/.made-from; }

make_modules() {
    command -v npm >/dev/null || { [ "${CI-}" = true ] && install npm; } || return 1
    say "making tests/npm/node_modules"
    npm ci --prefix tests/npm --ignore-scripts --no-audit --no-fund --loglevel=error >"$log" 2>&1 || return 1
    cp tests/npm/package-lock.json tests/npm/node_modules/.made-from
}

offer PYTHON python3 || { install python3 && offer PYTHON python3; } || leave_out python "install Python 3.9 or later"

if has_feedparser || make_venv; then
    offer READER "$PWD/.venv/bin/python"
else
    leave_out reader "make it by hand: python3 -m venv .venv && .venv/bin/pip install feedparser==$FEEDPARSER"
fi

offer SYSTEMD systemd-analyze || { install systemd && offer SYSTEMD systemd-analyze; } ||
    leave_out systemd "install the package systemd"

# Node and Go are large, and what they run is an example: only CI installs them.
offer NODE node || { [ "${CI-}" = true ] && install nodejs && offer NODE node; } || leave_out node "install Node.js 18 or later"
if command -v node >/dev/null && { has_modules || make_modules; }; then
    export TIDINGS_TEST_NPM="$PWD/tests/npm"
else
    leave_out npm "install Node.js 18 or later with npm: $(tail -n 1 "$log")"
fi
offer GO go || { [ "${CI-}" = true ] && install golang-go && offer GO go; } || leave_out go "install Go 1.19 or later"

if [ -z "$left_out" ]; then
    say "all suites can run"
elif [ "${CI-}" = true ]; then
    say "in CI no suite may be left out:$left_out"
    exit 1
fi

rm -f "$log"
"$@"
