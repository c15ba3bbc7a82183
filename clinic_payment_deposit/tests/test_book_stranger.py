from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.tests.common import create_clinic

from .book_common import BookPageCase


@tagged("post_install", "-at_install")
class TestBookStranger(BookPageCase):
    """Nobody is taken for somebody else, and learns nothing of others."""

    def test_patient_is_known_by_address_and_birth_date_never_by_name(self):
        self.patient.write({"name": "Zoe Blanc", "email": "zoe@example.com"})
        for born, known in (("1980-05-12", True), ("1980-05-13", False), ("", False)):
            path = self.wish(birth_date=born, first_name="Zoe", last_name="Blanc")
            self.prove(path)
            person = self.get_wish(path)._get_person()
            self.assertEqual(person == self.patient, known, born)

    def test_twins_are_taken_for_somebody_new(self):
        self.patient.email = "zoe@example.com"
        self._make_patient(
            "Tom Martin", email="zoe@example.com", clinic_birth_date="1980-05-12"
        )
        path = self.wish(birth_date="1980-05-12")
        self.prove(path)
        self.assertFalse(self.get_wish(path).partner_id)

    def test_known_patient_keeps_own_data(self):
        self.patient.email = "zoe@example.com"
        booking = self.book(birth_date="1980-05-12", first_name="Hacker")
        self.assertEqual(booking.partner_id, self.patient)
        self.assertEqual(self.patient.name, "Catherine Martin")

    def test_page_is_the_same_for_patients_and_strangers(self):
        self.patient.email = "zoe@example.com"
        texts = []
        for born in ("1980-05-12", "1980-05-13"):
            path = self.wish(birth_date=born)
            before = self.read_page(path)
            self.prove(path)
            texts.append((before, self.read_page(path)))
        self.assertEqual(*texts)

    def test_unknown_secrets_and_those_of_other_pages_open_nothing(self):
        path = self.wish()
        _link, pay = self._make_link(self.patient)
        manage = self.open_manage(self.confirm(start=self.monday))
        for secret in ("x" * 22, pay.rpartition("/")[2], manage.rpartition("/")[2]):
            for rest in ("", "/slots", "/calendar"):
                answer = self.url_open(f"/clinic/book/go/{secret}{rest}")
                self.assertEqual(answer.status_code, 404)
            for step in ("code", "again", "slot", "accept", "pay", "back", "manage"):
                answer = self.post(f"/clinic/book/go/{secret}/{step}", path)
                self.assertEqual(answer.status_code, 404, step)
        secret = path.rpartition("/")[2]
        self.assertEqual(self.url_open(f"/p/{secret}").status_code, 404)
        self.assertEqual(self.url_open(f"/b/{secret}").status_code, 404)
        answer = self.post(f"{path}/get_secret", path)
        self.assertEqual(answer.status_code, 404)

    def test_forms_of_foreign_pages_are_refused(self):
        path = self.wish()
        for address in (f"{self.path}/you", f"{path}/code", f"{path}/accept"):
            with mute_logger("odoo.http"):
                answer = self.url_open(address, data={"a": "b"})
            self.assertEqual(answer.status_code, 400)

    def test_what_is_not_offered_is_not_found(self):
        hidden = self.create_type(self.doctor_combination, clinic_online=False)
        for number in (hidden.id, 999999):
            self.assertEqual(self.url_open(f"/clinic/book/{number}").status_code, 404)
        self.company.clinic_booking_open = False
        self.assertEqual(self.url_open(self.path).status_code, 404)

    def test_several_clinics_are_offered(self):
        other = create_clinic(self.env, "Clinic Durand", clinic_booking_open=True)
        self.create_type(self.doctor_combination, company_id=other.id)
        text = self.read_page("/clinic/book")
        self.assertIn("Clinic Durand", text)
        self.assertIn("Clinic Martin", text)
        self.assertIn(
            "Knee check", self.read_page(f"/clinic/book?clinic={self.company.id}")
        )

    def test_logged_in_clerk_is_a_visitor_like_others(self):
        self.create_user("clerk", "clinic_dunning.group_front_desk")
        self.authenticate("clerk", "clerk")
        booking = self.book()
        self.assertNotEqual(booking.partner_id.name, "clerk")
        self.assertEqual(booking.create_uid, self.env.ref("base.public_user"))
