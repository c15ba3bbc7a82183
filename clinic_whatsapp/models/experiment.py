from odoo import fields, models
from odoo.tools import SQL

from ..tools import interval

NOTHING = "hold-out"


class ClinicMessageExperiment(models.Model):
    """What came of a wording test."""

    _inherit = "clinic.message.experiment"

    result_html = fields.Html(
        string="Result", compute="_compute_result_html", sanitize=False
    )

    def _compute_result_html(self):
        for test in self:
            rows = test._get_results()
            test.result_html = bool(rows) and self.env["ir.qweb"]._render(
                "clinic_whatsapp.experiment_result",
                {"rows": rows, "verdict": test._judge(rows)},
            )

    def _get_results(self):
        """Return a dict for each variant, and for those held out.

        Without the figures where there are too few people to say anything.
        """
        if not (self.topic_id and self.date_from and self.date_to):
            return []
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT variant, hold_out_id IS NOT NULL, SUM(sent), SUM(delivered),
                       SUM(seen), SUM(replied), SUM(asked), SUM(paid)
                  FROM (%(facts)s) fact
                 WHERE topic_id = %(topic)s AND company_id = %(company)s
                   AND moment::date BETWEEN %(first)s AND %(last)s
                   AND (hold_out_id IS NULL OR hold_out_id = %(test)s)
                 GROUP BY 1, 2 ORDER BY 2, 1
                """,
                facts=self.env["clinic.message.funnel"]._get_facts_sql(),
                topic=self.topic_id.id,
                company=self.company_id.id,
                first=self.date_from,
                last=self.date_to,
                test=self._origin.id or 0,
            )
        )
        return [self._prepare_result(*row) for row in self.env.cr.fetchall()]

    def _prepare_result(
        self, variant, held_out, sent, delivered, read, replied, asked, paid
    ):
        people = asked if held_out else sent
        enough = asked >= interval.ENOUGH
        low, high = interval.get_interval(paid, asked) if enough else (0, 0)
        return {
            "name": variant,
            "held_out": held_out,
            "people": people,
            "enough": enough,
            "delivered": enough and not held_out and _percent(delivered, sent),
            "read": enough and not held_out and _percent(read, sent),
            "replied": enough and not held_out and _percent(replied, sent),
            "paid": enough and _percent(paid, asked),
            "share": paid / asked if enough else 0,
            "low": low,
            "high": high,
            "between": enough and f"{100 * low:.0f}–{100 * high:.0f}",
        }

    def _judge(self, rows):
        """Return in a sentence whether the first beats the others, beyond chance."""
        known = [row for row in rows if row["enough"]]
        if len(known) < 2:
            return self.env._(
                "Too few people so far: a share is shown from %s people on.",
                interval.ENOUGH,
            )
        best, second = sorted(known, key=lambda row: -row["share"])[:2]
        names = {"best": best["name"], "second": second["name"]}
        if best["low"] <= second["high"]:
            return self.env._(
                "No clear difference yet: it may be chance. Go on, or take the one you "
                "like better."
            )
        if best["held_out"]:
            return self.env._("Who got no reminder paid more often: leave it out.")
        return self.env._(
            "%(best)s is paid more often than %(second)s, and that is hardly chance.",
            **names,
        )


def _percent(count, total):
    return f"{100 * count / total:.0f} %"
