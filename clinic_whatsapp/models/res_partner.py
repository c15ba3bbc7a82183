from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from odoo.addons.clinic_dunning.models.payment.link_details import ADULT_AGE

from ..tools import phone


class ResPartner(models.Model):
    _inherit = "res.partner"

    clinic_document_ref = fields.Char(
        string="Document Reference",
        index="btree_not_null",
        copy=False,
        help="The number under which a laboratory or a scanner sends this patient's "
        "documents, beside the reference and the numbers of bills.",
    )
    clinic_document_count = fields.Integer(
        string="Documents",
        compute="_compute_clinic_document_count",
        groups="clinic_dunning.group_front_desk",
    )

    clinic_consent_text = fields.Char(
        string="By WhatsApp",
        compute="_compute_clinic_consent_text",
        groups="clinic_dunning.group_front_desk",
    )

    @api.depends_context("company", "lang")
    def _compute_clinic_consent_text(self):
        """Say about what this person may be written to by WhatsApp."""
        consents = self.env["clinic.consent"]
        names = dict(consents._fields["purpose"]._description_selection(self.env))
        keys = {
            (partner, partner._get_asking_clinic(), purpose)
            for partner in self
            for purpose in names
        }
        refusals = consents._get_refusals(keys, "whatsapp")
        for partner in self:
            company = partner._get_asking_clinic()
            allowed = [
                name
                for purpose, name in names.items()
                if not refusals[partner, company, purpose]
            ]
            partner.clinic_consent_text = ", ".join(allowed) or self.env._("nothing")

    def action_ask_clinic_consent(self):
        """Open the dialog that notes what this person wants to be written."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_whatsapp.clinic_consent_desk_action"
        )
        return {
            **action,
            "context": {
                "default_partner_id": self.id,
                "default_company_id": self._get_asking_clinic().id,
            },
        }

    def _get_texting_number(self, company):
        """Return the number in E.164: the clinic's country first, or ''."""
        return phone.to_e164(
            self.phone, (company.country_id.code, self.country_id.code)
        )

    def _is_reached_at(self, number, company):
        """Return whether that number (E.164) is still this person's own."""
        return number in (
            self._get_texting_number(company),
            self.phone_sanitized,
        ) and not self._is_clinic_phone_wrong(company)

    def _get_asking_clinic(self):
        """Return the company that the person's answer is for."""
        return self.company_id or self.env.company

    def _compute_clinic_document_count(self):
        counts = dict(
            self.env["clinic.patient.document"]._read_group(
                [("patient_id", "in", self.ids)], ["patient_id"], ["__count"]
            )
        )
        for partner in self:
            partner.clinic_document_count = counts.get(partner, 0)

    def _is_clinic_minor(self, today):
        """Return whether the person is known to be under age on that day."""
        born = self.sudo().clinic_birth_date
        return bool(born and born > today - relativedelta(years=ADULT_AGE))

    def action_open_clinic_documents(self):
        """Open this patient's documents; what is dropped there is this patient's."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_whatsapp.clinic_patient_document_action"
        )
        return {
            **action,
            "domain": [("patient_id", "=", self.id)],
            "context": {"default_patient_id": self.id},
        }
