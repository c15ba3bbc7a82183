from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.clinic_dunning.models.outreach.recheck import Verdict
from odoo.addons.clinic_dunning.models.payment.statement import Statement

from .document import OPEN_STATES

TOPICS = ("document", "document_balance")
LINK_DAYS = 30


class ClinicPatientDocument(models.Model):
    """The neutral notice: one for all that became ready for a person meanwhile."""

    _inherit = "clinic.patient.document"

    @api.model
    def _get_open_states(self):
        return OPEN_STATES

    def action_announce(self):
        """Tell the patients, also once more, that a document is ready.

        :raise UserError: in words for what can't be announced
        """
        self.check_access("write")
        for document in self:
            if not document.patient_id or document.state == "erased":
                raise UserError(
                    self.env._("Only a document with a patient can be announced.")
                )
        self.sudo()._announce()
        return True

    def _announce(self):
        """Queue the notices (sudo); one that has not left yet takes the others along.

        A few minutes pass first: a wrong match can be undone.
        """
        for document in self:
            person = document._get_recipient()
            notice = document._find_queued_notice(person) or document._queue_notice(
                person
            )
            document.notice_ids += notice
            document.notice_id = notice
        self.filtered(lambda d: d.state == "waiting").state = "announced"

    def _find_queued_notice(self, person):
        return self.env["clinic.message"].search(
            [
                ("partner_id", "=", person.id),
                ("company_id", "=", self.company_id.id),
                ("topic_id.code", "in", TOPICS),
                ("state", "=", "queued"),
                ("attempt_ids", "=", False),
            ],
            limit=1,
        )

    def _queue_notice(self, person):
        company = self.company_id
        now = fields.Datetime.now()
        leaves = now + timedelta(minutes=company.clinic_document_pause)
        route = company.clinic_document_route_id or self.env.ref(
            "clinic_whatsapp.route_whatsapp"
        )
        self.env.ref("clinic_dunning.ir_cron_send")._trigger(at=leaves)
        return self.env["clinic.message"]._queue(
            "document",
            person,
            company,
            f"document:{self.id}:{now:%Y%m%d%H%M%S}",
            source=self,
            route_id=route.id,
            not_before=leaves,
        )

    def _withdraw_notices(self):
        """Leave the notices (sudo); what then tells of nothing, and its links, end."""
        notices = self.notice_ids
        self.write({"notice_ids": [fields.Command.clear()], "notice_id": False})
        empty = notices.filtered(lambda notice: not notice.document_ids)
        empty.filtered(lambda notice: notice.state == "queued")._cancel(
            self.env._("The document was taken back.")
        )
        self.env["clinic.link"].search([("message_id", "in", empty.ids)])._revoke()


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    document_ids = fields.Many2many(
        "clinic.patient.document", string="Documents", readonly=True
    )

    def _is_document_notice(self):
        return self.topic_id.code in TOPICS

    def _get_link_purpose(self):
        if self._is_document_notice():
            return "document"
        return super()._get_link_purpose()

    def _get_link_days(self, channel):
        if self._is_document_notice():
            return LINK_DAYS
        return super()._get_link_days(channel)

    def _get_weekly_cap(self):
        """What somebody waits for is not put off for a week of reminders."""
        return 0 if self._is_document_notice() else super()._get_weekly_cap()

    def _get_window(self):
        """The clinic's hours for reminders are its hours for notices, too."""
        policy = self.company_id._get_clinic_followup_policy().sudo()
        if not (policy and self._is_document_notice()):
            return super()._get_window()
        return policy.window_from, policy.window_to, policy.window_weekend

    def _recheck_amount(self, open_items, paying):
        """A notice says what is open now, where that may be said; else nothing of it.

        It goes out whatever is owed.
        """
        if not self._is_document_notice():
            return super()._recheck_amount(open_items, paying)
        if not self.document_ids.filtered(lambda document: document._is_live()):
            return Verdict("skip", self.env._("There is nothing to open any more."))
        amount, currency = self._get_balance_to_tell()
        topic = "document_balance" if amount else "document"
        vals = {
            "topic_id": self.topic_id._get_by_code(topic).id,
            "currency_id": currency.id,
            "amount": amount,
        }
        self.sudo().write(vals)
        return Verdict("send", amount=amount)

    def _get_balance_to_tell(self):
        """Return (amount, currency) of what is open, zero where it is left unsaid.

        As a reminder: not to who has a pause, a plan or a payment under way, nor to who
        wants no bills on this channel.
        """
        link = self.env["clinic.link"]._get_virtual(self.partner_id, self.company_id)
        statement = link._get_statement_to_tell()
        currency = self.env["res.currency"].browse(statement.currency_ids[:1])
        channel = self._next_channel()
        refusal = channel and self.env["clinic.consent"]._get_refusal(
            self.partner_id, self.company_id, "billing", channel
        )
        probe = self.new(
            {"company_id": self.company_id.id, "case_id": link._get_known_case().id}
        )
        if not currency or refusal or probe._get_stop_reason():
            return 0.0, currency
        return statement.get_amount(currency, statement.get_asked(currency)), currency


class ClinicLink(models.Model):
    _inherit = "clinic.link"

    def _get_statement_to_tell(self):
        """Return what may be spoken of by the way: no bill that is left alone."""
        statement = self._get_statement()
        moves = self.env["account.move"].browse({i["move_id"] for i in statement.items})
        transactions = self.env["payment.transaction"]
        if transactions._get_live(moves) or transactions._get_awaited(moves):
            return Statement([], statement.today)
        told = [
            item
            for item in statement.items
            if item["residual"] < 0 or not item["no_followup"]
        ]
        return Statement(told, statement.today)
