"""The physical limit of reading: what is due per patient, by bare SQL."""

import time
from statistics import median

import psycopg2
from registry import bench
from report import Measure

DUE_PER_PATIENT = """
    SELECT partner_id, currency_id, min(date_maturity), sum(amount_residual_currency),
           sum(amount_residual) FILTER (WHERE amount_residual > 0), count(*)
      FROM account_move_line
     WHERE company_id = 1 AND parent_state = 'posted' AND reconciled IS NOT TRUE
       AND no_followup IS NOT TRUE AND date_maturity < CURRENT_DATE
       AND partner_id IS NOT NULL AND account_id IN (
           SELECT id FROM account_account WHERE account_type = 'asset_receivable')
     GROUP BY partner_id, currency_id
"""


@bench("selection")
def selection(run):
    """Fetched by the server only: the rows are counted, not read."""
    counted = f"SELECT count(*), sum(count) FROM ({DUE_PER_PATIENT}) AS due"
    walls = []
    connection = psycopg2.connect(dbname=run.database)
    with connection.cursor() as cr:
        for _repetition in range(4):
            start = time.perf_counter()
            cr.execute(counted)
            walls.append(time.perf_counter() - start)
        people, lines = cr.fetchone()
    connection.close()
    yield Measure("ledger.due_people", people, "")
    yield Measure("ledger.due_lines", int(lines), "")
    yield Measure("selection.bare.wall", median(walls[1:]), "s")
