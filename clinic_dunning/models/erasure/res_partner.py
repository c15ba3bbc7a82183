from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

# So long the books have to name whom they billed (C. com. L123-22 in France, code of
# economic law III.88 in Belgium; eight years in India).
LEDGER_YEARS = 10
# What the books don't need, and what they do.
CONTACT = (
    "email",
    "phone",
    "website",
    "function",
    "comment",
    "ref",
    "category_id",
    "image_1920",
    "clinic_birth_date",
    "clinic_wrong_phone",
    "clinic_preferred_channel",
    "clinic_guarantor_id",
    "clinic_guarantor_until",
    "clinic_share_consent",
)
IDENTITY = ("street", "street2", "zip", "city", "state_id", "country_id", "vat")
LATE_TRACES_DAYS = 90


class ResPartner(models.Model):
    """A person asks to be forgotten: what the law keeps stays, and names nobody.

    Proofs of consent and of what was sent keep their dates and outcome, for the
    clinic may have to show them; who they were about is lost (SAFETY 4, GDPR art. 17).
    """

    _inherit = "res.partner"

    clinic_erased_at = fields.Datetime(
        string="Erased on",
        readonly=True,
        copy=False,
        groups="clinic_dunning.group_front_desk",
    )
    clinic_named_until = fields.Date(
        string="Name Kept Until",
        readonly=True,
        copy=False,
        groups="clinic_dunning.group_front_desk",
        help="The books have to name whom they billed so long; then the name goes too.",
    )

    def action_clinic_erase(self):
        """Erase what is known of these people, on record; say what stays.

        :raise UserError: in words, while something is open with them
        """
        self.check_access("read")
        self._check_clinic_manager()
        for partner in self:
            log = partner._prepare_privacy_log_vals()
            partner.sudo()._erase_clinic_data()
            details = partner._describe_clinic_erasure()
            self.env["privacy.log"].sudo().create(log | {"execution_details": details})
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Erased"),
                "message": self[:1]._describe_clinic_erasure(),
                "type": "success",
                "sticky": True,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _check_clinic_manager(self):
        """Leave what can't be taken back to managers.

        :raise AccessError: for others
        """
        if not self.env.user.has_group("clinic_dunning.group_clinic_manager"):
            raise AccessError(
                self.env._("Only a clinic manager erases what is known of somebody.")
            )

    def _prepare_privacy_log_vals(self):
        return {
            "anonymized_name": self.name or "-",
            "anonymized_email": self.email or "-@-",
            "records_description": f"{self._description} #{self.id}",
        }

    def _describe_clinic_erasure(self):
        """Return in a sentence what is gone and what stays."""
        partner_sudo = self.sudo()
        if partner_sudo.clinic_named_until:
            return self.env._(
                "Contact data, texts and links are gone. Name and address stay in the "
                "books until %s, as the law wants it.",
                partner_sudo.clinic_named_until,
            )
        return self.env._("Nothing tells any more who it was.")

    def _is_known_to_clinic(self):
        """Return whether something of this person has to be kept, and erased here."""
        theirs = [("partner_id", "=", self.id)]
        return any(
            self.env[model].search_count(theirs, limit=1)
            for model in (
                "account.move",
                "clinic.consent",
                "clinic.followup.case",
                "clinic.message",
            )
        )

    # -- may it be done --------------------------------------------------------

    def _check_clinic_erasable(self):
        """Refuse while something is open with this person.

        :raise UserError: what has to be settled first, a sentence each
        """
        self.ensure_one()
        if problems := self._find_clinic_erase_problems():
            raise UserError("\n".join(problems))

    def _find_clinic_erase_problems(self):
        """Return what has to be settled first, a sentence each."""
        problems = []
        if self._has_open_clinic_items():
            problems.append(
                self.env._(
                    "A bill or a credit of %s is open: settle it first. To end the "
                    "messages at once, note a refusal instead.",
                    self.display_name,
                )
            )
        if self.clinic_dependant_ids:
            problems.append(
                self.env._(
                    "%(guarantor)s pays for %(patients)s: somebody else has to first.",
                    guarantor=self.display_name,
                    patients=", ".join(self.clinic_dependant_ids.mapped("name")),
                )
            )
        if not all(self.with_context(active_test=False).user_ids.mapped("share")):
            problems.append(
                self.env._("%s works here: archive the user first.", self.display_name)
            )
        return problems

    def _has_open_clinic_items(self):
        """Return whether money is open with this person, as patient or payer."""
        theirs = Domain.OR(
            Domain(name, "=", self.id)
            for name in (
                "partner_id",
                "move_id.clinic_guarantor_id",
                "move_id.clinic_patient_id",
            )
        )
        open_lines = theirs & Domain(
            [
                ("parent_state", "=", "posted"),
                ("account_id.account_type", "=", "asset_receivable"),
                ("reconciled", "=", False),
            ]
        )
        lines = self.env["account.move.line"].search_count(open_lines, limit=1)
        drafts = self.env["account.move"].search_count(
            [("partner_id", "=", self.id), ("state", "=", "draft")], limit=1
        )
        return bool(lines or drafts)

    # -- doing it --------------------------------------------------------------

    def _erase_clinic_data(self):
        """Erase what is known of these people (sudo).

        :raise UserError: while something is open with one of them
        """
        quiet = self.with_context(tracking_disable=True, active_test=False)
        for partner in quiet:
            partner._check_clinic_erasable()
            partner._erase_clinic_traces()
            partner._blank(CONTACT)
            partner.user_ids._archive_for_clinic()
            partner.active = False
            partner.clinic_erased_at = fields.Datetime.now()
            partner.clinic_named_until = partner._get_clinic_named_until()
            if not partner.clinic_named_until:
                partner._unname_for_clinic()
            # What was written beside it, and what the steps above have logged there.
            partner._erase_clinic_chatter(partner)

    def _erase_clinic_traces(self):
        """Wipe what tells something about the person elsewhere; addons add theirs.

        Called while the addresses are still known.
        """
        theirs = [("partner_id", "=", self.id)]
        self._note_clinic_refusals()
        messages = self._get_clinic_messages()
        messages.filtered(lambda message: not message._is_at_provider())._cancel(
            self.env._("The person asked to be erased.")
        )
        messages._wipe()
        self.env["clinic.link"]._revoke_of(self)
        self.env["clinic.consent"].search(theirs)._wipe()
        self.env["clinic.policy.acceptance"].search(theirs)._wipe()
        self.env["payment.token"].search(theirs).active = False
        cases = self.clinic_case_ids
        cases.hold_ids.note = False
        self.env["clinic.payment.plan"].search(
            [("case_id", "in", cases.ids)]
        ).accepted_ip = False
        self._erase_clinic_chatter(cases)

    def _note_clinic_refusals(self):
        """Nothing is sent from now on, whatever is written or brought in later."""
        consents = self.env["clinic.consent"]
        purposes = dict(consents._fields["purpose"].selection)
        consents.create(
            [
                {
                    "partner_id": self.id,
                    "purpose": purpose,
                    "granted": False,
                    "text_version": self.env._("Asked to be erased"),
                }
                for purpose in purposes
            ]
        )

    def _get_clinic_messages(self):
        return self.env["clinic.message"].search(
            ["|", ("partner_id", "=", self.id), ("patient_id", "=", self.id)]
        )

    def _get_clinic_named_until(self):
        """Return until when the books name this person; False: they never did."""
        last = self.env["account.move"].search(
            [("partner_id", "=", self.id), ("state", "=", "posted")],
            order="date desc",
            limit=1,
        )
        return last and last.date + relativedelta(years=LEDGER_YEARS)

    def _unname_for_clinic(self):
        self._blank(IDENTITY)
        self.name = self.env._("Erased person %s", self.id)

    def _blank(self, names):
        self.write(dict.fromkeys(names, False))

    @api.autovacuum
    def _gc_clinic_erased(self):
        """Take the names whose time is over, and traces that came late (receipts)."""
        people = self.sudo().with_context(active_test=False, tracking_disable=True)
        today = fields.Date.today()
        for partner in people.search([("clinic_named_until", "<", today)]):
            partner._unname_for_clinic()
            partner.clinic_named_until = False
        late = fields.Datetime.now() - relativedelta(days=LATE_TRACES_DAYS)
        for partner in people.search([("clinic_erased_at", ">", late)]):
            partner._get_clinic_messages()._wipe()

    @api.model
    def _erase_clinic_chatter(self, records):
        """Delete what was written beside these records, mails to them included."""
        if not records:
            return
        beside = [("model", "=", records._name), ("res_id", "in", records.ids)]
        self.env["mail.message"].search(beside).unlink()
        activities = self.env["mail.activity"].with_context(active_test=False)
        activities.search(
            [("res_model", "=", records._name), ("res_id", "in", records.ids)]
        ).unlink()
