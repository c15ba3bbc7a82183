"""Looking at a page changes nothing, whoever looks and however the address is bent."""

import re
import string
from unittest.mock import patch

import psycopg2
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.controllers import checkout, details, pay

from .pay_common import PayCase

COUNTER = "clinic_rate_limit"
TABLES = """
    SELECT tablename FROM pg_tables WHERE schemaname = 'public'
     AND tablename ~ '^(clinic|payment|account|mail|res|ir_cron_trigger|ir_attach)'
"""
ALPHABET = string.ascii_letters + string.digits + "_-"


@tagged("post_install", "-at_install")
class TestPayReading(PayCase):
    def take_fingerprints(self):
        """Return {table: every version of its rows} but for the limiter's counters."""
        self.env.flush_all()
        self.env.cr.execute(TABLES)
        prints = {}
        for (table,) in self.env.cr.fetchall():
            if table != COUNTER:
                self.env.cr.execute(
                    f"""SELECT count(*), md5(string_agg(xmin || ':' || ctid, ','
                        ORDER BY ctid)) FROM "{table}" """
                )
                prints[table] = self.env.cr.fetchone()
        return prints

    def assertReadsOnly(self, path, method="GET"):
        before = self.take_fingerprints()
        answer = self.url_open(path, method=method, allow_redirects=False)
        self.assertLess(answer.status_code, 500, path)
        after = self.take_fingerprints()
        changed = [table for table in after if after[table] != before[table]]
        self.assertEqual(changed, [], f"{method} {path}")
        return answer

    def get_paths(self, nonce):
        """Return every page that a scanner could fetch."""
        return [
            self.path,
            f"{self.path}?lang=fr",
            f"{self.path}/details",
            f"{self.path}/qr",
            f"/p/checkout/{nonce}",
            f"/p/done/{nonce}",
            "/p/" + "x" * 22,
            "/p/checkout/" + "0" * 32,
        ]

    def test_get_and_head_write_nothing_but_the_limiter(self):
        self._make_invoice()
        nonce = self._choose().nonce
        paths = self.get_paths(nonce)
        for path in paths:
            self.url_open(path)  # what core keeps of a first visit (assets, filters)
        for path in paths:
            for method in ("GET", "HEAD"):
                self.assertReadsOnly(path, method)

    def test_open_details_are_read_without_writing(self):
        self._make_invoice()
        self._unlock()
        self.url_open(f"{self.path}/details")
        self.assertReadsOnly(f"{self.path}/details")

    def test_fingerprints_see_a_rewritten_row(self):
        before = self.take_fingerprints()
        self.link._touch()
        after = self.take_fingerprints()
        self.assertNotEqual(before["clinic_link"], after["clinic_link"])

    def test_acts_can_not_be_done_by_get(self):
        self._make_invoice()
        acts = ("checkout", "stop", "renew", "other", "code", "unlock", "tell/paid")
        for act in acts:
            answer = self.assertReadsOnly(f"{self.path}/{act}")
            self.assertIn(answer.status_code, (200, 303, 404), act)

    def test_reloaded_form_leads_back_to_the_page(self):
        for act in ("checkout", "unlock", "tell/paid", "x/y"):
            answer = self.url_open(f"{self.path}/{act}", allow_redirects=False)
            self.assertEqual(answer.status_code, 303, act)
            self.assertTrue(answer.headers["Location"].endswith(self.path), act)


@tagged("post_install", "-at_install")
class TestMutatedLinks(PayCase):
    """A link that a mail client cut, or that somebody guesses at, opens nothing."""

    def setUp(self):
        super().setUp()
        for module in (checkout, details, pay):
            self.patch(module, "VIEWS_PER_MINUTE", 100_000)
        self._make_invoice(123.45)
        self.secret = self.path.removeprefix("/p/")

    def assertOpensNothing(self, path):
        answer = self.url_open(path, allow_redirects=False)
        self.assertIn(answer.status_code, (404, 405), path)
        self.assertNotIn("123.45", answer.text)
        self.assertNotIn("Catherine", answer.text)

    @settings(
        max_examples=60,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        place=st.integers(0, 21),
        letter=st.sampled_from(ALPHABET),
        cut=st.integers(0, 22),
        tail=st.text(ALPHABET + ".%=&,;:!é ", max_size=6),
    )
    @example(place=0, letter="A", cut=21, tail="")
    @example(place=0, letter="A", cut=22, tail="=")
    @example(place=0, letter="A", cut=22, tail="%00")
    def test_mutated_link_is_not_found(self, place, letter, cut, tail):
        text = self.secret[:place] + letter + self.secret[place + 1 :]
        mutated = text[:cut] + tail
        if mutated.strip() in (self.secret, ""):
            return
        for suffix in ("", "/details", "/qr", "/invoice/1"):
            self.assertOpensNothing(f"/p/{mutated}{suffix}")

    def test_truncated_link_gets_a_kind_sentence(self):
        text = self._read(self.path[:-4])
        self.assertIn("This link does not work any more.", text)
        self.assertIn("call the clinic", text)
        self.assertIn("Nothing was paid or changed", text)

    def test_case_of_the_letters_matters(self):
        swapped = self.secret.swapcase()
        self.assertNotEqual(swapped, self.secret)
        self.assertOpensNothing(f"/p/{swapped}")

    def test_nonce_of_another_link_does_not_tell_its_secret(self):
        nonce = self._choose().nonce
        page = self.url_open(f"/p/done/{nonce}")
        self.assertNotIn(self.secret, page.text)
        self.assertOpensNothing(f"/p/checkout/{nonce[:-1]}")


@tagged("post_install", "-at_install")
class TestBrokenLimiter(PayCase):
    """Without its counters the page is read, and nothing can be tried or paid."""

    def setUp(self):
        super().setUp()
        self._make_invoice()

    def break_limiter(self):
        def fail(*_args):
            raise psycopg2.OperationalError("counters are gone")

        limiter = type(self.env["clinic.rate.limit"])
        self.startPatcher(patch.object(limiter, "_count", fail))
        self.enterContext(mute_logger("odoo.addons.clinic_dunning"))

    def test_views_stay_open(self):
        self.break_limiter()
        self.assertIn("Hello Catherine", self._read())
        self.assertIn("birth date", self._read(f"{self.path}/details"))

    def test_codes_dates_and_payments_are_closed(self):
        nonce = self._choose().nonce
        token = re.search(
            r'csrf_token: "([^"]+)"', self.url_open(f"/p/checkout/{nonce}").text
        )[1]
        self.break_limiter()
        acts = {
            "unlock": {"birth_date": "1980-05-12"},
            "code": {},
            "checkout": {"choice": "now", "form": "x"},
            "stop": {},
            "renew": {},
            "other": {},
        }
        for act, data in acts.items():
            answer = self.url_open(
                f"{self.path}/{act}", data={"csrf_token": token, **data}
            )
            self.assertEqual(answer.status_code, 429, act)
            self.assertIn("Please wait", answer.text)
        count = self.env["payment.transaction"].search_count([])
        self.enterContext(mute_logger("odoo.http"))
        answer = self.url_open(
            f"/p/transaction/{nonce}",
            json={
                "params": {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "flow": "redirect",
                    "csrf_token": token,
                }
            },
        )
        self.assertIn("Too many tries", answer.text)
        self.assertEqual(self.env["payment.transaction"].search_count([]), count)
