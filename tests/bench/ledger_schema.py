"""What PostgreSQL's catalogue says about the tables the ledger is cloned into."""

import contextlib

from odoo.tools import SQL

COLUMNS = """
    SELECT attname FROM pg_attribute
     WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
LINKS = """
    SELECT a.attname, c.confrelid::regclass::text
      FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
     WHERE c.contype = 'f' AND c.conrelid = %s::regclass
"""
RELATIONS = """
    SELECT c.conrelid::regclass::text, a.attname
      FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
     WHERE c.contype = 'f' AND c.confrelid = %s::regclass AND NOT EXISTS (
           SELECT FROM pg_attribute i
            WHERE i.attrelid = c.conrelid AND i.attname = 'id')
"""
INDEXES = """
    SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
      FROM pg_index i
     WHERE i.indrelid = ANY(%s::regclass[]) AND NOT EXISTS (
           SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""
FOREIGN_KEYS = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
                  pg_get_constraintdef(oid))
      FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
"""


class Schema:
    """Read the catalogue; names come back as PostgreSQL prints them."""

    def __init__(self, cr):
        self.cr = cr

    def _rows(self, query, argument):
        self.cr.execute(query, [argument])
        return self.cr.fetchall()

    def columns(self, table):
        """Return the columns in the table's order."""
        return [name for (name,) in self._rows(COLUMNS, table)]

    def links(self, table):
        """Return {column: table it refers to} of the foreign keys."""
        return dict(self._rows(LINKS, table))

    def relations_to(self, table):
        """Return [(many2many table, column)] of the relations with the table."""
        return self._rows(RELATIONS, table)

    def round_up_last_id(self, table):
        """Return a round number above every id of the table."""
        self.cr.execute(
            SQL("SELECT COALESCE(max(id), 0) FROM %s", SQL.identifier(table))
        )
        return (self.cr.fetchone()[0] // 1000 + 1) * 1000

    def restart_sequence(self, table):
        """Let the table's id sequence go on behind the last id."""
        sequence, name = f"{table}_id_seq", SQL.identifier(table)
        self.cr.execute(
            SQL("SELECT setval(%s, (SELECT max(id) FROM %s))", sequence, name)
        )

    @contextlib.contextmanager
    def bare(self, tables):
        """Drop secondary indexes and foreign keys; making them again checks all."""
        tables = list(tables)
        pairs = self._rows(FOREIGN_KEYS, tables) + self._rows(INDEXES, tables)
        for drop, _create in pairs:
            self.cr.execute(drop)
        yield
        for _drop, create in reversed(pairs):
            self.cr.execute(create)
