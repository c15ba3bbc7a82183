from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import interval

# What is measured against what: (field of the count, field of the total).
SHARES = {
    "delivered_rate": ("delivered", "sent"),
    "read_rate": ("seen", "sent"),
    "replied_rate": ("replied", "sent"),
    "paid_rate": ("paid", "asked"),
}
BOUNDS = {"paid_low": -1, "paid_high": 1}


class ClinicMessageFunnel(models.Model):
    """Sent, delivered, read, replied, paid within 7 days: by wording and month.

    Computed when it is looked at. Tests to oneself, answers and calls are no part of
    it; who was held out for a wording test is, as the variant "hold-out".
    """

    _name = "clinic.message.funnel"
    _description = "Message Funnel"
    _auto = False
    _order = "month desc, topic_id, template_id, id"
    _rec_name = "template_id"

    company_id = fields.Many2one("res.company", readonly=True)
    topic_id = fields.Many2one("clinic.message.topic", readonly=True)
    template_id = fields.Many2one("clinic.message.template", readonly=True)
    variant = fields.Char(readonly=True)
    channel = fields.Selection(
        selection=lambda self: self.env["res.partner"]._selection_clinic_channel(),
        readonly=True,
    )
    language = fields.Selection(
        selection=lambda self: self.env["clinic.message.template"]
        ._fields["language"]
        ._description_selection(self.env),
        readonly=True,
    )
    month = fields.Date(readonly=True)
    sent = fields.Integer(readonly=True)
    delivered = fields.Integer(
        readonly=True,
        help="Arrived, as far as the channel tells: a receipt from the phone, an email "
        "that was taken and did not come back, a letter that was posted.",
    )
    seen = fields.Integer("Read", readonly=True, help="Opened: only WhatsApp tells.")
    replied = fields.Integer(
        readonly=True, help="Wrote back within 7 days, before the next message."
    )
    asked = fields.Integer(
        string="Asked to Pay",
        readonly=True,
        help="Reminders, and those held out for a test.",
    )
    paid = fields.Integer(
        string="Paid Within 7 Days", readonly=True, help="All or a part of it."
    )
    delivered_rate = fields.Float("Delivered %", readonly=True, aggregator="avg")
    read_rate = fields.Float("Read %", readonly=True, aggregator="avg")
    replied_rate = fields.Float("Replied %", readonly=True, aggregator="avg")
    paid_rate = fields.Float("Paid %", readonly=True, aggregator="avg")
    paid_low = fields.Float(
        "Paid %, at Least",
        readonly=True,
        aggregator="avg",
        help="With 95 % certainty the true share lies between the two.",
    )
    paid_high = fields.Float(
        "Paid %, at Most",
        readonly=True,
        aggregator="avg",
        help="With 95 % certainty the true share lies between the two.",
    )

    @property
    def _table_query(self):
        counts = ("sent", "delivered", "seen", "replied", "asked", "paid")
        return SQL(
            """
            SELECT grouped.*, %(rates)s FROM (
                SELECT MIN(fact.id) AS id, fact.company_id, fact.topic_id,
                       fact.template_id, fact.variant, fact.channel, fact.language,
                       date_trunc('month', fact.moment)::date AS month, %(counts)s
                  FROM (%(facts)s) fact
                 GROUP BY 2, 3, 4, 5, 6, 7, 8) grouped
            """,
            rates=SQL(", ").join(
                SQL("%s AS %s", self._get_rate_sql(name, SQL.identifier), _name(name))
                for name in (*SHARES, *BOUNDS)
            ),
            counts=SQL(", ").join(
                SQL("SUM(fact.%s)::int AS %s", _name(name), _name(name))
                for name in counts
            ),
            facts=self._get_facts_sql(),
        )

    @api.model
    def _get_facts_sql(self):
        """Return a SELECT of one row for each message that left, or was held out.

        Its columns are 0 or 1, beside `id`, `company_id`, `topic_id`, `template_id`,
        `variant`, `channel`, `language`, `moment` (naive UTC) and `hold_out_id`.
        """
        return SQL(
            """
            SELECT left_ones.id, left_ones.company_id, left_ones.topic_id,
                   left_ones.template_id, template.variant, left_ones.channel,
                   template.language, left_ones.moment, NULL::int AS hold_out_id,
                   1 AS sent,
                   (left_ones.state IN ('delivered', 'read')
                    OR left_ones.channel NOT IN ('whatsapp', 'sms')
                       AND left_ones.state IN ('accepted', 'sent'))::int AS delivered,
                   (left_ones.state = 'read')::int AS seen,
                   EXISTS (
                        SELECT FROM clinic_reply reply
                         WHERE reply.partner_id = left_ones.partner_id
                           AND reply.channel = left_ones.channel
                           AND reply.date >= left_ones.moment
                           AND reply.date < LEAST(
                                left_ones.moment + interval '7 days',
                                left_ones.next_moment))::int AS replied,
                   (left_ones.level_id IS NOT NULL)::int AS asked,
                   COALESCE(left_ones.level_id IS NOT NULL
                            AND left_ones.paid_at >= left_ones.moment
                            AND left_ones.paid_at
                                < left_ones.moment + interval '7 days',
                            FALSE)::int AS paid
              FROM (
                SELECT attempt.id, attempt.channel, attempt.state, attempt.template_id,
                       message.partner_id, message.company_id, message.topic_id,
                       message.level_id, lead.paid_at,
                       COALESCE(attempt.posted_on::timestamp, attempt.sent_at)
                           AS moment,
                       LEAD(attempt.sent_at) OVER (
                            PARTITION BY message.partner_id, attempt.channel
                            ORDER BY attempt.sent_at, attempt.id) AS next_moment
                  FROM clinic_message_attempt attempt
                  JOIN clinic_message message ON message.id = attempt.message_id
                  JOIN clinic_message lead
                    ON lead.id = COALESCE(message.lead_id, message.id)
                 WHERE attempt.state IN
                           ('accepted', 'sent', 'delivered', 'read', 'failed')
                   AND attempt.sent_at IS NOT NULL AND attempt.channel != 'phone'
                   AND (attempt.channel != 'letter' OR attempt.posted_on IS NOT NULL)
                   AND message.is_test IS NOT TRUE AND message.answer_to_id IS NULL
                ) left_ones
              JOIN clinic_message_template template
                ON template.id = left_ones.template_id
             UNION ALL
            SELECT -message.id, message.company_id, message.topic_id, NULL,
                   %(hold_out)s, NULL, NULL, message.held_out_at, message.hold_out_id,
                   0, 0, 0, 0, 1,
                   COALESCE(message.paid_at < message.held_out_at + interval '7 days',
                            FALSE)::int
              FROM clinic_message message
             WHERE message.hold_out_id IS NOT NULL AND message.lead_id IS NULL
            """,
            hold_out=self.env._("hold-out"),
        )

    @api.model
    def _get_rate_sql(self, name, get_sql):
        """Return the SQL of a rate.

        :param get_sql: function that gives the SQL of a count by its field's name
        """
        count, total = map(get_sql, SHARES[name if name in SHARES else "paid_rate"])
        if name in BOUNDS:
            return interval.get_bound_sql(count, total, BOUNDS[name])
        return interval.get_share_sql(count, total)

    def _read_group_select(self, aggregate_spec, query):
        """The rate of a group is that of its sums, not the mean of its rates."""
        name, _colon, function = aggregate_spec.partition(":")
        if function != "avg" or name not in (*SHARES, *BOUNDS):
            return super()._read_group_select(aggregate_spec, query)
        return self._get_rate_sql(
            name,
            lambda field: SQL("SUM(%s)", self._field_to_sql(self._table, field, query)),
        )


def _name(name):
    return SQL.identifier(name)
