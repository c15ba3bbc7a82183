from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

# So long a link that was spoken of is still of use.
LINK_WANTED = timedelta(days=2)


class ClinicFollowupCase(models.Model):
    """The desk sends a person the link to the pay page while they speak."""

    _inherit = "clinic.followup.case"

    def action_send_link(self):
        """Send what is open with a fresh link, once an hour at most.

        :raise UserError: in words, when nothing is open or no way leads to the person
        """
        self.ensure_one()
        self.check_access("read")
        link = self._get_virtual_link()
        statement = link._get_statement()
        currency = self.env["res.currency"].browse(statement.currency_ids[:1])
        if not currency or not statement.get_asked(currency):
            raise UserError(self.env._("Nothing is due: no link was sent."))
        self._queue_link(link, statement, currency)
        self.env.ref("clinic_dunning.ir_cron_send").sudo()._trigger()
        return self._say_sent()

    def _queue_link(self, link, statement, currency):
        """Queue the message; a second one in the same hour changes nothing."""
        return (
            self.env["clinic.message"]
            .sudo()
            ._queue(
                "statement",
                self.partner_id,
                self.company_id,
                f"link:{self.id}:{fields.Datetime.now():%Y%m%d%H}",
                case_id=self.id,
                currency_id=currency.id,
                amount=statement.get_amount(currency, statement.get_asked(currency)),
                route_id=self._get_link_route(link).id,
                expires_at=fields.Datetime.now() + LINK_WANTED,
            )
        )

    def _get_link_route(self, link):
        """Return the `clinic.contact.route` that reaches this person, preferred first.

        :raise UserError: with the reason of each channel
        """
        routes = link._get_code_routes()
        probe = link._get_statement_probe()
        preferred = self.partner_id.clinic_preferred_channel
        names = dict(self.env["res.partner"]._selection_clinic_channel())
        reasons = []
        for channel in sorted(routes, key=lambda channel: channel != preferred):
            reason = probe._get_obstacle(channel)
            if not reason:
                return self.env.ref(routes[channel]).sudo()
            reasons.append(f"{names[channel]}: {reason}")
        raise UserError("\n".join([self.env._("No link was sent."), *reasons]))

    def _say_sent(self):
        text = self.env._(
            "A message with the link goes to %(name)s.", name=self.partner_id.name
        )
        self._message_log(body=text)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": text,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


class ClinicLink(models.Model):
    _inherit = "clinic.link"

    def _get_statement_probe(self):
        """Return a message that is stored nowhere, to ask what stands in its way."""
        return (
            self.env["clinic.message"]
            .sudo()
            .new(
                {
                    "partner_id": self.partner_id.id,
                    "company_id": self.company_id.id,
                    "topic_id": self.env.ref("clinic_dunning.topic_statement").id,
                }
            )
        )
