"""Install without recomputing a large ledger, and leave accounting as it was."""

from odoo.tools import SQL

COLUMNS = {
    "clinic_patient_id": "int4",
    "clinic_guarantor_id": "int4",
    "clinic_confidential": "bool",
    "clinic_dispute_since": "date",
    "clinic_first_request_at": "timestamp",
}

# Tables whose rows refer to records that came with the addon, users first.
HOLDING = (
    "clinic_message_attempt",
    "clinic_followup_entry",
    "clinic_message",
    "clinic_followup_level",
)


def pre_init_hook(env):
    """Create the columns of `account.move`, so that no document is computed anew.

    Empty means: the customer is the patient, and whoever answers for him pays.
    """
    for column, kind in COLUMNS.items():
        env.cr.execute(
            f"ALTER TABLE account_move ADD COLUMN IF NOT EXISTS {column} {kind}"
        )


def uninstall_hook(env):
    """Delete what holds on to our own records; accounting entries are not touched.

    Odoo then removes topics, templates and routes without stumbling over their users.
    """
    for table in HOLDING:
        env.cr.execute(SQL("DELETE FROM %s", SQL.identifier(table)))
    env.cr.execute("DROP TABLE IF EXISTS clinic_rate_limit")
