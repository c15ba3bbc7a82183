# shellcheck shell=bash
# The virtual environment, with Odoo on its path, and the JavaScript tools.

need_python() {
    local identity requirements
    identity=$(python_identity)
    requirements=$(hash_of <"$SETUP/requirements.txt")
    is_done venv "$identity" && is_done requirements "$requirements" && return
    if ! is_done venv "$identity" || ! is_done_once requirements; then make_venv "$identity"; fi
    forget requirements # an interrupted installation is begun anew
    step "Python: pinned packages" "Check the connection to the package index, then run again." \
        "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --quiet \
        --no-deps --requirement "$SETUP/requirements.txt"
    mark_done requirements "$requirements"
}

make_venv() {
    forget venv
    rm -rf "$VENV"
    step "Python: virtual environment" "Install Python 3.10 to 3.13 with its venv module." \
        "$(system_python)" -m venv "$VENV"
    mark_done venv "$1"
}

python_identity() { # a moved repository or another Python asks for a new environment
    "$(system_python)" - <<'END' || die "Python 3.10 to 3.13 is needed." "Set CLINIC_PYTHON to one."
import sys
if not (3, 10) <= sys.version_info < (3, 14):
    sys.exit(f"{sys.executable} is {sys.version}")
print(sys.executable, sys.version)
END
    echo "$ROOT"
}

need_odoo_in_python() { # the path file lets pip's packages and Odoo's meet in odoo.addons
    local paths
    for paths in "$VENV"/lib/python3*/site-packages; do
        [ "$(cat "$paths/odoo.pth" 2>/dev/null)" = "$ODOO_PATH" ] || echo "$ODOO_PATH" >"$paths/odoo.pth"
    done
}

need_node_tools() { # node itself comes with the Python packages
    local identity
    identity=$(cat "$SETUP/package.json" "$SETUP/package-lock.json" | hash_of)
    is_done node "$identity" && return
    rm -rf "$SANDBOX/node"
    step "Node: pinned packages" "Check the connection to the npm registry, then run again." \
        install_node_tools
    mv "$TMP/node" "$SANDBOX/node"
    mark_done node "$identity"
}

install_node_tools() {
    mkdir "$TMP/node"
    cp "$SETUP/package.json" "$SETUP/package-lock.json" "$TMP/node"
    cd "$TMP/node" || exit
    PATH="$VENV/bin:$PATH" npm ci --ignore-scripts --no-audit --no-fund
}
