# shellcheck shell=bash
# What the machine itself must have: found by what works, not by package names.

need_system_packages() {
    local missing=()
    has_python || missing+=(python3 python3-venv)
    has_postgres || missing+=(postgresql)
    has wkhtmltopdf || missing+=(wkhtmltopdf)
    has_hindi_font || missing+=(fontconfig fonts-lohit-deva)
    install_packages "${missing[@]}"
}

need_system_python() {
    has_python || install_packages python3 python3-venv
}

need_browser() { # the same names, in the same order, as Odoo's own HttpCase looks for
    has_browser && return
    if grep -qs '^ID=ubuntu' /etc/os-release; then
        install_packages chromium-browser
    else
        install_packages chromium
    fi
    has_browser || die "No working Chromium for the browser tests." \
        "Install Chromium or Google Chrome so that 'chromium --version' answers."
}

has() { command -v "$1" >/dev/null; }

has_python() { "$(system_python)" -c 'import ensurepip, venv' 2>/dev/null; }

has_postgres() { [ -n "$(postgres_bin)" ]; }

has_hindi_font() { has fc-list && [ -n "$(fc-list :lang=hi)" ]; }

has_browser() {
    local name
    for name in google-chrome chromium chromium-browser google-chrome-stable; do
        has "$name" && "$name" --version >/dev/null 2>&1 && return
    done
    return 1
}

system_python() { printf '%s' "${CLINIC_PYTHON:-$(command -v python3 || echo python3)}"; }

postgres_bin() { # the folder of the newest server, from 13 on
    local folder
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/local/bin /usr/bin | sort -rV); do
        [ -x "$folder/initdb" ] && printf '%s' "$folder" && return
    done
}

install_packages() {
    [ $# -gt 0 ] || return 0
    local as_root=() command="apt-get update && apt-get install --no-install-recommends $*"
    has apt-get || die "Missing on this machine: $*." "Install them (the names are Debian's)."
    if [ "$(id -u)" -ne 0 ]; then
        may_sudo || die "Missing on this machine: $*." "As root: $command"
        as_root=(sudo)
    fi
    step "Installing $*" "Try by hand, as root: $command" apt_install "$@"
}

may_sudo() { has sudo && { sudo -n true 2>/dev/null || { [ -t 2 ] && sudo -v; }; }; }

apt_install() { # within install_packages, which says as whom; a service it starts must not keep our locks
    "${as_root[@]}" apt-get update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@" 7>&- 8>&- 9>&-
}
