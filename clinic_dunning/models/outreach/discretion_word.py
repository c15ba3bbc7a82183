from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from .discretion import fold


class ClinicDiscretionWord(models.Model):
    """A word that never leaves the clinic in a message."""

    _name = "clinic.discretion.word"
    _description = "Word that does not leave the clinic"
    _rec_name = "word"
    _inherit = ["clinic.cached"]
    _order = "word, id"

    word = fields.Char(
        required=True,
        help="A word or phrase in any language; case and accents do not matter. "
        "A star at the end stands for any ending: psychiatr*",
    )
    note = fields.Char(help="Why it does not leave.")
    formal_notice_allowed = fields.Boolean(
        help="A word of law that a formal notice may hold: a letter to a named person.",
    )
    active = fields.Boolean(default=True)

    _word_unique = models.Constraint(
        "UNIQUE(word)", "This word is on the list already."
    )

    @api.constrains("word")
    def _check_word(self):
        for record in self:
            if len(fold(record.word).strip()) < 2:
                raise ValidationError(
                    self.env._(
                        "“%(word)s” needs two letters at least.", word=record.word
                    )
                )

    @api.model
    @tools.ormcache("formal")
    def _get_words(self, formal=False):
        """Return the active words as a tuple; `formal` leaves the words of law out."""
        domain = [("active", "=", True)]
        domain += [("formal_notice_allowed", "=", False)] if formal else []
        return tuple(self.sudo().search(domain).mapped("word"))
