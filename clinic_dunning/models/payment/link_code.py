import hashlib
import hmac
import secrets
from datetime import timedelta

from odoo import fields, models

CODE_MINUTES = 10


class ClinicLink(models.Model):
    """A code sent another way than the link came: for whoever has no birth date here.

    Whoever asks learns nothing, not even whether there is another address.
    """

    _inherit = "clinic.link"

    code_hash = fields.Char(readonly=True, groups="base.group_system")
    code_until = fields.Datetime(readonly=True)

    def _request_code(self):
        """Queue a fresh code on another channel than the link's, once a minute."""
        self.ensure_one()
        route = self._get_code_route()
        if not route or self._is_locked():
            return
        now = fields.Datetime.now()
        self.env["clinic.message"].sudo()._queue(
            "code",
            self.partner_id,
            self.company_id,
            f"code:{self.id}:{now:%Y%m%d%H%M}",
            source=self,
            route_id=route.id,
            expires_at=now + timedelta(minutes=CODE_MINUTES),
        )
        self.env.ref("clinic_dunning.ir_cron_send").sudo()._trigger()

    def _get_code_route(self):
        """Return the `clinic.contact.route` of the first way a code may go, or none.

        Never to where the link went: whoever holds that phone has the link.
        """
        attempt_sudo = self.sudo().attempt_id
        probe = (
            self.env["clinic.message"]
            .sudo()
            .new(
                {
                    "partner_id": self.partner_id.id,
                    "company_id": self.company_id.id,
                    "topic_id": self.env.ref("clinic_dunning.topic_code").id,
                }
            )
        )
        for channel, route in self._get_code_routes().items():
            is_same_way = channel == attempt_sudo.channel or (
                attempt_sudo.address_hash
                and attempt_sudo.address_hash == probe._get_address_hash(channel)
            )
            if not is_same_way and not probe._get_obstacle(channel):
                return self.env.ref(route).sudo()
        return self.env["clinic.contact.route"]

    def _get_code_routes(self):
        """Return {channel: XML id of its route}, the best first; addons add theirs."""
        return {"email": "clinic_dunning.route_email"}

    def _make_code(self):
        """Return six figures that open the details once, within ten minutes."""
        code = f"{secrets.randbelow(10**6):06d}"
        self._keep_code(code)
        return code

    def _keep_code(self, code):
        """Have a code open this link, instead of one it had before."""
        self.sudo().write(
            {
                "code_hash": self._hash_code(code),
                "code_until": fields.Datetime.now() + timedelta(minutes=CODE_MINUTES),
            }
        )

    def _hash_code(self, code):
        """Return a keyed hash: six figures alone would be found by trying."""
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        text = f"code:{self.id}:{code}"
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def _unlock_by_code(self, code):
        """Compare a code, count failures and lock the link at the fifth.

        :param str code: as typed, blanks don't matter
        :return: whether the details may be shown
        """
        self.ensure_one()
        typed = "".join((code or "").split())
        return self._try_to_unlock(lambda: self._is_code(typed))

    def _is_code(self, code):
        link = self.sudo()
        if not link.code_hash or link.code_until < fields.Datetime.now():
            return False
        if not hmac.compare_digest(link.code_hash, self._hash_code(code)):
            return False
        link.write({"code_hash": False, "code_until": False})
        return True


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _is_code(self):
        return self.topic_id.code == "code"

    def _is_awaited(self):
        return super()._is_awaited() or self._is_code()

    def _get_secrets(self):
        if not self._is_code():
            return super()._get_secrets()
        return {"code": self.env["clinic.link"].browse(self.res_id)._make_code()}


class ClinicMessageAttempt(models.Model):
    _inherit = "clinic.message.attempt"

    def _needs_link(self):
        """A code is typed on the page that asked for it."""
        return super()._needs_link() and not self.message_id._is_code()
