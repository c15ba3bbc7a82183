# shellcheck shell=bash
# Shared by every script of setup/: where things are, how progress is told, and
# how two scripts started at once keep out of each other's way.
#
# Everything the scripts create lives in .sandbox/ beside setup/ (ignored by git):
#   odoo/ venv/ node/        what is downloaded
#   pg/ data/ odoo.conf      the private database cluster, Odoo's files and configuration
#   logs/ stamps/ cache/ tmp/
# Remove the folder to start from nothing.
#
# Environment: CLINIC_ODOO    an Odoo 19 to use instead of downloading one (a source
#                             checkout, or the folder that holds the `odoo` package)
#              CLINIC_PYTHON  the Python 3.10 to 3.13 to use instead of python3

set -euo pipefail

SETUP=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
ROOT=$(dirname "$SETUP")
SANDBOX=$ROOT/.sandbox
VENV=$SANDBOX/venv
CONFIG=$SANDBOX/odoo.conf
LOGS=$SANDBOX/logs
TMP=$SANDBOX/tmp

# --- Telling ---------------------------------------------------------------------------

usage() { # the comment at the head of the calling script
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$(readlink -f "$0")"
}

usage_if_asked() {
    case ${1:-} in -h | --help) usage && exit 0 ;; esac
}

say() { printf '%s\n' "$*" >&2; }

die() { # each argument is a line: first what happened, then what to do
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

step() { # step TITLE WHAT-TO-DO-WHEN-IT-FAILS COMMAND…: one line with its seconds
    local title=$1 advice=$2 log=$LOGS/step-$$.log started=$SECONDS status
    shift 2
    printf '%s … ' "$title" >&2
    set +e
    (set -e && "$@") >"$log" 2>&1 </dev/null
    status=$?
    set -e
    if [ "$status" -ne 0 ]; then
        printf 'failed after %s s\n' $((SECONDS - started)) >&2
        tail -n 25 "$log" | sed 's/^/    /' >&2
        die "$title failed (whole log: $log)." "$advice"
    fi
    rm -f "$log"
    printf '%s s\n' $((SECONDS - started)) >&2
}

# --- Remembering -----------------------------------------------------------------------

hash_of() { sha256sum | cut -c1-12; }

is_done() { [ "$(cat "$SANDBOX/stamps/$1" 2>/dev/null)" = "$2" ]; }

is_done_once() { [ -f "$SANDBOX/stamps/$1" ]; } # perhaps for an older key

forget() { rm -f "$SANDBOX/stamps/$1"; }

mark_done() { printf '%s' "$2" >"$SANDBOX/stamps/$1"; }

# --- Tidying ---------------------------------------------------------------------------

AT_EXIT=()

at_exit() { # commands run when the script ends, the last one first
    AT_EXIT=("$*" "${AT_EXIT[@]}")
    trap run_at_exit EXIT
}

run_at_exit() {
    local status=$? command
    set +e
    for command in "${AT_EXIT[@]}"; do eval "$command"; done
    exit "$status"
}

# --- Preparing -------------------------------------------------------------------------

open_sandbox() {
    [ ! -e "$SANDBOX" ] || [ -O "$SANDBOX" ] || die \
        "$SANDBOX belongs to $(stat -c %U "$SANDBOX"), you are $(id -un)." \
        "Run this as $(stat -c %U "$SANDBOX"), or remove that folder."
    case $ROOT in *[,\"\'%\\]*) die "$ROOT: a folder with , % \\ or quotes in its path won't do." ;; esac
    (umask 022 && mkdir -p "$SANDBOX" "$LOGS" "$SANDBOX/stamps" "$SANDBOX/data") 2>/dev/null ||
        die "No right to write into $ROOT." "Clone the repository where you may write."
}

prepare() { # prepare NEED…: what is missing is made, by one script at a time
    local need
    open_sandbox
    exec 8>>"$SANDBOX/prepare.lock"
    flock -n 8 || { say "Another script is preparing: waiting for it." && flock 8; }
    rm -rf "$TMP" && mkdir -p "$TMP"
    for need in "$@"; do "$need"; done
    rm -rf "$TMP"
    exec 8>&-
}

# --- Running ---------------------------------------------------------------------------

export_environment() { # caches out of the tree, Python quiet about its age
    export PATH="$VENV/bin:$PATH"
    export PYTHONPYCACHEPREFIX=$SANDBOX/cache/python PYTHONUNBUFFERED=1
    export HYPOTHESIS_STORAGE_DIRECTORY=$SANDBOX/cache/hypothesis
    export CLINIC_SETUP=$SETUP CLINIC_CONFIG=$CONFIG
    export ODOO_RC=$CONFIG
    unset PYTHONHOME PYTHONPATH OPENERP_SERVER
}

odoo() { "$VENV/bin/python" -m odoo "$@"; }

until_stopped() { # a command that serves: signals to this script reach it
    local child status
    if [ -t 0 ]; then
        "$@"
        return
    fi
    setsid "$@" <&0 &
    child=$!
    # shellcheck disable=SC2064  # the child of now is meant
    trap "kill -TERM $child 2>/dev/null" INT TERM HUP
    while :; do # a signal ends the wait, not the child
        status=0
        wait "$child" || status=$?
        kill -0 "$child" 2>/dev/null || return "$status"
    done
}

# shellcheck source-path=SCRIPTDIR
for part in system odoo python postgres databases; do
    # shellcheck disable=SC1090  # the five files of setup/lib, each linted by itself
    . "$SETUP/lib/$part.sh"
done
unset part
