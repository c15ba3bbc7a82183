from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .large_send import FIRST


class ClinicMessage(models.Model):
    """What a large send holds back."""

    _inherit = "clinic.message"

    large_send_id = fields.Many2one(
        "clinic.large.send", ondelete="set null", index="btree_not_null", readonly=True
    )
    is_first = fields.Boolean(
        readonly=True, help="One of the first of a large send: they show how it goes."
    )
    approved_by_id = fields.Many2one("res.users", readonly=True)

    # -- when it is composed ---------------------------------------------------

    @api.model
    def _open_large_sends(self, cases=None):
        """Open a large send for each level that many people reach now.

        :param cases: those that a person sends to by hand, None for everybody
        :return: the id of the newest entry that was counted, 0 if there is none
        """
        sends = self.env["clinic.large.send"].sudo()
        large = sends._get_large()
        newest = 0
        self.env.flush_all()
        self.env.cr.execute(self._count_people_sql(cases))
        for level_id, company_id, people, last_id in self.env.cr.fetchall():
            newest = max(newest, last_id)
            if large and people > large and self._leaves_by_itself(level_id):
                sends._open(level_id, company_id)
        return newest

    def _count_people_sql(self, cases):
        """How many people each level speaks to, by what is not composed yet."""
        restrict = SQL()
        if cases is not None:
            restrict = SQL("AND entry.case_id IN %s", tuple(cases.ids) or (0,))
        return SQL(
            """
            SELECT level_id, company_id, COUNT(*), MAX(last_id) FROM (
                SELECT (ARRAY_AGG(entry.level_id
                                  ORDER BY level.sequence DESC, level.id))[1]
                       AS level_id, entry.company_id, MAX(entry.id) AS last_id
                  FROM clinic_followup_entry entry
                  JOIN clinic_followup_level level ON level.id = entry.level_id
                 WHERE entry.state = 'planned' AND entry.message_id IS NULL %s
                 GROUP BY entry.case_id, entry.company_id, entry.currency_id) groups
             GROUP BY 1, 2
            """,
            restrict,
        )

    def _leaves_by_itself(self, level_id):
        """Return whether a level writes by a channel that needs nobody's hand."""
        level = self.env["clinic.followup.level"].sudo().browse(level_id)
        return any(self._is_automatic(leg) for leg in level.route_id._get_legs())

    def _is_automatic(self, channels):
        """Return whether one of these channels leaves without staff."""
        return bool(set(channels) - self._get_silent_channels())

    def _note_let_go(self, rows):
        """Count who was let go as one of the first.

        Each send that was looked at is written: whoever decides about it at the same
        time has to begin again.

        :param rows: (id of the large send or None, is one of the first) of messages
        """
        counts = {}
        for send_id, is_first in rows:
            if send_id:
                counts[send_id] = counts.get(send_id, 0) + bool(is_first)
        for send_id, count in counts.items():
            self.env.cr.execute(
                "UPDATE clinic_large_send SET let_go = let_go + %s WHERE id = %s",
                [count, send_id],
            )
        self.env["clinic.large.send"].invalidate_model(["let_go"])

    # -- when it is approved ---------------------------------------------------

    def _get_room(self):
        """Return the messages that may leave once they are approved.

        Of an open large send only the first ones.
        """
        sends = self.sudo().large_send_id.filtered(
            lambda send: send.state in ("first", "waiting")
        )
        others = self.filtered(lambda m: m.sudo().large_send_id not in sends)
        return others.union(
            *[
                self.filtered(lambda m, s=send: m.sudo().large_send_id == s).sorted(
                    "id"
                )[: max(FIRST - send.let_go, 0)]
                for send in sends
            ]
        )

    def _gather_large(self):
        """Make many of one level a large send: they may have piled up for days."""
        sends = self.env["clinic.large.send"]
        large = sends._get_large()
        loose = self.filtered(lambda m: m.level_id and not m.large_send_id)
        for group, messages in loose.grouped(
            lambda m: (m.level_id, m.company_id)
        ).items():
            level, company = group
            if 0 < large < len(messages.partner_id) and self._leaves_by_itself(
                level.id
            ):
                messages.large_send_id = sends._open(level.id, company.id)

    def _approve(self):
        """Let these go out, those of a large send as far as there is room."""
        self.check_access("write")
        messages_sudo = self.sudo()
        messages_sudo._gather_large()
        free_sudo = messages_sudo._get_room()
        (messages_sudo - free_sudo).approval = "held"
        free_sudo.approval = "approved"
        messages_sudo.approved_by_id = self.env.uid
        free_sudo = free_sudo.filtered(
            lambda m: m.large_send_id.state in ("first", "waiting")
        )
        free_sudo.is_first = True
        self._note_let_go(
            (m.large_send_id.id, m.is_first)
            for m in messages_sudo
            if m.large_send_id.state in ("first", "waiting")
        )


class ClinicLargeSend(models.Model):
    _inherit = "clinic.large.send"

    @api.model
    def _open(self, level_id, company_id):
        """Return the open large send of a level, opened now if there was none."""
        known = (
            Domain("level_id", "=", level_id)
            & Domain("company_id", "=", company_id)
            & Domain("state", "in", ("first", "waiting"))
        )
        return self.search(known) or self.create(
            {"level_id": level_id, "company_id": company_id}
        )
