from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .book_common import BookPageCase


@tagged("post_install", "-at_install")
class TestBookWait(BookPageCase):
    """Whoever finds no time puts himself on the waiting list."""

    def setUp(self):
        super().setUp()
        self.until = fields.Date.today() + timedelta(days=30)

    def ask_to_wait(self, **vals):
        person = {
            "first_name": "Zoe",
            "last_name": "Blanc",
            "contact": "zoe@example.com",
            "consent": "1",
            "until": self.until.isoformat(),
        }
        return self.post(f"{self.path}/wait", **{**person, **vals})

    def wait(self, **vals):
        answer = self.ask_to_wait(**vals)
        self.assertEqual(answer.status_code, 303, self.get_text(answer))
        return answer.headers["Location"].partition("?")[0]

    def find_entries(self):
        return self.env["clinic.waiting.list"].search([("type_id", "=", self.kind.id)])

    def test_nothing_free_leads_to_the_list_and_the_code_puts_one_on_it(self):
        self.calendar.attendance_ids.unlink()
        text = self.read_page(self.path)
        self.assertIn("Nothing is free in the next", text)
        self.assertIn("Put me on the waiting list", text)
        path = self.wait(who=self.second_combination.id)
        self.assertIn("Please enter the code", self.read_page(path))
        self.assertFalse(self.find_entries(), "an address that is not proved yet")
        self.prove(path)
        self.assertIn("You are on the waiting list.", self.read_page(path))
        wish = self.get_wish(path)
        self.assertRecordValues(
            self.find_entries(),
            [
                {
                    "partner_id": wish.visitor_id.id,
                    "combination_id": self.second_combination.id,
                    "date_to": self.until,
                    "state": "waiting",
                    "company_id": self.company.id,
                }
            ],
        )
        self.assertTrue(wish.visitor_id.active)

    def test_one_address_waits_once_for_a_kind_of_visit(self):
        self.prove(self.wait())
        path = self.wait(until=(self.until + timedelta(days=9)).isoformat())
        self.prove(path)
        self.assertEqual(len(self.find_entries()), 1)
        self.assertEqual(self.find_entries().date_to, self.until + timedelta(days=9))
        self.post(f"{path}/leave", path)
        self.assertEqual(self.find_entries().state, "left")
        self.assertIn("not on the waiting list any more", self.read_page(path))

    def test_freed_time_is_offered_to_whoever_joined(self):
        taken = self.confirm(start=self.monday), self.confirm(start=self.monday)
        self.prove(self.wait())
        entry = self.find_entries()
        self.assertFalse(entry._offer(), "what was free did not suit")
        taken[0]._give_back("clinic")
        booking = entry._offer()
        self.assertEqual(booking.start, self.monday)
        self.assertEqual(booking.clinic_source, "waiting")
        url = self.env["clinic.link"]._issue(
            entry.partner_id, self.company, purpose="booking", waiting_id=entry.id
        )[1]
        path = f"/w/{url.rpartition('/')[2]}"
        self.assertIn("A slot is free for you", self.read_page(path))
        self.post(f"{path}/leave", path)
        self.assertEqual(entry.state, "left")
        self.assertFalse(booking.active, "the slot is free for the next one")

    def test_impossible_wishes_are_refused_kindly_and_nothing_is_kept(self):
        before = self.count()
        today = fields.Date.today()
        for vals, words in (
            ({"until": ""}, "until which day"),
            ({"until": (today - timedelta(days=2)).isoformat()}, "until which day"),
            ({"until": "2031-01-01"}, "until which day"),
            ({"contact": "zoe"}, "email address"),
            ({"consent": ""}, "Please agree"),
            ({"who": "x"}, "Please choose one of those who receive"),
        ):
            answer = self.ask_to_wait(**vals)
            self.assertEqual(answer.status_code, 422, vals)
            self.assertIn(words, self.get_text(answer))
        self.assertEqual(self.count(), before)

    def test_place_on_the_list_is_no_way_to_a_slot(self):
        path = self.wait()
        self.prove(path)
        for step in ("accept", "slot", "pay", "back", "manage"):
            self.assertEqual(self.post(f"{path}/{step}", path).status_code, 404, step)
        self.assertEqual(self.url_open(f"{path}/slots").status_code, 404)
