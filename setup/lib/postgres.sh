# shellcheck shell=bash
# A private PostgreSQL cluster: own folder, unix socket only, superuser `odoo`, started
# by the first script that needs it and stopped by the last one.
#
# PostgreSQL refuses to run as root; then the system's user `postgres` runs it. Where that
# user can't reach the repository (under /root, say), the cluster lies in /var/lib and
# .sandbox/pg is a link to it.

need_postgres() {
    POSTGRES_OWNER=$(id -un)
    [ "$(id -u)" -ne 0 ] || POSTGRES_OWNER=postgres
    [ -d "$SANDBOX/pg" ] || make_postgres_home
    POSTGRES_HOME=$(readlink -f "$SANDBOX/pg")
    POSTGRES_DATA=$POSTGRES_HOME/data
    as_postgres test -w "$POSTGRES_HOME" ||
        die "$POSTGRES_OWNER can't write into $POSTGRES_HOME." "Remove $SANDBOX/pg and run again."
    [ -f "$POSTGRES_DATA/PG_VERSION" ] ||
        step "PostgreSQL: creating the private cluster" "Remove $SANDBOX/pg and run again." init_cluster
    POSTGRES_BIN=$(cluster_bin)
    need_socket_folder
    export PGHOST=$POSTGRES_SOCKET PGUSER=odoo PGPORT=5432 PATH="$POSTGRES_BIN:$PATH"
    unset PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS
    use_postgres
}

as_postgres() { # from a folder where any user may be
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && runuser -u postgres -- "$@")
    else
        (cd / && "$@")
    fi
}

# --- Where -----------------------------------------------------------------------------

make_postgres_home() {
    local home=$SANDBOX/pg
    if ! as_postgres test -x "$SANDBOX"; then
        home=/var/lib/clinic-$(hash_of <<<"$ROOT")
        say "PostgreSQL: $POSTGRES_OWNER can't reach $SANDBOX, so the cluster goes to $home."
        rm -rf "$home"
        ln -sfn "$home" "$SANDBOX/pg"
    fi
    mkdir -m 700 "$home"
    [ "$(id -u)" -ne 0 ] || chown postgres "$home"
}

cluster_bin() {
    local version bin
    version=$(as_postgres cat "$POSTGRES_DATA/PG_VERSION")
    for bin in "/usr/lib/postgresql/$version/bin" "$(postgres_bin)"; do
        if "$bin/postgres" --version 2>/dev/null | grep -q ") $version"; then
            printf '%s' "$bin"
            return
        fi
    done
    die "The cluster is of PostgreSQL $version, which is not installed any more." \
        "Install postgresql-$version, or remove $SANDBOX/pg to start anew."
}

need_socket_folder() { # the system allows about 100 characters
    POSTGRES_SOCKET=$POSTGRES_HOME/socket
    if [ ${#POSTGRES_SOCKET} -gt 80 ] || [[ $POSTGRES_SOCKET == *[!A-Za-z0-9/._-]* ]]; then
        POSTGRES_SOCKET=/tmp/clinic-$(id -u)-$(hash_of <<<"$ROOT")
    fi
    as_postgres mkdir -m 700 "$POSTGRES_SOCKET" 2>/dev/null || true
    [ "$(stat -c '%F %U %a' "$POSTGRES_SOCKET")" = "directory $POSTGRES_OWNER 700" ] ||
        die "$POSTGRES_SOCKET is not a private folder of $POSTGRES_OWNER." "Remove it and run again."
}

# --- Making ----------------------------------------------------------------------------

init_cluster() { # built aside: an interrupted initdb is never taken for a cluster
    as_postgres rm -rf "$POSTGRES_DATA" "$POSTGRES_DATA.new"
    as_postgres "$(postgres_bin)/initdb" --pgdata="$POSTGRES_DATA.new" --username=odoo \
        --auth=trust --encoding=UTF8 --locale=C.UTF-8
    as_postgres tee -a "$POSTGRES_DATA.new/postgresql.conf" <<<"include = 'clinic.conf'"
    as_postgres mv "$POSTGRES_DATA.new" "$POSTGRES_DATA"
}

write_postgres_settings() { # trust is safe here: only the owner and root reach the socket
    as_postgres tee "$POSTGRES_DATA/clinic.conf" >/dev/null <<END
listen_addresses = ''
port = 5432
unix_socket_directories = '$POSTGRES_SOCKET'
max_connections = 200
shared_buffers = 256MB
synchronous_commit = off
jit = off
END
}

# --- Starting and stopping -------------------------------------------------------------

use_postgres() { # every user of the cluster holds a shared lock; descriptor 9 lives as long as the script
    exec 7>>"$SANDBOX/postgres.lock" 9>>"$SANDBOX/postgres.users"
    flock 7
    flock --shared 9
    postgres_answers || step "PostgreSQL: starting" "Read $POSTGRES_HOME/log." start_postgres
    exec 7>&-
    at_exit leave_postgres
}

leave_postgres() {
    exec 7>>"$SANDBOX/postgres.lock"
    flock 7
    if flock --exclusive --nonblock 9; then
        as_postgres "$POSTGRES_BIN/pg_ctl" -D "$POSTGRES_DATA" -m fast stop >/dev/null 2>&1
    fi
    exec 7>&- 9>&-
}

postgres_answers() { "$POSTGRES_BIN/pg_isready" --quiet; }

start_postgres() {
    forget_dead_postgres
    write_postgres_settings
    as_postgres "$POSTGRES_BIN/pg_ctl" -D "$POSTGRES_DATA" -l "$POSTGRES_HOME/log" -w -t 120 \
        start 7>&- 8>&- 9>&-
}

forget_dead_postgres() { # after a power cut the pid file may name a stranger, or a server without its socket
    local pid
    pid=$(as_postgres head -n 1 "$POSTGRES_DATA/postmaster.pid" 2>/dev/null) || return 0
    if [ "$(as_postgres readlink "/proc/$pid/cwd")" = "$POSTGRES_DATA" ]; then
        as_postgres "$POSTGRES_BIN/pg_ctl" -D "$POSTGRES_DATA" -m fast stop
    else
        as_postgres rm -f "$POSTGRES_DATA/postmaster.pid" "$POSTGRES_SOCKET"/.s.PGSQL.5432*
    fi
}
