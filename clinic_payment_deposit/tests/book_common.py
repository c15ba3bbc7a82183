"""A clinic whose booking page is open, and a visitor with a browser."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytz

from odoo import fields

from odoo.addons.clinic_dunning.tests.common import DunningCase
from odoo.addons.clinic_dunning.tests.pay_common import TOKEN, PayCase

from .booking_common import BookingCase

PARIS = pytz.timezone("Europe/Paris")
TEXT = re.compile(r"<style>.*?</style>|<[^>]+>", re.DOTALL)
SLOT = re.compile(r'name="start" value="(\w+)"')


def next_monday(hour=9):
    """Return a Monday some weeks ahead at that hour in Paris, as naive UTC."""
    today = fields.Date.today()
    day = today + timedelta(days=21 - today.weekday())
    here = PARIS.localize(datetime(day.year, day.month, day.day, hour))
    return here.astimezone(pytz.utc).replace(tzinfo=None)


class BookPageCase(BookingCase, PayCase):
    @classmethod
    def setUpClass(cls):
        # Without the frozen clock of other tests: a browser has its own.
        super(DunningCase, cls).setUpClass()
        cls.Booking = cls.env["resource.booking"]
        cls.Request = cls.env["clinic.booking.request"]
        cls.calendar = cls.create_calendar()
        cls.doctor, cls.doctor_combination = cls.create_practitioner("lea")
        cls.second, cls.second_combination = cls.create_practitioner("tom")
        cls.kind = cls.create_type(cls.doctor_combination | cls.second_combination)
        cls.company.write({"clinic_booking_open": True, "email": "desk@example.com"})
        cls.company.partner_id.lang = "en_US"
        cls.monday = next_monday()
        cls.path = f"/clinic/book/{cls.kind.id}"

    # -- the visitor -------------------------------------------------------------------

    def read_page(self, path):
        """Return the text of a page without its tags, spaces squeezed."""
        return self.get_text(self.url_open(path))

    def get_text(self, page):
        text = TEXT.sub(" ", page.text).replace("\xa0", " ").replace("\u202f", " ")
        return " ".join(text.split())

    def post(self, path, page=None, **data):
        """Send a form with the token of a page, by default the one of that path."""
        token = TOKEN.search(self.url_open(page or path).text)[1]
        return self.url_open(
            path, data={"csrf_token": token, **data}, allow_redirects=False
        )

    def get_wish_query(self, start=None, who="", tz="Europe/Paris"):
        start = start or self.monday
        return {"start": f"{start:%Y%m%dT%H%M}", "who": who, "tz": tz}

    def ask(self, start=None, who="", tz="Europe/Paris", **vals):
        """Send the form of who comes; return the answer."""
        wish = self.get_wish_query(start, who, tz)
        person = {
            "first_name": "Zoe",
            "last_name": "Blanc",
            "contact": "zoe@example.com",
            "consent": "1",
        }
        # The token comes from a page that is always there.
        return self.post(
            f"{self.path}/you",
            f"{self.path}/you?{urlencode(self.get_wish_query())}",
            **{**wish, **person, **vals},
        )

    def wish(self, **vals):
        """Ask for a time; return the path on which the visitor goes on."""
        answer = self.ask(**vals)
        self.assertEqual(answer.status_code, 303, self.get_text(answer))
        return answer.headers["Location"].partition("?")[0]

    def read_code(self):
        """Return the code of the last message, as it leaves."""
        topic = self.env.ref("clinic_dunning.topic_code")
        message = self.env["clinic.message"].search(
            [("topic_id", "=", topic.id)], limit=1
        )
        attempt = self.env["clinic.message.attempt"].create(
            {"message_id": message.id, "channel": message.only_channel}
        )
        letter = attempt._render(message._recheck())[attempt]
        return re.search(r"\b\d{6}\b", letter.body)[0]

    def prove(self, path):
        """Enter the code that was sent; return the answer."""
        return self.post(f"{path}/code", path, code=self.read_code())

    def accept(self, path, **data):
        return self.post(f"{path}/accept", path, accepted="1", **data)

    def book(self, **vals):
        """Go the whole way to a slot; return the booking."""
        path = self.wish(**vals)
        self.prove(path)
        self.assertEqual(self.accept(path).status_code, 303)
        return self.get_wish(path).booking_id

    def get_wish(self, path):
        secret = path.rstrip("/").rpartition("/")[2]
        return self.env["clinic.link"]._find_request(secret)

    def open_manage(self, booking):
        """Return the path of the appointment's own page."""
        url = booking._make_manage_link()[1]
        return f"/b/{url.rpartition('/')[2]}"

    def demand(self, amount=30.0, **vals):
        """Have the clinic ask for a deposit; return the policy."""
        policy = self.env["clinic.deposit.policy"].create(
            self.prepare_policy_vals(amount) | vals
        )
        policy.action_publish()
        self.kind.write({"clinic_deposit_policy_id": policy.id, "clinic_price": 100.0})
        return policy

    def prepare_policy_vals(self, amount):
        return {
            "name": "Deposit",
            "company_id": self.company.id,
            "kind": "fixed",
            "amount": amount,
            "hold_minutes": 15,
            "free_cancel_hours": 24,
            "text": "<p>Given back in time.</p>",
        }

    def count(self):
        """Return how much there is of what a visitor could make."""
        models = (
            "clinic.booking.request",
            "clinic.link",
            "clinic.message",
            "res.partner",
            "resource.booking",
            "calendar.event",
            "clinic.consent",
            "clinic.deposit",
        )
        self.env.flush_all()
        return {
            name: self.env[name].with_context(active_test=False).search_count([])
            for name in models
        }
