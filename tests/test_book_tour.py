"""Patients make, move and cancel appointments in a real browser, on a small phone."""

from common import EndsWithInvariants
from phone import DESKTOP, PHONE, Phone
from tour import TourCase

from odoo.tests import tagged

from odoo.addons.clinic_payment_deposit.tests.book_common import BookPageCase


class BookTourCase(EndsWithInvariants, BookPageCase):
    """A visitor of the booking page; afterwards the invariants hold."""

    size = PHONE

    def setUp(self):
        super().setUp()
        self.kind.write({"clinic_price": 60.0})

    def visit(self, path="/clinic/book"):
        """Return the visitor's phone, to be opened with `with`."""
        return Phone(self, self.size).opened(path)

    def choose_time(self, phone, place=2):
        """Choose one of the free times of the page."""
        phone.sees("Times in the zone")
        phone.page.locator("button[name=start]").nth(place).click()

    def say_who(self, phone):
        phone.sees("Who comes?")
        phone.fill("First name", "Zoe")
        phone.fill("Last name", "Blanc")
        phone.fill("Email", "zoe@example.com")
        phone.page.locator("input[name=consent]").check()
        phone.click("Send me the code")

    def enter_code(self, phone):
        phone.sees("Please enter the code")
        self.env.invalidate_all()
        phone.fill("Code", self.read_code())
        self.env.flush_all()
        phone.click("Go on")

    def come_to_terms(self, phone):
        """Go the way to the terms; each page fits the screen."""
        phone.click("Knee check")
        self.choose_time(phone)
        self.say_who(phone)
        self.enter_code(phone)

    def get_booking(self):
        self.env.invalidate_all()
        return self.Booking.with_context(active_test=False).search(
            [("type_id", "=", self.kind.id)]
        )


@tagged("post_install", "-at_install")
class TestBookTourOnPhone(BookTourCase):
    size = PHONE

    def test_book_move_and_cancel(self):
        with self.visit() as phone:
            phone.sees("60.00")
            self.come_to_terms(phone)
            phone.sees("Nothing is paid now.")
            phone.click("Make the appointment")
            phone.sees("Your appointment is made.")
            phone.click("Change or cancel")
            phone.sees("Add to my calendar")
            phone.click("Choose another time")
            self.choose_time(phone, 5)
            phone.sees("Move your appointment?")
            phone.click("Yes, move it")
            phone.sees("Your appointment was moved.")
            phone.click("Cancel it")
            phone.sees("Nothing was paid, so nothing is given back.")
            phone.click("Yes, cancel it")
            phone.sees("This appointment is cancelled.")
        self.assertEqual(self.get_booking().clinic_end_reason, "patient")

    def test_slips_are_mended(self):
        with self.visit(f"{self.path}?tz=Asia/Kolkata") as phone:
            phone.sees("Times in the zone Asia/Kolkata")
            phone.unfold("Show another time zone")
            phone.page.locator("select[name=tz]").select_option("Europe/Paris")
            phone.click("Show")
            phone.sees("(where the clinic is)")
            phone.click("Tom")
            self.choose_time(phone)
            phone.page.locator("form").last.evaluate("form => form.noValidate = true")
            phone.click("Send me the code")
            phone.sees("Please agree that we keep this")
            self.say_who(phone)
            phone.fill("Code", "1")
            phone.click("Go on")
            phone.sees("That did not work.")
            self.enter_code(phone)
            phone.click("Another time")
            self.choose_time(phone, 7)
            phone.click("Make the appointment")
            phone.sees("Your appointment is made.")
        self.assertEqual(self.get_booking().combination_id.name, "Tom")


@tagged("post_install", "-at_install")
class TestBookPayTour(BookTourCase):
    """With a deposit: paid by Odoo's demo provider, given back on cancelling."""

    def setUp(self):
        super().setUp()
        provider, method = TourCase._make_provider.__func__(type(self))
        method.support_refund = "partial"
        self.assertTrue(provider.is_published)
        self.demand(30.0)

    def test_hold_pay_and_cancel_with_the_refund_shown_before(self):
        with self.visit() as phone:
            self.come_to_terms(phone)
            phone.sees("You can cancel free of charge until")
            phone.page.locator("input[name=accepted]").check()
            phone.click("Hold this time and pay")
            phone.sees("Deposit for your appointment")
            phone.sees("minutes left")
            phone.click("Pay")
            phone.sees("How would you like to pay?")
            phone.sees("minutes left")
            phone.click("Demo")
            phone.page.locator("#customer_input").fill("4242 4242 4242 4242")
            phone.page.locator("button[name=o_payment_submit_button]").click()
            phone.sees("your deposit has arrived")
            phone.sees("Add to my calendar")
            booking = self.get_booking()
            self.assertEqual(booking.state, "confirmed")
            path = self.open_manage(booking)
            self.env.flush_all()
            phone.open(path)
            phone.sees("30.00")
            phone.click("Cancel it")
            phone.sees("You get back")
            phone.sees("all is given back")
            phone.click("Yes, cancel it")
            phone.sees("This appointment is cancelled.")
        deposit = self.get_booking().clinic_deposit_id
        refund = deposit.transaction_ids.child_transaction_ids
        self.assertEqual((refund.operation, refund.amount), ("refund", -30.0))


@tagged("post_install", "-at_install")
class TestBookTourOnDesktop(TestBookTourOnPhone):
    size = DESKTOP
