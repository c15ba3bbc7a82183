from odoo import fields, models
from odoo.exceptions import UserError


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_address_letter(self):
        partner = self.partner_id
        lines = [partner.street, partner.zip, partner.city]
        return " ".join(filter(None, lines)) if partner.street and partner.city else ""

    def _get_obstacles_letter(self):
        """Return {message: why no letter can reach its person, or ""}."""
        missing = self.env._("no complete postal address")
        return {m: "" if m._get_address_letter() else missing for m in self}


class ClinicMessageAttempt(models.Model):
    """A letter waits to be printed, is printed in a batch and marked as posted."""

    _inherit = "clinic.message.attempt"

    letter_body = fields.Text(
        readonly=True, help="The text as it was approved to leave, the link masked."
    )
    letter_subject = fields.Char(readonly=True)
    printed_at = fields.Datetime(readonly=True)
    posted_on = fields.Date(readonly=True)
    registered_number = fields.Char()
    received_on = fields.Date(string="Received on")
    scan = fields.Binary(attachment=True, help="Scan of the receipt.")
    is_registered = fields.Boolean(compute="_compute_is_registered")

    def _compute_is_registered(self):
        for attempt in self:
            attempt.is_registered = (
                attempt.message_id.level_id.legal_step == "formal_notice"
            )

    def _prepare_letter(self, verdicts):
        """Check that letters can be written; printing renders them."""
        for attempt, letter in self._render(verdicts).items():
            attempt.write(
                {"letter_subject": letter.subject, "letter_body": letter.masked}
            )
        return dict.fromkeys(self.ids)

    def _send_by_letter(self, _parcels):
        """The letters now wait for the print run."""
        self._accept()

    def _find_proof_letter(self):
        """Nobody printed it: a letter is printed only after it was accepted."""
        return "absent"

    def _withdraw(self, reason):
        """Take back letters and calls that nobody has seen to yet."""
        for attempt in self:
            getattr(attempt, f"_withdraw_{attempt.channel}")()
        self._move_to("failed", error_code="withdrawn", error=reason)

    def _get_waiting_text_letter(self):
        return self.env._("to post") if self.printed_at else self.env._("to print")

    def _withdraw_letter(self):
        self.link_id._revoke()

    def action_print_letters(self):
        """Print the letters that are still needed, in one batch.

        Whoever has paid meanwhile is left out. Raises UserError when none is left.
        """
        waiting = self.filtered(
            lambda a: a.channel == "letter" and a.state == "accepted"
        )
        waiting.message_id._as_decider()._withdraw()
        waiting.invalidate_recordset()
        needed = waiting.filtered(lambda a: a.state == "accepted")
        if not needed:
            raise UserError(self.env._("No letter to print: nothing is due any more."))
        needed.sudo().printed_at = fields.Datetime.now()
        return self.env.ref("clinic_dunning.action_report_letter").report_action(needed)

    def _get_letter(self):
        """Return the letter with a fresh link, for the report.

        Each print makes a new link and revokes the former: the paper in the envelope is
        the last one printed.
        """
        self.ensure_one()
        verdicts = self.message_id._recheck()
        self.link_id._revoke()
        return self._render(verdicts)[self]

    def action_mark_posted(self):
        """Note that these letters were posted today."""
        letters = self.filtered(
            lambda a: a.channel == "letter" and a.state == "accepted"
        )
        if not letters or letters.filtered(lambda a: not a.printed_at):
            raise UserError(
                self.env._("Print the letters before you mark them as posted.")
            )
        messages_sudo = letters.message_id._as_decider()
        for company, posted in letters.grouped("company_id").items():
            posted.sudo()._move_to(
                "sent",
                posted_on=company._get_clinic_today(),
                sent_at=fields.Datetime.now(),
            )
        messages_sudo.filtered(lambda m: m.state == "in_progress")._deliver("posted")
