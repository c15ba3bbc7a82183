from werkzeug.datastructures import MultiDict

from odoo.tests import BaseCase, tagged

from ..tools import codes, content, lint, phone, segments, signature
from ..tools.client import Credentials, TwilioClient, TwilioError

TOKEN = "0123456789abcdef0123456789abcdef"
HOST = "https://clinic.example.com"


@tagged("post_install", "-at_install")
class TestPhone(BaseCase):
    def test_clinic_country_goes_before_the_patient_s(self):
        self.assertEqual(phone.to_e164("06 12 34 56 78", ("FR", "IN")), "+33612345678")
        self.assertEqual(phone.to_e164("98765 43210", ("FR", "IN")), "+919876543210")

    def test_number_with_its_country_needs_no_other(self):
        self.assertEqual(phone.to_e164("+91 98765-43210", ("FR",)), "+919876543210")
        self.assertEqual(phone.to_e164("0091 98765 43210"), "+919876543210")

    def test_what_is_no_number_is_blank(self):
        for text in ("", None, "call my sister", "12", "0612345678"):
            self.assertEqual(phone.to_e164(text), "")

    def test_landline_takes_no_text(self):
        self.assertFalse(phone.takes_text("+33142685300"))
        self.assertTrue(phone.takes_text("+33612345678"))
        self.assertTrue(phone.takes_text("+12015550123"))


@tagged("post_install", "-at_install")
class TestSegments(BaseCase):
    def test_names_and_money_stay_in_one_segment(self):
        text = "Bonjour Zoë Gonçalves, le solde de 1\u202f500,00\u00a0₹ reste ouvert…"
        plain = segments.to_sms_text(text)
        self.assertEqual(
            plain, "Bonjour Zoe Goncalves, le solde de 1 500,00 Rs reste ouvert..."
        )
        self.assertEqual(segments.count_segments(plain).segments, 1)

    def test_rupee_before_the_amount_is_followed_by_one_space(self):
        for amount in ("₹1,500.00", "₹ 1,500.00", "₹\u00a01,500.00", "\ufeff₹1,500.00"):
            self.assertEqual(segments.to_sms_text(amount), "Rs 1,500.00")

    def test_letters_of_the_alphabet_are_left_alone(self):
        self.assertEqual(segments.to_sms_text("Réglé à Köln £5"), "Réglé à Köln £5")

    def test_another_script_stays_as_it_is(self):
        text = "नमस्ते अनीता"
        self.assertEqual(segments.to_sms_text(text), text)
        self.assertEqual(segments.count_segments(text).alphabet, "UCS-2")

    def test_line_breaks_stay(self):
        self.assertEqual(segments.to_sms_text("Hello \n\nyou"), "Hello\n\nyou")

    def test_segments_at_their_bounds(self):
        for text, count in (
            ("a" * 160, ("GSM-7", 160, 1)),
            ("a" * 161, ("GSM-7", 161, 2)),
            ("a" * 306, ("GSM-7", 306, 2)),
            ("a" * 307, ("GSM-7", 307, 3)),
            ("€" * 80, ("GSM-7", 160, 1)),
            ("a" * 152 + "€" + "a" * 7, ("GSM-7", 161, 2)),
            ("अ" * 70, ("UCS-2", 70, 1)),
            ("अ" * 71, ("UCS-2", 71, 2)),
            ("🙂" * 35, ("UCS-2", 70, 1)),
            ("a" * 1700, ("GSM-7", 1700, 12)),
        ):
            self.assertEqual(segments.count_segments(text), count)

    def test_cost_is_by_segment(self):
        self.assertAlmostEqual(segments.get_cost("a" * 161, 0.05), 0.1)


