from odoo import fields, models


class ClinicCall(models.Model):
    """One talk with a person about what is open, or the try of one; append-only."""

    _name = "clinic.call"
    _description = "Call or Talk"
    _order = "date desc, id desc"
    _rec_name = "outcome"

    case_id = fields.Many2one(
        "clinic.followup.case",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="case_id.company_id", store=True)
    date = fields.Datetime(default=fields.Datetime.now, required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", default=lambda self: self.env.user, required=True, readonly=True
    )
    by_phone = fields.Boolean(default=True, readonly=True, help="Else: at the desk.")
    outcome = fields.Selection(
        [
            ("no_answer", "No answer: call again"),
            ("paid", "Says it is paid"),
            ("promise", "Promises to pay"),
            ("dispute", "Disputes the bill"),
            ("hardship", "Can't pay at present"),
            ("insurer", "Waits for the insurer"),
            ("wrong_number", "Wrong number"),
            ("asked", "Asks to be left alone"),
        ],
        required=True,
        readonly=True,
    )
    note = fields.Char(
        readonly=True, help="In neutral words: never anything about health."
    )
