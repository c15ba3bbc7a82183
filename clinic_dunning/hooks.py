"""Install without recomputing a large ledger, and leave accounting as it was."""

COLUMNS = {
    "clinic_patient_id": "int4",
    "clinic_guarantor_id": "int4",
    "clinic_confidential": "bool",
    "clinic_dispute_since": "date",
    "clinic_first_request_at": "timestamp",
}


def pre_init_hook(env):
    """Create the columns of `account.move`, so that no document is computed anew.

    Empty means: the customer is the patient, and whoever answers for him pays.
    """
    for column, kind in COLUMNS.items():
        env.cr.execute(
            f"ALTER TABLE account_move ADD COLUMN IF NOT EXISTS {column} {kind}"
        )


def uninstall_hook(env):
    """Drop the table that no model owns; accounting entries are not touched."""
    env.cr.execute("DROP TABLE IF EXISTS clinic_rate_limit")
