from odoo import api, fields, models, tools
from odoo.fields import Domain

from odoo.addons.clinic_dunning.models.outreach import registry
from odoo.addons.clinic_dunning.models.outreach.discretion import fold

ACTIONS = [
    ("stop", "Write no more"),
    ("start", "Write again"),
    ("help", "Who is this?"),
    ("pay", "Send a link to pay"),
    ("plan", "Pay in instalments"),
    ("paid", "It is paid"),
    ("call", "Call me"),
    ("book", "Book an appointment"),
    ("confirm", "Confirm the appointment"),
    ("cancel", "Cancel the appointment"),
]


class ClinicReplyWord(models.Model):
    """A word that people answer with, and what it means."""

    _name = "clinic.reply.word"
    _description = "Word of a Reply"
    _inherit = ["clinic.cached"]
    _rec_name = "word"
    _order = "action, language, word, id"

    word = fields.Char(
        required=True,
        help="The whole message, without regard to case, accents and punctuation.",
    )
    language = fields.Selection(registry.LANGUAGES, required=True, default="en")
    action = fields.Selection(ACTIONS, string="Means", required=True)
    purpose = fields.Selection(
        [("billing", "Bills"), ("appointment", "Appointments"), ("care", "Care")],
        help="What is stopped or started; empty: all. Other words act only in answer "
        "to such a message; empty: to any.",
    )
    active = fields.Boolean(default=True)

    _word = models.Constraint(
        "UNIQUE (word, language)", "This word is on the list already."
    )

    @api.model
    def _read(self, text):
        """Return (action, purpose or "") of a message that is one of the words.

        Else ("", "").
        """
        return self._get_words().get(fold(text or "").strip(), ("", ""))

    @api.model
    @tools.ormcache()
    def _get_words(self):
        words = self.sudo().search(Domain.TRUE, order="id desc")
        return {
            fold(word.word).strip(): (word.action, word.purpose or "") for word in words
        }
