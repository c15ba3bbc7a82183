"""Clone the template documents by SQL, one bundle of rows per document of the plan.

A bundle is what one template document consists of: its moves, their lines, partial and
full reconciliations, numbered from 0 in each table. A clone's id is
`base + plan index * stride + number`, so a link inside a bundle is the same formula.
What else changes follows from the kind of column: amounts are scaled, dates shifted,
links to the template's partner lead to the patient, names of document and patient are
replaced. Columns that other addons add are therefore cloned rightly too.
"""

import ledger_plan
from ledger_documents import PATIENT
from ledger_schema import Schema

from odoo.tools import SQL

STRIDE = {
    "account_move": 2,
    "account_move_line": 16,
    "account_partial_reconcile": 4,
    "account_full_reconcile": 1,
}
SCALED_FLOATS = {"price_unit"}
DATED = {"account_move", "account_move_line"}

NUMBERED_ROWS = """
    CREATE TEMP TABLE bench_row AS
    WITH move AS (
        SELECT t.tkey, m.id, m.name AS docname, m.sequence_prefix AS prefix
          FROM bench_template t JOIN account_move m ON m.id = t.move_id
    ), line AS (
        SELECT move.tkey, l.id, docname, prefix, full_reconcile_id
          FROM move JOIN account_move_line l ON l.move_id = move.id
    ), bundle AS (
        SELECT 'account_move' AS tab, * FROM move
         UNION ALL
        SELECT 'account_move_line', tkey, id, docname, prefix FROM line
         UNION ALL
        SELECT 'account_partial_reconcile', line.tkey, p.id, NULL, NULL
          FROM line JOIN account_partial_reconcile p ON p.debit_move_id = line.id
         UNION ALL
        SELECT DISTINCT 'account_full_reconcile', tkey, full_reconcile_id, NULL, NULL
          FROM line WHERE full_reconcile_id IS NOT NULL
    )
    SELECT *, row_number() OVER (PARTITION BY tab, tkey ORDER BY id) - 1 AS number
      FROM bundle
"""
RENUMBERED = SQL(
    """CROSS JOIN LATERAL (
        SELECT replace(r.prefix, EXTRACT(year FROM b.date)::text,
                       EXTRACT(year FROM b.date + d.shift)::text) AS prefix,
               d.idx + 1000 AS number
        OFFSET 0
    ) new"""
)
NEW_NAME = SQL("new.prefix || lpad(new.number::text, 7, '0')")


def clone(env, partner, documents, plan, base):
    """Insert the plan's rows; `base` says from which id each table goes on."""
    cr, schema = env.cr, Schema(env.cr)
    cr.execute("CREATE TEMP TABLE bench_template (tkey text, move_id int)")
    for key, moves in documents.items():
        for move in moves:
            cr.execute("INSERT INTO bench_template VALUES (%s, %s)", [key, move.id])
    cr.execute(NUMBERED_ROWS)
    load(cr, "bench_patient", ledger_plan.PATIENT_COLUMNS, plan.patients)
    load(cr, "bench_document", ledger_plan.DOCUMENT_COLUMNS, plan.documents)
    copies = [PatientCopy(env, partner)]
    for table in STRIDE:
        copies.append(BundleCopy(env, partner, base, table))
        for relation, column in schema.relations_to(table):
            copies.append(BundleCopy(env, partner, base, relation, table, column))
    with schema.bare({copy.table for copy in copies}):
        for copy in copies:
            copy.insert()
    for table in base:
        schema.restart_sequence(table)


def load(cr, table, columns, rows):
    """Fill a temporary table from a COPY buffer."""
    cr.execute(f"CREATE TEMP TABLE {table} ({columns})")
    cr._cnx.cursor().copy_expert(f"COPY {table} FROM STDIN", rows)
    cr.execute(f"ANALYZE {table}")


class TableCopy:
    """One INSERT … SELECT: d is a row of the plan, b the row of the template."""

    patient_id = SQL("d.partner_id")

    def __init__(self, env, partner, table):
        self.cr, self.partner, self.table = env.cr, partner, table
        schema = Schema(env.cr)
        self.links = schema.links(table)
        self.values = {
            name: SQL.identifier("b", name) for name in schema.columns(table)
        }
        for name, target in self.links.items():
            if target == "res_partner":
                self.values[name] = SQL(
                    "CASE %(link)s WHEN %(old)s THEN %(patient)s ELSE %(link)s END",
                    link=SQL.identifier("b", name),
                    old=partner.id,
                    patient=self.patient_id,
                )

    def insert(self):
        """Send the statement."""
        columns = SQL(", ").join(map(SQL.identifier, self.values))
        values = SQL(", ").join(self.values.values())
        table = SQL.identifier(self.table)
        self.cr.execute(
            SQL(
                "INSERT INTO %s (%s) SELECT %s %s",
                table,
                columns,
                values,
                self.source(),
            )
        )


