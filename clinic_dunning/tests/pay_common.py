"""A clinic with a pay page and a provider that answers as the test says."""

import re
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user

from odoo.addons.payment.models.payment_transaction import PaymentTransaction

from .common import create_clinic

SECRET = re.compile(r"/p/([A-Za-z0-9_-]{22})$")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
FORM = re.compile(r'name="form" value="([^"]+)"')


def begin_at(record, moment):
    """Let this record have been created at that moment."""
    record.env.flush_all()
    record.env.cr.execute(
        f'UPDATE "{record._table}" SET create_date = %s WHERE id = %s',
        [moment, record.id],
    )
    record.env.invalidate_all()


class PayCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        # What is told to the desk is told in its language.
        cls.env["res.users"].search([]).partner_id.lang = "en_US"
        cls.company = create_clinic(cls.env, "Clinic Martin", phone="+33 1 42 68 53 00")
        companies = cls.company.ids
        cls.env = cls.env(context={"lang": "en_US", "allowed_company_ids": companies})
        cls.company = cls.company.with_env(cls.env)
        cls.eur = cls.company.currency_id
        cls.patient = cls._make_patient(
            "Catherine Martin", clinic_birth_date="1980-05-12"
        )
        cls.provider, cls.method = cls._make_provider()
        cls.link, cls.path = cls._make_link(cls.patient)
        cls.Exception = cls.env["clinic.payment.exception"]

    # -- a clinic ----------------------------------------------------------------------

    @classmethod
    def _make_patient(cls, name, **vals):
        email = f"{name.split()[0].lower()}@example.com"
        return cls.env["res.partner"].create(
            {"name": name, "email": email, "lang": "en_US", **vals}
        )

    @classmethod
    def _make_user(cls, partner, login="catherine"):
        """Return a portal user, whose password is the login."""
        return new_test_user(
            cls.env,
            login,
            groups="base.group_portal",
            partner_id=partner.id,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _make_provider(cls):
        """Return a published provider of the clinic, booked on its bank journal."""
        method = cls.env.ref("payment.payment_method_unknown")
        view = cls.env["ir.ui.view"].create(
            {
                "name": "Redirect",
                "type": "qweb",
                "arch": '<form action="/" method="post"/>',
            }
        )
        provider = cls.env["payment.provider"].create(
            {
                "name": "Card",
                "code": "none",
                "state": "enabled",
                "is_published": True,
                "company_id": cls.company.id,
                "redirect_form_view_id": view.id,
                "payment_method_ids": [Command.set(method.ids)],
            }
        )
        method.active = True
        cls._book_on_bank(provider)
        return provider, method

    @classmethod
    def _book_on_bank(cls, provider):
        bank = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)]
        )
        outstanding = bank.inbound_payment_method_line_ids.payment_account_id
        cls.env["account.payment.method.line"].create(
            {
                "name": "Card",
                "journal_id": bank.id,
                "payment_method_id": cls.env.ref(
                    "account.account_payment_method_manual_in"
                ).id,
                "payment_provider_id": provider.id,
                "payment_account_id": outstanding.id,
            }
        )

    @classmethod
    def _make_link(cls, partner, **vals):
        link, url = cls.env["clinic.link"]._issue(partner, cls.company, **vals)
        return link, f"/p/{SECRET.search(url)[1]}"

    @classmethod
    def _make_invoice(cls, amount=100.0, days=-10, partner=None, **vals):
        day = fields.Date.today() + timedelta(days=days)
        due = {} if "invoice_payment_term_id" in vals else {"invoice_date_due": day}
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.patient).id,
                "invoice_date": day,
                "company_id": cls.company.id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Fee", "price_unit": amount, "tax_ids": False}
                    )
                ],
                **due,
                **vals,
            }
        )
        invoice.action_post()
        return invoice

    @classmethod
    def _make_term(cls, *percents, **vals):
        """Return a payment term of instalments, ten days after one another."""
        return cls.env["account.payment.term"].create(
            {
                "name": "Instalments",
                "line_ids": [
                    Command.create(
                        {
                            "value": "percent",
                            "value_amount": percent,
                            "nb_days": 10 * place,
                        }
                    )
                    for place, percent in enumerate(percents)
                ],
                **vals,
            }
        )

    @classmethod
    def _pay_at_desk(cls, invoice, **vals):
        return (
            cls.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create(vals)
            ._create_payments()
        )

    # -- the patient -------------------------------------------------------------------

    def _read(self, path=None):
        """Return the text of a page without its tags, spaces squeezed."""
        page = self.url_open(path or self.path)
        text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)
        return " ".join(text.replace("\xa0", " ").split())

    def _post(self, action, path=None, **data):
        path = path or self.path
        token = TOKEN.search(self.url_open(path).text)[1]
        path = path.removesuffix("/details")
        return self.url_open(
            f"{path}/{action}",
            data={"csrf_token": token, **data},
            allow_redirects=False,
        )

    def _unlock(self, birth_date="1980-05-12"):
        """Give the second factor; return the answer."""
        return self._post("unlock", f"{self.path}/details", birth_date=birth_date)

    def _tell(self, what, **data):
        """Send one of the forms of the details."""
        return self._post(f"tell/{what}", f"{self.path}/details", **data)

    def _choose(self, choice="now", path=None, **data):
        """Send the form of the page; return the checkout that comes of it."""
        path = path or self.path
        form = FORM.search(self.url_open(path).text)[1]
        answer = self._post("checkout", path, choice=choice, **{"form": form, **data})
        self.assertEqual(answer.status_code, 303, answer.text)
        return self._get_checkout(answer)

    def _get_checkout(self, answer):
        nonce = answer.headers["Location"].rpartition("/")[2]
        return self.env["clinic.payment.checkout"].search([("nonce", "=", nonce)])

    def _begin(self, checkout, headers=None, **vals):
        """Call the transaction route as the payment form does; return its answer."""
        way = f"{self.provider.id}-{self.method.id}"
        page = self.url_open(f"/p/checkout/{checkout.nonce}?way={way}")
        token = re.search(r'csrf_token: "([^"]+)"', page.text)
        params = {
            "provider_id": self.provider.id,
            "payment_method_id": self.method.id,
            "flow": "redirect",
            "csrf_token": token and token[1],
            **vals,
        }
        return self.make_jsonrpc_request(
            f"/p/transaction/{checkout.nonce}", params, headers=headers
        )

    def _start(self, choice="now", **data):
        """Choose and begin; return the transaction."""
        checkout = self._choose(choice, **data)
        self._begin(checkout)
        return checkout.transaction_id

    def _start_long_ago(self, choice="now", **data):
        """Choose and begin; return the transaction, which nobody takes up again."""
        transaction = self._start(choice, **data)
        begin_at(transaction, fields.Datetime.now() - timedelta(hours=1))
        return transaction

    def _pay(self, choice="now", **data):
        """Choose, begin and pay, post-processing included; return the transaction."""
        transaction = self._start(choice, **data)
        transaction._set_done()
        transaction._post_process()
        return transaction

    # -- the provider ------------------------------------------------------------------

    @contextmanager
    def answering(self):
        """Let `_process("none", data)` work: amount, currency and id of `data`."""

        def apply_updates(transaction, data):
            transaction.provider_reference = data.get("id")
            transaction._set_done()

        def extract(transaction, data):
            return {
                "amount": data.get("amount", transaction.amount),
                "currency_code": data.get("currency", transaction.currency_id.name),
            }

        with (
            patch.object(PaymentTransaction, "_apply_updates", apply_updates),
            patch.object(PaymentTransaction, "_extract_amount_data", extract),
        ):
            yield

    def assertFiled(self, transaction, kind, amount=None):
        """Exactly this one thing of the transaction is on the list of exceptions."""
        filed = self.Exception.search([("transaction_id", "=", transaction.id)])
        self.assertEqual(filed.mapped("kind"), [kind])
        if amount is not None:
            self.assertAlmostEqual(filed.amount, amount)
        self.assertTrue(filed.next_action)

    def assertNothingFiled(self, transaction):
        self.assertFalse(
            self.Exception.search([("transaction_id", "=", transaction.id)])
        )
