"""What must be true of every database, as SQL that returns no row.

Run after each test of this folder, after the demo, or by hand: `check(cursor)`.
"""

LIVE = "('accepted', 'sent', 'delivered', 'read')"

INVARIANTS = {
    "I1 no message has two live attempts on one channel": f"""
        SELECT message_id, channel FROM clinic_message_attempt
         WHERE state IN {LIVE} GROUP BY 1, 2 HAVING COUNT(*) > 1""",
    "I2 no attempt is leased five minutes past its lease": """
        SELECT id FROM clinic_message_attempt
         WHERE state = 'leased'
           AND lease_until < (now() AT TIME ZONE 'UTC') - interval '5 minutes'""",
    "I3 no two non-void entries for one item, level and occurrence": """
        SELECT move_id, partner_id, date_maturity, level_id, occurrence
          FROM clinic_followup_entry WHERE state != 'void' AND move_id IS NOT NULL
         GROUP BY 1, 2, 3, 4, 5 HAVING COUNT(*) > 1""",
    "I4 no claim began after a committed stop event": """
        SELECT attempt.id, event.id FROM clinic_message_attempt attempt
          JOIN clinic_message message ON message.id = attempt.message_id
          JOIN clinic_stop_event event ON event.partner_id = message.partner_id
           AND COALESCE(event.company_id, message.company_id) = message.company_id
         WHERE attempt.claim_snapshot != ''
           AND pg_visible_in_snapshot(event.xid::xid8,
           attempt.claim_snapshot::pg_snapshot) AND (event.applied_xid IS NULL OR NOT
           pg_visible_in_snapshot(
                event.applied_xid::xid8, attempt.claim_snapshot::pg_snapshot))""",
    "I6 no resource has two held or confirmed appointments at one time": """
        SELECT one.id, other.id FROM resource_booking one
          JOIN resource_booking_combination_resource_resource_rel mine
            ON mine.resource_booking_combination_id = one.combination_id
          JOIN resource_booking_combination_resource_resource_rel theirs
            ON theirs.resource_resource_id = mine.resource_resource_id
          JOIN resource_booking other
            ON other.combination_id = theirs.resource_booking_combination_id
           AND other.id > one.id
         WHERE one.active AND one.state IN ('scheduled', 'confirmed')
           AND other.active AND other.state IN ('scheduled', 'confirmed')
           AND one.start < other.stop AND one.stop > other.start""",
    "I6 no appointment is confirmed that is still on hold": """
        SELECT id FROM resource_booking
         WHERE active AND state = 'confirmed' AND clinic_held_until IS NOT NULL""",
    "I5 what came of a deposit was used, given back, kept, or is open": """
        SELECT deposit.id FROM clinic_deposit deposit
          LEFT JOIN (SELECT deposit_id,
                            SUM(amount) FILTER (WHERE kind = 'paid') AS paid,
                            SUM(amount) FILTER (WHERE kind IN (
                                'applied', 'refunded', 'kept')) AS gone
                       FROM clinic_deposit_line GROUP BY 1) part
            ON part.deposit_id = deposit.id
         WHERE ABS(COALESCE(deposit.open, 0) - COALESCE(part.paid, 0)
                   + COALESCE(part.gone, 0)) > 0.0005
            OR deposit.open < -0.0005
            OR deposit.state IN ('requested', 'authorized', 'released')
           AND COALESCE(part.paid, 0) > 0.0005
            OR deposit.state IN ('applied', 'kept', 'refunded')
           AND ABS(deposit.open) > 0.0005
            OR deposit.state = 'paid' AND deposit.open < 0.0005""",
    "I5 what is open of a deposit is its advance in the ledger": """
        SELECT deposit.id FROM clinic_deposit deposit
          LEFT JOIN (SELECT paid.deposit_id, -SUM(line.amount_residual_currency) AS rest
                       FROM clinic_deposit_line paid
                       JOIN account_payment payment ON payment.id = paid.payment_id
                       JOIN account_move_line line
                         ON line.move_id = payment.move_id
                        AND line.account_id = payment.destination_account_id
                      WHERE paid.kind = 'paid' GROUP BY 1) advance
            ON advance.deposit_id = deposit.id
         WHERE ABS(COALESCE(deposit.open, 0) - COALESCE(advance.rest, 0)) > 0.0005""",
    "I5 a deposit is kept only by a posted fee": """
        SELECT line.id FROM clinic_deposit_line line
          LEFT JOIN account_move move ON move.id = line.move_id
         WHERE line.kind = 'kept' AND move.state IS DISTINCT FROM 'posted'""",
    "I7 no instalment is charged twice, nor above its amount or its notice": """
        SELECT line.id FROM clinic_payment_plan_line line
          JOIN payment_transaction tx ON tx.clinic_plan_line_id = line.id
          LEFT JOIN clinic_message notice ON notice.id = line.notice_id
          LEFT JOIN (SELECT source_transaction_id, SUM(amount) AS amount
                       FROM payment_transaction
                      WHERE operation = 'refund' AND state = 'done' GROUP BY 1) refund
            ON refund.source_transaction_id = tx.id
         WHERE tx.source_transaction_id IS NULL
           AND (tx.state IN ('pending', 'authorized', 'done')
                OR tx.clinic_charge IN ('claimed', 'unknown'))
         GROUP BY line.id
        HAVING COUNT(*) FILTER (
                   WHERE tx.amount + COALESCE(refund.amount, 0) > 0.0005) > 1
            OR MAX(tx.amount) > line.amount + 0.0005
            OR MAX(tx.amount) > MIN(COALESCE(notice.amount, 0)) + 0.0005
            OR BOOL_OR(notice.delivered_at IS NULL
                       OR notice.delivered_at + interval '1 day' > tx.create_date)""",
    "I7 the instalments of a live plan make up its amount": """
        SELECT plan.id FROM clinic_payment_plan plan
          JOIN clinic_payment_plan_line line ON line.plan_id = plan.id
         WHERE plan.state = 'active' GROUP BY plan.id
        HAVING ABS(SUM(line.amount) - plan.amount) > 0.0005""",
    "I7 no bill is in two live plans": """
        SELECT move_id, partner_id, date_maturity FROM clinic_payment_plan_item
         WHERE state IN ('proposed', 'active') GROUP BY 1, 2, 3 HAVING COUNT(*) > 1""",
    "I8 no two top-level transactions paid by one payment at the provider": """
        SELECT provider_id, provider_reference FROM payment_transaction
         WHERE source_transaction_id IS NULL AND state IN ('authorized', 'done')
           AND provider_reference != ''
         GROUP BY 1, 2 HAVING COUNT(*) > 1""",
    "I9 no transaction done for 15 minutes without payment, child or exception": """
        SELECT tx.id FROM payment_transaction tx
         WHERE tx.source_transaction_id IS NULL AND tx.state = 'done'
           AND tx.operation != 'validation' AND tx.payment_id IS NULL
           AND tx.last_state_change < (now() AT TIME ZONE 'UTC') - interval '15 minutes'
           AND NOT EXISTS (SELECT FROM payment_transaction child
                            WHERE child.source_transaction_id = tx.id)
           AND NOT EXISTS (SELECT FROM clinic_payment_exception exception
                            WHERE exception.transaction_id = tx.id)""",
    "I10 no event unapplied for 5 minutes, no attempt ranks below its events": """
        SELECT id FROM clinic_twilio_event
         WHERE applied_at IS NULL AND problem IS NULL
           AND received_at < (now() AT TIME ZONE 'UTC') - interval '5 minutes'
        UNION ALL
        SELECT event.id FROM clinic_twilio_event event
          JOIN clinic_message_attempt attempt ON attempt.id = event.attempt_id
         WHERE event.applied_at IS NOT NULL AND (
               event.status = 'read' AND attempt.state != 'read'
            OR event.status = 'delivered'
               AND attempt.state NOT IN ('delivered', 'read')
            OR event.status IN ('sent', 'failed', 'undelivered')
               AND attempt.state NOT IN ('sent', 'failed', 'delivered', 'read'))""",
    "I11 allocations make up the transaction, matched or on the list": """
        SELECT tx.id FROM payment_transaction tx
          JOIN (SELECT transaction_id, SUM(amount) AS amount,
                       SUM(COALESCE(matched, 0)) AS matched
                  FROM clinic_payment_allocation GROUP BY 1) part
            ON part.transaction_id = tx.id
          LEFT JOIN (SELECT transaction_id, SUM(amount) AS amount
                       FROM clinic_payment_exception
                      WHERE kind IN ('unallocated', 'double') GROUP BY 1) free
            ON free.transaction_id = tx.id
         WHERE ABS(part.amount - tx.amount) > 0.0005
            OR tx.state = 'done' AND tx.payment_id IS NOT NULL
           AND ABS(part.matched + COALESCE(free.amount, 0) - tx.amount) > 0.0005""",
    "I12 message, link, item and case belong to one company": """
        SELECT message.id FROM clinic_message message
          JOIN clinic_followup_case cases ON cases.id = message.case_id
         WHERE cases.company_id != message.company_id
        UNION ALL
        SELECT entry.id FROM clinic_followup_entry entry
          JOIN clinic_followup_case cases ON cases.id = entry.case_id
          LEFT JOIN account_move move ON move.id = entry.move_id
          LEFT JOIN clinic_message message ON message.id = entry.message_id
         WHERE entry.company_id != cases.company_id
            OR entry.company_id != move.company_id
            OR entry.company_id != message.company_id
        UNION ALL
        SELECT link.id FROM clinic_link link
          JOIN clinic_message message ON message.id = link.message_id
         WHERE link.company_id != message.company_id""",
    "I13 no planned entry without message for 15 minutes": """
        SELECT id FROM clinic_followup_entry
         WHERE state = 'planned' AND message_id IS NULL
           AND decided_at < (now() AT TIME ZONE 'UTC') - interval '15 minutes'""",
    "I15 no raw link secret stored outside the mail queue": r"""
        SELECT id FROM clinic_message WHERE values::text ~ '/[a-z]/[\w-]{22}'
        UNION ALL
        SELECT id FROM clinic_message_attempt WHERE letter_body ~ '/[a-z]/[\w-]{22}'
        UNION ALL
        SELECT id FROM mail_message WHERE body ~ '/[a-z]/[\w-]{22}'
        UNION ALL
        SELECT id FROM mail_activity WHERE note ~ '/[a-z]/[\w-]{22}'
        UNION ALL
        SELECT id FROM mail_mail
         WHERE state != 'outgoing' AND id NOT IN (
                SELECT mail_mail_id FROM clinic_message_attempt
                 WHERE state = 'leased' AND mail_mail_id IS NOT NULL)
           AND body_html ~ '/[a-z]/[\w-]{22}'""",
}


# Tables of the two upper addons, which need not be there.
OPTIONAL = ("clinic_twilio_event", "resource_booking", "clinic_deposit")


def has_table(cr, table):
    """Return whether the database has that table."""
    cr.execute("SELECT to_regclass(%s)", [table])
    return bool(cr.fetchone()[0])


def check(cr):
    """Return the broken invariants: {name: first rows that break it}.

    :param cr: a cursor of the database, with `execute` and `fetchmany`
    """
    broken = {}
    absent = [table for table in OPTIONAL if not has_table(cr, table)]
    for name, sql in INVARIANTS.items():
        if any(table in sql for table in absent):
            continue
        cr.execute(sql)
        if rows := cr.fetchmany(5):
            broken[name] = rows
    return broken
