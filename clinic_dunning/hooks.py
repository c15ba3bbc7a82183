"""Install without recomputing a large ledger, and leave accounting as it was."""

COLUMNS = {
    "clinic_patient_id": "int4",
    "clinic_guarantor_id": "int4",
    "clinic_confidential": "bool",
    "clinic_dispute_since": "date",
    "clinic_first_request_at": "timestamp",
}


def pre_init_hook(env):
    """Create the columns of `account.move` and fill those of open customer documents.

    Nobody has a guarantor yet, so the debtor is his own; documents that are paid stay
    empty, which means the same.
    """
    for column, kind in COLUMNS.items():
        env.cr.execute(
            f"ALTER TABLE account_move ADD COLUMN IF NOT EXISTS {column} {kind}"
        )
    env.cr.execute(
        """
        UPDATE account_move
           SET clinic_patient_id = partner_id, clinic_guarantor_id =
           commercial_partner_id
         WHERE move_type IN ('out_invoice', 'out_refund', 'out_receipt')
           AND partner_id IS NOT NULL
           AND payment_state IN ('not_paid', 'partial')
        """
    )


def uninstall_hook(env):
    """Drop the table that no model owns; accounting entries are not touched."""
    env.cr.execute("DROP TABLE IF EXISTS clinic_rate_limit")
