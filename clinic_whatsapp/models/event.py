import re
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.fields import Domain

from ..tools import signature

KEPT_DAYS = 90
SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
# One trigger a second is enough: the job takes all that is there.
FRESH = timedelta(seconds=1)


class ClinicTwilioEvent(models.Model):
    """The inbox: what Twilio said, once each, before anything is done about it.

    Rows are only inserted by requests, so that receipts never wait for each other nor
    for the sender; the scheduled action applies them. What a person wrote is wiped
    here as soon as it is applied.
    """

    _name = "clinic.twilio.event"
    _description = "Event from Twilio"
    _log_access = False
    _order = "id"
    _rec_name = "sid"

    account_id = fields.Many2one(
        "clinic.twilio.account", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="account_id.company_id")
    kind = fields.Selection(
        [("status", "Receipt"), ("inbound", "Reply")], required=True, readonly=True
    )
    key = fields.Char(required=True, readonly=True, help="The same event, twice.")
    sid = fields.Char(string="Message SID", required=True, readonly=True)
    uuid = fields.Char(readonly=True, help="Of the attempt that a receipt is for.")
    status = fields.Char(readonly=True)
    error_code = fields.Char(readonly=True)
    address_hash = fields.Char(readonly=True, help="Of the person's number.")
    form = fields.Json(
        readonly=True,
        groups="base.group_system",
        help="What was posted, as pairs; kept until it is applied.",
    )
    received_at = fields.Datetime(required=True, readonly=True)
    applied_at = fields.Datetime(readonly=True)
    attempt_id = fields.Many2one(
        "clinic.message.attempt",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    problem = fields.Char(readonly=True, help="Why it was set aside.")

    _key = models.Constraint("UNIQUE (account_id, key)", "This event is known.")
    _waiting = models.Index("(id) WHERE applied_at IS NULL AND problem IS NULL")

    # -- receiving -------------------------------------------------------------

    @api.model
    def _receive(self, account, kind, form, uuid=""):
        """Keep a signed request, once, in a transaction of its own.

        READ COMMITTED: a duplicate that comes at the same moment waits and is dropped,
        where REPEATABLE READ would fail.

        :param account: `clinic.twilio.account` that signed it
        :param str kind: status or inbound
        :param list form: (key, value) pairs, a key may come twice
        :param str uuid: of the attempt, from the address of a receipt
        """
        vals = self._prepare_vals(account, kind, form, uuid)
        if not vals:
            return
        with self.env.registry.cursor() as cr:
            self.env["clinic.rate.limit"]._read_committed(cr)
            inbox = self.with_env(self.env(cr=cr))
            event = inbox._insert(vals)
            if event:
                event._announce(kind, form)

    @api.model
    def _prepare_vals(self, account, kind, form, uuid):
        posted = dict(reversed(form))  # the first of a key that comes twice
        sid = posted.get("MessageSid") or ""
        if not SID.fullmatch(sid):
            return {}
        status = posted.get("MessageStatus", "")[:32] if kind == "status" else ""
        code = posted.get("ErrorCode", "")[:16]
        person = posted.get("To" if kind == "status" else "From", "")
        number = person.removeprefix("whatsapp:")
        return {
            "account_id": account.id,
            "kind": kind,
            "key": f"{sid}:{status}:{code}" if kind == "status" else sid,
            "sid": sid,
            "uuid": uuid[:64],
            "status": status,
            "error_code": code,
            "address_hash": self.env["clinic.contact.address"]._hash(number),
            "form": form if kind == "inbound" else None,
            "received_at": fields.Datetime.now(),
        }

    @api.model
    def _insert(self, vals):
        """Insert the event where it is new; return it, or none."""
        columns = ", ".join(vals)
        places = ", ".join(f"%({name})s" for name in vals)
        self.env.cr.execute(
            f"""INSERT INTO clinic_twilio_event ({columns}) VALUES ({places})
                ON CONFLICT (account_id, key) DO NOTHING RETURNING id""",
            vals | {"form": self._pack_form(vals["form"])},
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    def _pack_form(self, form):
        """Return the pairs as the database takes them: it knows no zero byte."""
        if form is None:
            return None
        pairs = [[key, value.replace("\x00", "")] for key, value in form]
        return self._fields["form"].convert_to_column(pairs, self)

    def _get_addressed_accounts(self):
        """Return the accounts (sudo) that may have been written to: of one SID."""
        accounts = self.env["clinic.twilio.account"].sudo()
        same = accounts.with_context(active_test=False).search(
            [("account_sid", "=", self.account_id.sudo().account_sid)]
        )
        return same._choose_addressed(dict(reversed(self.sudo().form)))

    def _announce(self, kind, form):
        """Have it applied soon.

        :param str kind: and the posted `form`, as it was kept
        """
        known = self.env["ir.model.data"]._xmlid_to_res_id
        job_id = known("clinic_whatsapp.ir_cron_apply", raise_if_not_found=False)
        since = fields.Datetime.now() - FRESH
        self.env.cr.execute(
            "SELECT FROM ir_cron_trigger WHERE cron_id = %s AND call_at >= %s LIMIT 1",
            [job_id, since],
        )
        if job_id and not self.env.cr.rowcount:
            self.env["ir.cron"].sudo().browse(job_id)._trigger()

    @api.autovacuum
    def _gc_applied(self):
        """Forget what was applied, and what was set aside, long ago.

        A STOP that was never applied goes on holding the sender back, without words.
        """
        limit = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        applied = Domain("applied_at", "<", limit)
        aside = Domain("problem", "!=", False) & Domain("received_at", "<", limit)
        old = self.search(applied | aside)
        stops = self.env["clinic.stop.event"].search(
            [("applied_at", "=", False), ("twilio_event_id", "in", old.ids)]
        )
        stops.twilio_event_id.sudo().form = False
        (old - stops.twilio_event_id).unlink()


class ClinicTwilioAccount(models.Model):
    _inherit = "clinic.twilio.account"

    @api.model
    def _find_signed(self, path, query, form, header):
        """Return the account (sudo) whose signature a request carries, or none.

        An archived account still gets its receipts. Of several with one SID it is the
        one that was written to.

        :param form: werkzeug's multi-dict of the posted fields
        """
        account_ids = [
            id_
            for id_, base_url, token in self._get_signers().get(
                form.get("AccountSid"), ()
            )
            if signature.is_signed(token, base_url, path, query, form, header)
        ]
        return self.sudo().browse(account_ids)._choose_addressed(form)[:1]

    @api.model
    @tools.ormcache()
    def _get_signers(self):
        """Return {account SID: ((id, public base URL, auth token), …)}: read once."""
        accounts = self.sudo().with_context(active_test=False)
        return {
            sid: tuple(
                (account.id, account.public_base_url, account._get_key("auth_token"))
                for account in same
            )
            for sid, same in accounts.search(Domain.TRUE).grouped("account_sid").items()
        }