class PatientCopy(TableCopy):
    """The template's partner once per patient, with the plan's name and addresses."""

    patient_id = SQL("d.id")
    texts = {
        "complete_name": "name",
        "email_normalized": "email",
        "phone_sanitized": "phone",
    }

    def __init__(self, env, partner):
        super().__init__(env, partner, "res_partner")
        for name in ("id", "name", "email", "phone", "lang", *self.texts):
            self.values[name] = SQL.identifier("d", self.texts.get(name, name))

    def source(self):
        """Every patient beside the template's partner."""
        return SQL(
            "FROM bench_patient d JOIN res_partner b ON b.id = %s ORDER BY d.id",
            self.partner.id,
        )


class BundleCopy(TableCopy):
    """The rows whose `column` refers to a numbered row of the table `numbered`."""

    def __init__(self, env, partner, base, table, numbered=None, column="id"):
        super().__init__(env, partner, table)
        self.base, self.numbered, self.column = base, numbered or table, column
        self.joins = []
        if column == "id":
            self.values["id"] = self._new_id(table, "r")
            self._convert_by_kind(env[table.replace("_", ".")]._fields)
        for name, target in self.links.items():
            if target in STRIDE and self._is_used(name):
                self._follow_link(name, target)
        getattr(self, f"_finish_{table}", lambda: None)()

    def _new_id(self, table, alias):
        number = SQL.identifier(alias, "number")
        return SQL("%s + d.idx * %s + %s", self.base[table], STRIDE[table], number)

    def _is_used(self, name):
        """Tell whether any row to be cloned has a value in the column."""
        row = SQL(
            "%s AND %s IS NOT NULL", self._template_rows(), SQL.identifier("b", name)
        )
        self.cr.execute(SQL("SELECT EXISTS (SELECT FROM %s)", row))
        return self.cr.fetchone()[0]

    def _convert_by_kind(self, fields):
        for name in self.values.keys() & fields.keys():
            kind = fields[name].type
            if kind == "monetary" or name in SCALED_FLOATS:
                self.values[name] = SQL("%s * d.scale", self.values[name])
            elif kind == "date":
                self.values[name] = SQL("%s + d.shift", self.values[name])
            elif kind == "char" and self.table in DATED and self._is_used(name):
                renamed = SQL("replace(%s, r.docname, %s)", self.values[name], NEW_NAME)
                self.values[name] = SQL("replace(%s, %s, d.pname)", renamed, PATIENT)

    def _follow_link(self, name, target):
        """Lead a link inside the bundle to the clone of the row it refers to."""
        old, alias = SQL.identifier("b", name), f"to_{name}"
        self._join_row(alias, target, SQL("%s = %s", old, SQL.identifier(alias, "id")))
        self.values[name] = SQL("COALESCE(%s, %s)", self._new_id(target, alias), old)

    def _join_row(self, alias, target, condition):
        name = SQL.identifier(alias)
        join = SQL(
            "LEFT JOIN bench_row %s ON %s.tab = %s AND %s",
            name,
            name,
            target,
            condition,
        )
        self.joins.append(join)

    def _finish_account_move(self):
        self.values["sequence_prefix"] = SQL("new.prefix")
        self.values["sequence_number"] = SQL("new.number")

    def _finish_account_move_line(self):
        """Exclude what the plan does; a matching is a full id, or P and a partial's."""
        self.values["no_followup"] = SQL(
            "b.no_followup OR (d.nofollow AND b.display_type = 'payment_term')"
        )
        self._join_row(
            "matching",
            "account_partial_reconcile",
            SQL("b.matching_number = 'P' || matching.id"),
        )
        self.values["matching_number"] = SQL(
            "COALESCE((%s)::text, 'P' || (%s))",
            self._new_id("account_full_reconcile", "to_full_reconcile_id"),
            self._new_id("account_partial_reconcile", "matching"),
        )

    def _template_rows(self):
        return SQL(
            "bench_row r JOIN %s b ON %s = r.id AND r.tab = %s",
            SQL.identifier(self.table),
            SQL.identifier("b", self.column),
            self.numbered,
        )

    def source(self):
        """Every document beside the rows of its bundle and the rows these refer to."""
        joins = [*self.joins, RENUMBERED] if self.table in DATED else self.joins
        return SQL(
            "FROM %s JOIN bench_document d ON d.tkey = r.tkey %s",
            self._template_rows(),
            SQL(" ").join(joins),
        )
