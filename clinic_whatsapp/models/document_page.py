from odoo import api, fields, models
from odoo.tools import format_amount, format_date

from ..tools.upload import get_extension

ACTIONS = {"opened": ("opens", "opened_at"), "document": ("downloads", "downloaded_at")}


class ClinicPatientDocument(models.Model):
    """What patients see and do; each of it is on record."""

    _inherit = "clinic.patient.document"

    @api.model
    def _get_documents_of(self, person, company):
        """Return what this person may open at this clinic, the newest first (sudo)."""
        people = person | person.sudo().clinic_dependant_ids
        found = self.sudo().search(
            [
                ("patient_id", "in", people.ids),
                ("company_id", "=", company.id),
                ("state", "in", self._get_open_states()),
            ]
        )
        return found.filtered(lambda document: document._may_be_read_by(person))

    def _get_page_values(self, lang):
        """Return a line for each: a date and a size, nothing of its content."""
        return [
            {
                "id": document.id,
                "date": format_date(self.env, document.create_date, lang_code=lang),
                "size": self.env._(
                    "%(kind)s, %(size)s kB",
                    kind=get_extension(document.mimetype).upper(),
                    size=document.size,
                ),
            }
            for document in self
        ]

    def _note_seen(self, what, user=None):
        """Count one opening or download and keep who it was (sudo).

        :param str what: "opened" by whoever gave the second factor, or "document"
        :param user: the member of staff; nobody behind a link
        """
        counter, moment = ACTIONS[what]
        for document in self:
            if not user:
                document[counter] += 1
                document[moment] = fields.Datetime.now()
            self.env["clinic.access.log"].create(
                {
                    "user_id": user and user.id,
                    "partner_id": document.patient_id.id,
                    "company_id": document.company_id.id,
                    "document_id": document.id,
                    "what": what,
                }
            )
        if what == "document" and not user:
            self.state = "downloaded"

    def action_make_code(self):
        """Show a code to tell the patient who is at the desk, or has been called back.

        For who has no other address: nobody is kept from a document for that.
        """
        self.ensure_one()
        self.check_access("write")
        code = self.sudo()._make_code()
        if not code:
            text = self.env._("No link of this document works now: announce it again.")
        else:
            self._message_log(body=self.env._("A code was made at the desk."))
            text = self.env._(
                "%s opens the link for ten minutes, once. Tell it only to somebody "
                "whose identity you have checked.",
                code,
            )
        params = {"message": text, "sticky": True, "type": "info" if code else "danger"}
        action = {"type": "ir.actions.client", "tag": "display_notification"}
        return {**action, "params": params}

    def _make_code(self):
        """Give all links that work now one code (sudo); return it, '' for no link."""
        links = self.env["clinic.link"].search(
            [("message_id", "in", self.notice_ids.ids), ("purpose", "=", "document")]
        )
        links = links.filtered(lambda link: link._is_usable())
        code = links[:1]._make_code() if links else ""
        for link in links[1:]:
            link._keep_code(code)
        return code


class ClinicLink(models.Model):
    """The page behind a link of purpose `document`."""

    _inherit = "clinic.link"

    def _get_documents(self):
        """Return what this link opens (sudo), as things are now."""
        link = self.sudo()
        return link.message_id.document_ids.filtered(
            lambda document: document._is_live()
            and document.company_id == link.company_id
            and document._may_be_read_by(link.partner_id)
        )

    def _get_document_page(self, lang, is_open):
        """Return what the page shows; the documents and the balance only when open."""
        local = self.with_context(lang=lang)
        values = {
            **self._get_header(lang),
            "page_title": local.env._("Your document"),
            "hello": local._get_greeting(),
            "takes_birth_date": self.company_id.clinic_document_birth_date,
            "is_open": is_open,
        }
        if is_open:
            values["documents"] = local._get_documents()._get_page_values(lang)
            values["balance"] = local._get_balance_note(lang)
        return values

    def _get_balance_note(self, lang):
        """Return in a sentence what is open, '' for nothing: a note, no condition."""
        statement = self._get_statement_to_tell()
        notes = []
        for currency in self.env["res.currency"].browse(statement.currency_ids):
            amount = statement.get_amount(currency, statement.get_asked(currency))
            if currency.compare_amounts(amount, 0) > 0:
                notes.append(format_amount(self.env, amount, currency, lang))
        return notes and self.env._(
            "%s remains open on your account.", " + ".join(notes)
        )

    def _get_code_routes(self):
        return super()._get_code_routes() | {"sms": "clinic_whatsapp.route_code_sms"}

    @api.model
    def _get_renewable(self):
        return [*super()._get_renewable(), "document"]

    def _send_again(self):
        """Announce what an expired link opened once more, at most once a day."""
        if self.purpose != "document":
            return super()._send_again()
        now = fields.Datetime.now()
        documents = self._get_documents()
        if not documents:
            return None
        notice = self.env["clinic.message"]._queue(
            "document",
            self.partner_id,
            self.company_id,
            f"renew:{self.id}:{now:%Y%m%d}",
            source=documents[:1],
            route_id=self.message_id.route_id.id,
        )
        for document in documents:
            document.notice_ids += notice
            document.notice_id = notice
        return self.env.ref("clinic_dunning.ir_cron_send").sudo()._trigger()

    @api.model
    def _get_clinics_of(self, partner):
        """Also the clinics that have a document for this person."""
        people = partner | partner.sudo().clinic_dependant_ids
        documents = self.env["clinic.patient.document"].sudo()
        found = documents.search(
            [
                ("patient_id", "in", people.ids),
                ("state", "in", documents._get_open_states()),
            ]
        )
        readable = found.filtered(lambda document: document._may_be_read_by(partner))
        return super()._get_clinics_of(partner) | readable.company_id
