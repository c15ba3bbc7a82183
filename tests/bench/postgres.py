"""PostgreSQL databases of the benchmark: cached templates and throw-away copies.

The cluster is reached as libpq does (PGHOST, PGUSER). A template carries the key it was
built for as the database's comment and is rebuilt when the key changes.
"""

import contextlib

import psycopg2
from psycopg2 import sql
from report import log


@contextlib.contextmanager
def autocommit(database="postgres"):
    """Give a cursor whose statements commit one by one (CREATE DATABASE, VACUUM)."""
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    try:
        yield connection.cursor()
    finally:
        connection.close()


def key_of(database):
    """Return the key a template was built for, None when there is no such template."""
    query = """
        SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s
    """
    with autocommit() as cr:
        cr.execute(query, [database])
        return (cr.fetchone() or [None])[0]


def drop(database):
    """Drop the database, if it exists."""
    with autocommit() as cr:
        cr.execute(
            sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(database))
        )


def create(database, template="template0"):
    """Create the database anew as a copy of the template, file by file if possible."""
    drop(database)
    names = sql.Identifier(database), sql.Identifier(template)
    query = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names)
    with autocommit() as cr:
        if cr.connection.server_version >= 150000:
            query += sql.SQL(" STRATEGY file_copy")
        cr.execute(query)
    return database


def cached(database, key, template, fill):
    """Return the database, filled by `fill(name)` unless it carries this key."""
    if key_of(database) == key:
        return database
    log(f"building {database} from {template}")
    building = create(f"{database}_building", template)
    fill(building)
    drop(database)
    names = sql.Identifier(building), sql.Identifier(database)
    with autocommit() as cr:
        cr.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
        cr.execute(sql.SQL("COMMENT ON DATABASE {} IS %s").format(names[1]), [key])
    return database


def settle(database, *tables):
    """Do what autovacuum does between two days, and begin on a fresh checkpoint."""
    with autocommit(database) as cr:
        for table in tables or [None]:
            suffix = sql.Identifier(table) if table else sql.SQL("")
            cr.execute(sql.SQL("VACUUM ANALYZE {}").format(suffix))
        with contextlib.suppress(psycopg2.errors.InsufficientPrivilege):
            cr.execute("CHECKPOINT")
