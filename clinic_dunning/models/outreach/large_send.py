from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

# So many people of one level at once need a second yes; so many go out before it.
LARGE = 200
FIRST = 50
LARGE_PARAMETER = "clinic_dunning.large_send"
# Percent of those that left: below it a manager decides, nobody else.
ENOUGH = 80
OPEN = ("first", "waiting")


class ClinicLargeSend(models.Model):
    """A send to many: the first ones leave, the others wait for a second person.

    One is open at most for each level and company; what is composed meanwhile joins
    it. Whoever approved the first ones or wrote the text can't be the second person.
    """

    _name = "clinic.large.send"
    _description = "Large Send"
    _inherit = ["mail.thread", "mail.activity.mixin", "clinic.state.machine"]
    _order = "id desc"

    level_id = fields.Many2one(
        "clinic.followup.level", required=True, readonly=True, ondelete="cascade"
    )
    topic_id = fields.Many2one(related="level_id.topic_id")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    state = fields.Selection(
        [
            ("first", "First ones leave"),
            ("waiting", "Waits for a second yes"),
            ("released", "Let go"),
            ("stopped", "Stopped"),
        ],
        default="first",
        required=True,
        readonly=True,
    )
    let_go = fields.Integer(string="First Ones", default=0, readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True)
    decided_at = fields.Datetime(readonly=True)
    message_out_ids = fields.One2many("clinic.message", "large_send_id", readonly=True)
    obstacle = fields.Char(compute="_compute_obstacle")

    _one_open = models.UniqueIndex(
        "(level_id, company_id) WHERE state IN ('first', 'waiting')",
        "A large send of this level is open already.",
    )

    @api.depends("level_id", "create_date")
    def _compute_display_name(self):
        for send in self:
            day = fields.Date.to_string(send.create_date or fields.Date.today())
            send.display_name = f"{send.level_id.name} · {day}"

    # -- the second yes --------------------------------------------------------

    @api.depends_context("uid")
    @api.depends("state", "message_out_ids.state", "message_out_ids.approval")
    def _compute_obstacle(self):
        for send in self:
            send.obstacle = send._get_obstacle() or False

    def _get_obstacle(self):
        """Return why this user can't let the others go now, or ''."""
        if self.state not in OPEN:
            return self.env._(
                "%s has decided it already.", self.decided_by_id.name or ""
            )
        user = self.env.user
        return (
            self._get_exclusion(user) or self._get_wait_text() or self._get_doubt(user)
        )

    def _get_exclusion(self, user):
        """Return why this user can't be the second person, or ''."""
        if user in self._get_first_approvers():
            return self.env._("You let the first ones go: somebody else has to agree.")
        if user in self._get_authors():
            return self.env._("You wrote the text: somebody else has to agree.")
        return ""

    def _get_doubt(self, user):
        """Return that a manager has to decide, where the user is none, or ''."""
        share = self._get_share()
        if user.has_group("clinic_dunning.group_clinic_manager"):
            return ""
        if share is None:
            return self.env._(
                "None of the first ones left, so nothing is known: a clinic manager "
                "decides."
            )
        if share < ENOUGH:
            return self.env._(
                "Only %s in 100 arrived: a clinic manager decides.", share
            )
        return ""

    def _get_first_approvers(self):
        """Return who said yes to the first ones, or asked for this send by hand."""
        groups = (
            self.env["clinic.message"]
            .sudo()
            ._read_group(
                [("large_send_id", "=", self.id), ("approved_by_id", "!=", False)],
                ["approved_by_id"],
            )
        )
        users = self.env["res.users"].union(*[user for (user,) in groups])
        return (users | self.sudo().create_uid).filtered(_is_person)

    def _get_authors(self):
        """Return who wrote a text that this send may use."""
        return self.topic_id.sudo().template_ids.author_id.filtered(_is_person)

    def _get_second_people(self):
        """Return who may say the second yes."""
        staff = self.company_id._get_clinic_staff(
            "clinic_dunning.group_billing_officer"
        )
        excluded = self._get_first_approvers() | self._get_authors()
        return staff.filtered(
            lambda user: user not in excluded and not self._get_doubt(user)
        )

    def action_release(self):
        """Say the second yes: the others go out.

        :raise UserError: in words, for who may not, too early, or after somebody else
        """
        self.check_access("write")
        for send in self:
            if obstacle := send._get_obstacle():
                raise UserError(obstacle)
            send.sudo()._release()

    def _release(self):
        self._decide("released")
        self.env["clinic.message"].flush_model(["approval", "state"])
        self.env.cr.execute(
            """UPDATE clinic_message
                  SET approval = 'approved', approved_by_id = %s
                WHERE large_send_id = %s AND approval = 'held' AND state = 'queued'""",
            [self.env.uid, self.id],
        )
        self.env["clinic.message"].invalidate_model(["approval", "approved_by_id"])
        self._message_log(body=self.env._("%s let the others go.", self.env.user.name))
        self.env["clinic.stop.event"]._trigger_sweep()

    def action_stop(self):
        """Withdraw what has not left; its level counts as done."""
        self.check_access("write")
        for send in self:
            send.sudo()._stop()

    def _stop(self):
        self._decide("stopped")
        rest = self.env["clinic.message"].search(
            [
                ("large_send_id", "=", self.id),
                ("state", "=", "queued"),
            ]
        )
        rest._cancel(
            self.env._("%s stopped the large send.", self.env.user.name), void=False
        )
        self._message_log(
            body=self.env._("%s stopped what had not left.", self.env.user.name)
        )

    def _decide(self, state):
        """Decide once: the second of two at the same time finds it done.

        :raise UserError: when somebody else was quicker
        """
        if self.state not in OPEN or not self._compare_and_set(state):
            raise UserError(
                self.env._("%s has decided it already.", self.decided_by_id.name or "")
            )
        self.write({"decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()})
        self.activity_ids.action_feedback()

    # -- who is asked ----------------------------------------------------------

    @api.model
    def _cron_ask(self):
        """Scheduled action: ask for the second yes once the first ones are seen."""
        sends = self.search([("state", "=", "first")])
        self.env["ir.cron"]._commit_progress(remaining=len(sends))
        for send in sends:
            if send.waiting and not send._get_wait_text():
                send._ask()
            self.env["ir.cron"]._commit_progress(1)

    def _ask(self):
        """Give a task to those who may say yes; to the managers if nobody may."""
        if not self._compare_and_set("waiting"):
            return
        people = self._get_second_people()
        staff = people or self.company_id._get_clinic_staff(
            "clinic_dunning.group_clinic_manager"
        )
        quiet = self.with_context(mail_activity_quick_update=True)
        for user in staff.filtered(_is_person):
            quiet.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.with_context(lang=user.lang).env._(
                    "%s messages wait for your yes", self.waiting
                )
                if people
                else self.with_context(lang=user.lang).env._(
                    "%s messages wait for the yes of somebody who neither approved "
                    "nor wrote them: nobody else is in the group yet",
                    self.waiting,
                ),
                user_id=user.id,
            )

    def action_open_messages(self):
        """Open the messages of this send."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_dunning.clinic_message_action"
        )
        return {**action, "domain": [("large_send_id", "=", self.id)], "context": {}}

    @api.model
    def _get_large(self):
        """Return from how many people on a send is large; 0: none ever is."""
        parameters = self.env["ir.config_parameter"].sudo()
        wanted = parameters.get_param(LARGE_PARAMETER)
        return int(wanted) if wanted else LARGE


def _is_person(user):
    return user.id != SUPERUSER_ID
