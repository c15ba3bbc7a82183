"""Is the ledger what Odoo would have computed? A sample by ORM, the whole by SQL."""

import random

from report import log

MOVE_FIELDS = (
    "amount_untaxed amount_tax amount_total amount_residual amount_untaxed_signed"
    " amount_tax_signed amount_total_signed amount_residual_signed payment_state"
    " amount_total_in_currency_signed invoice_date_due commercial_partner_id"
    " sequence_prefix sequence_number invoice_partner_display_name"
).split()
LINE_FIELDS = (
    "parent_state move_name journal_id company_id date invoice_date debit credit"
    " amount_residual amount_residual_currency reconciled price_subtotal price_total"
    " matching_number partner_id"
).split()
GIVEN = {"partner_id"}
INVARIANTS = {
    "a move does not balance": """
        SELECT move_id FROM account_move_line GROUP BY move_id HAVING sum(balance) <> 0
    """,
    "a document's residual is not that of its receivable lines": """
        SELECT m.id FROM account_move m
          JOIN account_move_line l ON l.move_id = m.id
          JOIN account_account a
            ON a.id = l.account_id AND a.account_type = 'asset_receivable'
         WHERE m.move_type IN ('out_invoice', 'out_refund')
         GROUP BY m.id HAVING sum(l.amount_residual) <> m.amount_residual_signed
    """,
    "a line's residual is not its balance less what is reconciled": """
        SELECT l.id FROM account_move_line l
          JOIN account_account a
            ON a.id = l.account_id AND a.account_type = 'asset_receivable'
          LEFT JOIN (SELECT debit_move_id AS id, sum(amount) AS amount
                       FROM account_partial_reconcile GROUP BY 1) debit
            ON debit.id = l.id
          LEFT JOIN (SELECT credit_move_id AS id, sum(amount) AS amount
                       FROM account_partial_reconcile GROUP BY 1) credit
            ON credit.id = l.id
         WHERE l.parent_state = 'posted' AND l.amount_residual
               <> l.balance - COALESCE(debit.amount, 0) + COALESCE(credit.amount, 0)
    """,
    "a line has no move": """
        SELECT l.id FROM account_move_line l
          LEFT JOIN account_move m ON m.id = l.move_id WHERE m.id IS NULL
    """,
    "a line is another partner's than its document": """
        SELECT l.id FROM account_move_line l JOIN account_move m ON m.id = l.move_id
         WHERE m.move_type IN ('out_invoice', 'out_refund')
           AND l.partner_id <> m.partner_id
    """,
}


def check(env, first_move_id, size=300):
    """Raise RuntimeError when an invariant fails or Odoo computes another value."""
    for text, query in INVARIANTS.items():
        env.cr.execute(query)
        if env.cr.rowcount:
            raise RuntimeError(f"{text}: {env.cr.rowcount} times")
    moves = sample(env, first_move_id, size)
    differences = recompute(env, moves)
    if differences:
        raise RuntimeError(
            f"{len(differences)} differences after recomputing: {differences[:5]}"
        )
    probe(env, moves)
    log(f"checked: {len(INVARIANTS)} invariants, {len(moves)} moves recomputed by Odoo")


def sample(env, first_move_id, size):
    """Return cloned moves drawn at random, always the same ones."""
    env.cr.execute(
        "SELECT id FROM account_move WHERE id > %s ORDER BY id", [first_move_id]
    )
    ids = [move_id for (move_id,) in env.cr.fetchall()]
    return env["account.move"].browse(
        random.Random(size).sample(ids, min(size, len(ids)))
    )


def recompute(env, moves):
    """Let Odoo compute the sample's stored fields again; return what has changed."""
    targets = (moves.line_ids, LINE_FIELDS), (moves, MOVE_FIELDS)
    before = [records.read(names, load=None) for records, names in targets]
    for records, names in targets:
        for name in names:
            field = records._fields[name]
            if field.compute and name not in GIVEN:
                env.add_to_compute(field, records)
        records._recompute_model()
    env.flush_all()
    env.invalidate_all()
    after = [records.read(names, load=None) for records, names in targets]
    return [
        (name, old["id"], old[name], new[name])
        for olds, news in zip(before, after, strict=True)
        for old, new in zip(olds, news, strict=True)
        for name in old
        if old[name] != new[name]
    ]


def probe(env, moves):
    """Prove that the check can fail: a residual falsified by SQL must be found."""
    line = moves.line_ids.filtered(lambda line: line.display_type == "payment_term")[:1]
    falsify = "UPDATE account_move_line SET amount_residual = 0.01 WHERE id = %s"
    env.cr.execute(falsify, [line.id])
    env.invalidate_all(flush=False)
    if not recompute(env, line.move_id):
        raise RuntimeError("recomputing finds nothing: the check is inert")