@tagged("post_install", "-at_install")
class TestSignature(BaseCase):
    form = MultiDict([("To", "+33612345678"), ("Body", "STOP")])

    def check(self, **changes):
        url = "https://clinic.example.com/clinic/twilio/status/u?x=1"
        request = {
            "token": TOKEN,
            "public_base_url": HOST,
            "path": "/clinic/twilio/status/u",
            "query": b"x=1",
            "form": self.form,
            "signature": signature.sign(TOKEN, url, self.form),
        }
        return signature.is_signed(**request | changes)

    def test_signed_request_passes(self):
        self.assertTrue(self.check())
        self.assertTrue(self.check(public_base_url=f"{HOST}/"))

    def test_anything_else_is_refused(self):
        for change in (
            {"signature": None},
            {"signature": ""},
            {"signature": "é"},
            {"token": ""},
            {"token": "another"},
            {"public_base_url": ""},
            {"public_base_url": "http://clinic.example.com"},
            {"query": b""},
            {"path": "/clinic/twilio/status/v"},
            {"form": MultiDict([("To", "+33612345678"), ("Body", "START")])},
        ):
            self.assertFalse(self.check(**change), change)

    def test_key_that_comes_twice_counts_twice(self):
        twice = MultiDict([("A", "1"), ("A", "2")])
        url = f"{HOST}/p"
        for form, good in ((twice, True), (MultiDict([("A", "1")]), False)):
            signed = signature.is_signed(
                TOKEN, HOST, "/p", b"", form, signature.sign(TOKEN, url, twice)
            )
            self.assertEqual(signed, good)


@tagged("post_install", "-at_install")
class TestContent(BaseCase):
    body = "Hi {first_name}, {amount} is open. Pay: {link} Thanks, {first_name}."

    def test_variables_become_numbers_in_their_order(self):
        self.assertEqual(
            content.to_content_body(self.body),
            "Hi {{1}}, {{2}} is open. Pay: {{3}} Thanks, {{1}}.",
        )
        values = {"first_name": "Ana", "amount": "5 €", "link": "https://x"}
        self.assertEqual(
            content.to_content_variables(self.body, values),
            '{"1": "Ana", "2": "5 €", "3": "https://x"}',
        )

    def test_blank_variable_is_refused(self):
        values = {"first_name": " ", "amount": "5 €", "link": "https://x"}
        with self.assertRaises(KeyError):
            content.to_content_variables(self.body, values)


@tagged("post_install", "-at_install")
class TestLint(BaseCase):
    """Twilio's own examples, with our names for their numbers."""

    def find(self, body):
        return [reason.code for reason in lint.find_whatsapp_problems(body)]

    def test_a_variable_needs_two_words_and_the_text_one_more(self):
        self.assertEqual(
            self.find("Hi {first_name}, gate {reference}. Thank you."), ["variables"]
        )
        self.assertFalse(
            self.find("Hi {first_name}, your gate {reference}. Thank you.")
        )

    def test_what_comes_twice_counts_twice(self):
        body = "Hi {first_name}, your gate: {reference}. Thank you {first_name} dear."
        self.assertEqual(self.find(body), ["variables"])

    def test_a_full_stop_does_not_take_a_variable_from_the_end(self):
        body = "Hi {first_name}, your flight will depart from gate {reference}."
        self.assertEqual(self.find(body), ["edge"])
        self.assertFalse(self.find(f"{body} Please answer."))


@tagged("post_install", "-at_install")
class TestCodes(BaseCase):
    def test_unknown_refusal_is_not_tried_again_on_the_channel(self):
        self.assertIs(codes.get_action("99999"), codes.Action.NEXT_CHANNEL)

    def test_what_speaks_for_the_account_counts_for_the_breaker(self):
        for code in ("20003", "timeout", "unreachable", "http_503", "http_401"):
            self.assertTrue(codes.is_account_trouble(code), code)
        for code in ("21211", "20429", "63016", "http_400"):
            self.assertFalse(codes.is_account_trouble(code), code)


@tagged("post_install", "-at_install")
class TestClient(BaseCase):
    def test_blank_credentials_never_fall_back_on_the_environment(self):
        for credentials in (("", "SK", "s"), ("AC", "", "s"), ("AC", "SK", "")):
            with self.assertRaises(TwilioError) as caught:
                TwilioClient(Credentials(*credentials))
            self.assertEqual(caught.exception.code, "credentials")
