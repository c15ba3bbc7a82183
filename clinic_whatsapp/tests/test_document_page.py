import re
from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.tests.pay_common import PayCase

from .document_common import REVEALING, SECRET_NAME, make_pdf

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


@tagged("post_install", "-at_install")
class TestDocumentPage(PayCase):
    """What opens a document, what does not, and what is kept of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls._make_document("one")
        cls.pay_path = cls.path
        cls.link, cls.path = cls._make_document_link(cls.document)

    @classmethod
    def _make_document(cls, text, patient=None):
        return cls.env["clinic.patient.document"]._take(
            cls.company, SECRET_NAME, make_pdf(text), patient=patient or cls.patient
        )[0]

    @classmethod
    def _make_document_link(cls, document):
        notice = document.notice_id
        vals = {"purpose": "document", "message_id": notice.id}
        return cls._make_link(notice.partner_id, **vals)

    def enter(self, **factor):
        return self._post("document/unlock", **factor)

    def unlock(self):
        answer = self.enter(code=self.link._make_code())
        self.assertEqual(answer.status_code, 303)

    def get(self, document, path=None):
        """Press the button of a document; return the answer."""
        return self._post(f"document/get/{document.id}", path)

    def get_log(self):
        domain = [("document_id", "!=", False)]
        return self.env["clinic.access.log"].search(domain, order="id")

    def assertShut(self):
        self.assertIn("It opens with a code", self._read())
        self.assertNotIn("Download", self._read())

    # -- the usual way -----------------------------------------------------------------

    def test_code_opens_the_page_and_the_file(self):
        self.assertShut()
        self.unlock()
        text = self._read()
        self.assertIn("Document of", text)
        answer = self.get(self.document)
        self.assertEqual((answer.status_code, answer.content), (200, make_pdf("one")))
        self.assertEqual(
            answer.headers["Content-Disposition"], "attachment; filename=document.pdf"
        )
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertRecordValues(
            self.document, [{"state": "downloaded", "opens": 1, "downloads": 1}]
        )
        self.assertEqual(self.get_log().mapped("what"), ["opened", "document"])
        self.assertEqual(self.get_log().partner_id, self.patient)
        self.assertFalse(self.get_log().user_id)

    def test_code_goes_another_way_than_the_link(self):
        for _time in range(2):
            answer = self._post("document/code")
            self.assertIn("a code is on its way", answer.text)
        codes = [("topic_id.code", "=", "code")]
        message = self.env["clinic.message"].search(codes)
        self.assertEqual(message.partner_id, self.patient)
        self.assertEqual(message.route_id.line_ids.channel, "email")
        nobody = self._make_patient("Nobody", email=False)
        _link, path = self._make_document_link(self._make_document("two", nobody))
        answer = self._post("document/code", path)
        self.assertIn("a code is on its way", answer.text)
        self.assertEqual(self.env["clinic.message"].search_count(codes), 1)

    def test_page_tells_nothing_of_what_it_is(self):
        pages = [self.url_open(self.path)]
        self.unlock()
        pages.append(self.url_open(self.path))
        for page in pages:
            self.assertIn("<title>Your document</title>", page.text)
            self.assertEqual({n: page.headers.get(n) for n in HEADERS}, HEADERS)
            for word in (*REVEALING, "Martin Catherine", "1980"):
                self.assertNotIn(word, page.text)

    def test_page_speaks_french_and_hindi(self):
        for code, name in (("fr_FR", "Français"), ("hi_IN", "हिन्दी")):
            self.env["res.lang"]._activate_lang(code)
            page = self.url_open(f"{self.path}?lang={code[:2]}")
            self.assertIn(f'lang="{code[:2]}"', page.text)
            self.assertIn(name, page.text)

    # -- what does not open it ---------------------------------------------------------

    def test_link_to_pay_opens_no_document_and_the_other_way_round(self):
        self._make_invoice()
        secret = self.path.rpartition("/")[2]
        self.assertNotIn("document", self._read(self.pay_path).lower())
        for action in ("document/unlock", "document/code", "document/pay"):
            self.assertEqual(self._post(action, self.pay_path).status_code, 404)
        self.assertEqual(self.get(self.document, self.pay_path).status_code, 404)
        self.assertIn("does not work any more", self._read(f"{self.path}/details"))
        self.assertNotIn("to pay now", self._read())
        for action in ("checkout", "unlock", "code", "stop", "other"):
            self.assertEqual(self._post(action).status_code, 404, action)
        self.assertEqual(self.url_open(f"/p/{secret}/qr").status_code, 404)

    def test_unlocked_pay_page_opens_no_document(self):
        details = f"{self.pay_path}/details"
        answer = self._post("unlock", details, birth_date="1980-05-12")
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(self.get(self.document).status_code, 303)
        self.assertEqual(self.get(self.document, self.pay_path).status_code, 404)
        self.assertFalse(self.document.downloads)

    def test_file_needs_the_second_factor_each_quarter_of_an_hour(self):
        self.assertEqual(self.get(self.document).status_code, 303)
        self.unlock()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=16)):
            self.assertEqual(self.get(self.document).status_code, 303)
        self.assertFalse(self.document.downloads)

    def test_other_patients_document_is_not_found(self):
        other = self._make_document("two", self._make_patient("Other Martin"))
        self.unlock()
        self.assertEqual(self.get(other).status_code, 404)
        self.assertEqual(self._post("document/get/999999").status_code, 404)
        self.assertFalse(other.downloads)

    def test_birth_date_opens_only_where_the_clinic_wants_it(self):
        self.assertEqual(self.enter(birth_date="1980-05-12").status_code, 422)
        self.assertNotIn("birth date", self._read())
        self.company.clinic_document_birth_date = True
        self.assertIn("birth date", self._read())
        self.assertEqual(self.enter(birth_date="12/05/1980").status_code, 303)

    def test_five_failures_lock_the_link_and_tell_staff(self):
        code = self.link._make_code()
        wrong = "000000" if code != "000000" else "111111"
        answers = [self.enter(code=wrong) for _time in range(5)]
        self.assertEqual({answer.status_code for answer in answers}, {422})
        self.assertEqual(self.enter(code=code).status_code, 422)
        self.assertShut()
        self.assertTrue(self.link._get_case().activity_ids)
        self.assertFalse(self.get_log())

    def test_dead_links_answer_alike(self):
        def answer():
            page = self.url_open(self.path)
            text = re.sub(r'value="[^"]*"|/p/[\w-]+', "", page.text)
            return page.status_code, text

        unknown = self.url_open("/p/" + "x" * 22)
        text = re.sub(r'value="[^"]*"|/p/[\w-]+', "", unknown.text)
        self.assertEqual(unknown.status_code, 404)
        self.document.active = False
        self.assertEqual(answer(), (404, text))
        self.document.active = True
        self.link.sudo().expires_at = fields.Datetime.now() - timedelta(days=1)
        self.assertEqual(answer(), (404, text))
        self.link.sudo().expires_at = fields.Datetime.now() + timedelta(days=1)
        self.assertEqual(answer()[0], 200)
        self.link._revoke()
        self.assertEqual(answer(), (404, text))

    def test_changed_address_ends_the_link(self):
        self.patient.email = "new@example.com"
        self.assertEqual(self.url_open(self.path).status_code, 404)

    def test_link_of_a_guarantor_ends_with_the_guaranty(self):
        born = fields.Date.today() - timedelta(days=3650)
        child = self._make_patient(
            "Lea Martin", clinic_guarantor_id=self.patient.id, clinic_birth_date=born
        )
        document = self._make_document("child", child)
        self.assertIn(document, self.link._get_documents())
        child.clinic_guarantor_id = False
        self.assertNotIn(document, self.link._get_documents())

    def test_looking_writes_nothing(self):
        self.unlock()
        self.env.flush_all()
        before = self.link.sudo().read(), self.document.read(), len(self.get_log())
        secret = self.path.rpartition("/")[2]
        for path in (
            self.path,
            f"/p/{secret}/document/unlock",
            f"/p/{secret}/document/get/{self.document.id}",
        ):
            self.url_open(path)
            self.url_open(path, method="HEAD")
        self.env.invalidate_all()
        after = self.link.sudo().read(), self.document.read(), len(self.get_log())
        self.assertEqual(before, after)

    @mute_logger("odoo.http")
    def test_forms_of_other_pages_are_refused(self):
        self.unlock()
        answer = self.url_open(
            f"{self.path}/document/get/{self.document.id}", data={"x": "1"}
        )
        self.assertIn("text/html", answer.headers["Content-Type"])
        self.assertTrue(answer.url.endswith(f"{self.path}?stale=1"), answer.url)
        self.assertFalse(self.document.downloads)

    # -- money -------------------------------------------------------------------------

    def test_open_balance_is_a_note_and_holds_nothing_back(self):
        self._make_invoice(80.0)
        self.assertNotIn("80.00", self._read())
        self.unlock()
        text = self._read()
        self.assertIn("80.00 € remains open on your account.", text)
        self.assertIn("Your documents do not depend on it.", text)
        self.assertEqual(self.get(self.document).status_code, 200)
        answer = self._post("document/pay")
        path = re.search(r"/p/[\w-]{22}", answer.headers["Location"])[0]
        self.assertIn("Pay 80.00 €", self._read(path))

    def test_nothing_open_is_not_spoken_of(self):
        self.unlock()
        self.assertNotIn("remains open", self._read())

    # -- logged in ---------------------------------------------------------------------

    def log_in(self, login, partner):
        new_test_user(
            self.env,
            login,
            groups="base.group_portal",
            partner_id=partner.id,
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.authenticate(login, login)

    def press(self, document):
        page = self.url_open("/my/clinic").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        return self.url_open(
            f"/my/clinic/document/{document.id}",
            data={"csrf_token": token[1] if token else self.csrf_token()},
        )

    def test_portal_offers_ones_own(self):
        self.log_in("catherine", self.patient)
        page = self.url_open("/my/clinic").text
        self.assertIn("Document of", page)
        for word in REVEALING:
            self.assertNotIn(word, page)
        answer = self.press(self.document)
        self.assertEqual(answer.content, make_pdf("one"))
        self.assertEqual(self.document.downloads, 1)

    def test_portal_offers_nobody_elses(self):
        other = self._make_patient("Other Martin")
        own = self._make_document("own", other)
        self.log_in("other", other)
        self.assertEqual(self.press(own).status_code, 200)
        self.assertEqual(self.press(self.document).status_code, 404)
        self.assertEqual(self.url_open(f"/clinic/document/{own.id}").status_code, 404)
        self.assertFalse(self.document.downloads)

    # -- staff -------------------------------------------------------------------------

    def test_staff_read_it_on_record(self):
        clerk = new_test_user(
            self.env,
            "clerk",
            groups="clinic_dunning.group_front_desk",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.authenticate("clerk", "clerk")
        action = self.document.with_user(clerk).action_read()
        answer = self.url_open(action["url"])
        self.assertEqual(answer.content, make_pdf("one"))
        self.assertIn("inline", answer.headers["Content-Disposition"])
        self.assertRecordValues(
            self.get_log(), [{"what": "document", "user_id": clerk.id}]
        )
        self.assertEqual(self.document.downloads, 0)
        self.assertEqual(self.document.state, "announced")
        self.document._erase()
        self.assertEqual(self.url_open(action["url"]).status_code, 404)
