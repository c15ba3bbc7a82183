# shellcheck shell=bash
# Odoo's configuration, and the template databases that make a fresh one in a second.
#
#   clinic_base_HASH    all modules that ours depend on, with demo data and languages
#   clinic_addons_HASH  a copy of it with our own addons installed
#
# The hash covers what went in, so a template is remade when that changes. Nobody can
# connect to a template; `createdb -T` copies it. Attachments are inside the database, and
# in the second one assets are made already ("warm"), so a copy needs no files.

LANGUAGES=fr_FR,hi_IN

need_config() {
    cat >"$TMP/odoo.conf" <<END
[options]
addons_path = $ROOT${ODOO_ADDONS:+,$ODOO_ADDONS}
data_dir = $SANDBOX/data
db_host = $PGHOST
db_port = $PGPORT
db_user = $PGUSER
http_interface = 127.0.0.1
screenshots = $SANDBOX/screenshots
END
    cmp -s "$TMP/odoo.conf" "$CONFIG" || mv "$TMP/odoo.conf" "$CONFIG"
    export_environment
}

ask() { "$VENV/bin/python" "$SETUP/addons.py" "$@"; }

sql() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 -d "${2:-postgres}" -c "$1"; }

database_exists() { [ -n "$(sql "SELECT 1 FROM pg_database WHERE datname = '$1'")" ]; }

drop_database() { dropdb --if-exists --force "$1" 2>/dev/null; }

copy_database() { flock "$CONFIG" createdb -T "$1" "$2"; } # two at once would fail

# --- Templates -------------------------------------------------------------------------

need_base_template() {
    local modules
    modules=$(ask dependencies)
    BASE_TEMPLATE=clinic_base_$(
        {
            echo "$modules" "$LANGUAGES"
            odoo_identity
            cat "$SETUP/requirements.txt" "$SETUP/warm.py"
            declare -f build_base fill_database warm_database
        } | hash_of
    )
    need_template "$BASE_TEMPLATE" "Database: Odoo with demo data, $(wc -w <<<"${modules//,/ }") modules asked" \
        build_base "$modules"
}

need_addons_template() {
    local modules
    need_base_template
    modules=$(ask ours)
    [ -n "$modules" ] || die "No addon (a folder with __manifest__.py) in $ROOT." "Add one."
    ADDONS_TEMPLATE=clinic_addons_$( (echo "$BASE_TEMPLATE" && ask fingerprint) | hash_of)
    need_template "$ADDONS_TEMPLATE" "Database: $modules" build_addons "$modules"
}

need_template() { # need_template NAME TITLE COMMAND…: the command builds the database named by its last argument
    local name=$1 title=$2
    shift 2
    database_exists "$name" && return
    drop_database building
    step "$title" "Read Odoo's log: $LOGS/$name.log." "$@" building
    sql "ALTER DATABASE building ALLOW_CONNECTIONS false"
    sql "ALTER DATABASE building RENAME TO $name"
    drop_older_templates "${name%_*}"
}

drop_older_templates() { # three of a kind stay: branches may be switched to and fro
    local name
    for name in $(sql "SELECT datname FROM pg_database WHERE datname LIKE '$1\_%' ORDER BY oid DESC OFFSET 3"); do
        drop_database "$name"
        rm -f "$LOGS/$name"*.log
    done
}

build_base() { # build_base MODULES DATABASE
    fill_database "$BASE_TEMPLATE" -d "$2" --with-demo --load-language="$LANGUAGES" -i "$1"
    warm_database "$BASE_TEMPLATE" "$2"
}

build_addons() { # build_addons MODULES DATABASE
    copy_database "$BASE_TEMPLATE" "$2"
    fill_database "$ADDONS_TEMPLATE" -d "$2" --with-demo -i "$1"
    CLINIC_ASSETS=$SANDBOX/cache/assets warm_database "$ADDONS_TEMPLATE" "$2"
}

fill_database() { # the log is shown when the step fails
    local log=$LOGS/$1.log
    shift
    rm -f "$log"
    odoo "$@" --stop-after-init --no-http --max-cron-threads=0 --logfile="$log" ||
        { grep -v ' INFO ' "$log" && return 1; }
}

warm_database() {
    local log=$LOGS/$1-warm.log
    rm -f "$log"
    odoo shell -d "$2" --no-http --max-cron-threads=0 --logfile="$log" <"$SETUP/warm.py"
}

check_log() { "$VENV/bin/checklog-odoo" --no-err-if-empty --config "$SETUP/checklog-odoo.cfg" "$1"; }
