# shellcheck shell=bash
# Odoo 19: the one CLINIC_ODOO names; else the Debian package, unpacked without
# installing it; else a clone of Odoo's public repository.

# The package and what it links to. Two fonts come from an older release: the newer ones
# have dropped the files that Odoo's links point to.
ODOO_PACKAGES=(
    odoo-19/sid libjs-jquery/sid libjs-jquery-form/sid libjs-underscore/sid
    fonts-roboto-unhinted/sid fonts-montserrat/sid fonts-ocr-b/sid
    fonts-font-awesome/bookworm fonts-inconsolata/bookworm
)
DEBIAN_KEYS=/usr/share/keyrings/debian-archive-keyring.gpg

# shellcheck disable=SC2034  # ODOO_ADDONS is for databases.sh
need_odoo() { # sets ODOO_PATH (what Python imports from) and ODOO_ADDONS (may be empty)
    local home=${CLINIC_ODOO:-$SANDBOX/odoo}
    [ -n "${CLINIC_ODOO:-}" ] || [ -d "$home" ] || get_odoo
    ODOO_ADDONS=
    if [ -f "$home/odoo/release.py" ]; then
        ODOO_PATH=$(readlink -f "$home")
    else
        ODOO_PATH=$home/usr/lib/python3/dist-packages
    fi
    if [ -d "$ODOO_PATH/addons/web" ]; then ODOO_ADDONS=$ODOO_PATH/addons; fi
    grep -qs '^version_info = (19, 0' "$ODOO_PATH/odoo/release.py" ||
        die "No Odoo 19.0 in $home." \
            "Point CLINIC_ODOO at one, or unset it; if it is unset, remove $SANDBOX/odoo."
}

odoo_identity() { # changes when another Odoo is used
    echo "$ODOO_PATH"
    cat "$SANDBOX/odoo/VERSION" 2>/dev/null ||
        git -C "$ODOO_PATH" rev-parse HEAD 2>/dev/null || true
}

get_odoo() {
    local free
    free=$(df --output=avail -k "$SANDBOX" | tail -n 1)
    [ "$free" -gt 4000000 ] || die "Less than 4 GB free under $SANDBOX." "Make room, then run again."
    if find_debian_mirror; then
        step "Odoo 19: unpacking the Debian package (120 MB)" \
            "Check the connection to $DEBIAN_MIRROR, then run again." unpack_odoo_package
        tell_dangling_links
    else
        clone_odoo
    fi
}

# --- The Debian package ----------------------------------------------------------------

find_debian_mirror() { # the machine's first own mirror that has the package
    DEBIAN_MIRROR=
    has apt-get && has dpkg && [ -r "$DEBIAN_KEYS" ] || return 1
    printf 'Odoo 19: looking for the Debian package … ' >&2
    local mirror
    rm -f "$LOGS/mirror.log"
    while read -r mirror; do
        if mirror_has_odoo "$mirror" >>"$LOGS/mirror.log" 2>&1; then
            DEBIAN_MIRROR=$mirror
            say "found"
            return
        fi
    done < <(own_mirrors)
    say "none of this machine's mirrors has it:"
    sed -n 's/^E: /    /p' "$LOGS/mirror.log" >&2
    return 1
}

own_mirrors() {
    # shellcheck disable=SC2016  # apt's own placeholder
    apt-get indextargets --format '$(SITE)' | grep -v security | sort -u
}

mirror_has_odoo() {
    local suite
    rm -rf "$TMP/apt"
    mkdir -p "$TMP/apt/lists/partial" "$TMP/apt/cache/archives/partial"
    for suite in sid bookworm; do
        echo "deb [signed-by=$DEBIAN_KEYS] $1 $suite main"
    done >"$TMP/apt/sources.list"
    private_apt update && private_apt download --print-uris "${ODOO_PACKAGES[@]}"
}

private_apt() { # apt with lists and cache of its own: the system's stay as they are
    apt-get -o Dir::Etc::SourceList="$TMP/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State::Lists="$TMP/apt/lists" -o Dir::Cache="$TMP/apt/cache" \
        -o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any \
        -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

unpack_odoo_package() {
    local package
    mkdir -p "$TMP/debs" "$TMP/odoo"
    cd "$TMP/debs" || exit
    private_apt download "${ODOO_PACKAGES[@]}"
    for package in *.deb; do dpkg -x "$package" "$TMP/odoo"; done
    dpkg-deb --field odoo-19_*.deb Version >"$TMP/odoo/VERSION"
    mv "$TMP/odoo" "$SANDBOX/odoo"
}

tell_dangling_links() {
    local links
    links=$(find "$SANDBOX/odoo" -xtype l)
    [ -z "$links" ] || say "Links of Odoo's package that lead nowhere (pages may miss them):" "$links"
}

# --- Odoo's repository -----------------------------------------------------------------

clone_odoo() { # for a mirror that isn't Debian's. Untested: the place it was written at can't reach it
    has git || install_packages git ca-certificates
    step "Odoo 19: cloning its public repository (large)" \
        "Clone Odoo 19.0 yourself and set CLINIC_ODOO to its folder." \
        git clone --quiet --depth 1 --branch 19.0 https://github.com/odoo/odoo.git "$TMP/odoo"
    mv "$TMP/odoo" "$SANDBOX/odoo"
}
