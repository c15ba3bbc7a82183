import signal

from emulators.twilio import Message
from emulators.twilio.callbacks import get_inbound_form, get_status_form
from whatsapp import CLINIC_SMS, WhatsappProcessCase

from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestWhatsappInboxCrash(WhatsappProcessCase):
    """Several processes at the inbox at once, and some that die there."""

    def send(self, count=1):
        """Send reminders; return (uuid, sent message) of each."""
        names = self.bill(count)
        self.worker.run("send")
        rows = self.sql(
            """SELECT attempt.uuid, attempt.provider_ref
                 FROM clinic_message_attempt attempt
                 JOIN clinic_message message ON message.id = attempt.message_id
                 JOIN res_partner partner ON partner.id = message.partner_id
                WHERE partner.name = ANY(%s) ORDER BY attempt.id""",
            names,
        )
        self.assertEqual(len(rows), count)
        return [(uuid, self.twilio.find(sid)) for uuid, sid in rows]

    def tell(self, sent, *statuses):
        for uuid, message in sent:
            for status in statuses:
                form = get_status_form(message, status)
                self.worker.run("receive", form=form, uuid=uuid)

    def write(self, name, body):
        """Return the form of what that person writes."""
        [[number]] = self.sql(
            "SELECT phone_sanitized FROM res_partner WHERE name = %s", name
        )
        message = Message(
            self.emulated.sid, CLINIC_SMS, number, body, direction="inbound"
        )
        return get_inbound_form(message)

    def attempts(self, sent):
        return [
            state
            for (state,) in self.sql(
                "SELECT state FROM clinic_message_attempt WHERE uuid = ANY(%s)",
                [uuid for uuid, _message in sent],
            )
        ]

    # -- five at once ----------------------------------------------------------

    def test_five_duplicates_at_once_are_one_event(self):
        [(uuid, message)] = sent = self.send()
        values = {"form": get_status_form(message, "delivered"), "uuid": uuid}
        first = self.sleep_at("receive", "after insert", **values)
        others = [self.worker.start("receive", **values) for _time in range(4)]
        self.wait_until_blocked()
        self.assertEqual(self.wake(first), 0)
        self.assertEqual([self.worker.wait(pid) for pid in others], [0] * 4)
        rows = self.sql("SELECT id FROM clinic_twilio_event WHERE uuid = %s", uuid)
        self.assertEqual(len(rows), 1)
        self.worker.run("apply")
        self.assertEqual(self.attempts(sent), ["delivered"])

    def test_duplicate_of_one_that_died_is_kept(self):
        [(uuid, message)] = sent = self.send()
        values = {"form": get_status_form(message, "delivered"), "uuid": uuid}
        code = self.worker.run("receive", at=("after insert", "SIGKILL", 1), **values)
        self.assertEqual(code, -signal.SIGKILL)
        self.worker.run("receive", **values)
        self.worker.run("apply")
        self.assertEqual(self.attempts(sent), ["delivered"])

    def test_receipts_come_in_while_others_are_applied(self):
        sent = self.send(2)
        self.tell(sent[:1], "sent")
        pid = self.sleep_at("apply", "after apply")
        self.tell(sent, "delivered")
        self.assertEqual(self.wake(pid), 0)
        self.worker.run("apply")
        self.assertEqual(self.attempts(sent), ["delivered"] * 2)

    def test_receipt_that_is_quicker_than_the_answer_waits_for_it(self):
        self.bill(1)
        pid = self.sleep_at("send", "before answers")
        [[uuid]] = self.sql(
            "SELECT uuid FROM clinic_message_attempt WHERE state = 'leased'"
        )
        sent = [(uuid, self.twilio.outbound[-1])]
        self.tell(sent, "delivered")
        self.sql("DELETE FROM ir_cron_trigger")
        self.worker.run("apply")
        self.assertEqual(self.attempts(sent), ["leased"])
        self.assertEqual(self.wake(pid), 0)
        self.assertTrue(self.sql("SELECT id FROM ir_cron_trigger"))
        self.worker.run("apply")
        self.assertEqual(self.attempts(sent), ["delivered"])

    # -- kill -9 while applying --------------------------------------------------

    def assertSurvives(self, point):
        sent = self.send(3)
        self.tell(sent, "sent", "delivered")
        code = self.worker.run("apply", at=(point, "SIGKILL", 1))
        self.assertEqual(code, -signal.SIGKILL, f"the job never passed “{point}”")
        self.worker.run("apply")
        self.assertEqual(self.attempts(sent), ["delivered"] * 3)
        self.assertFalse(
            self.sql("SELECT id FROM clinic_twilio_event WHERE applied_at IS NULL")
        )

    def test_killed_before_a_batch(self):
        self.assertSurvives("before apply")

    def test_killed_in_the_middle_of_a_batch(self):
        self.assertSurvives("after take events")

    def test_killed_before_a_batch_is_committed(self):
        self.assertSurvives("after apply")

    def test_reply_that_was_being_applied_acts_once(self):
        [name] = self.bill(1)
        self.worker.run("receive", form=self.write(name, "PAY"))
        for point in ("after take reply", "after apply"):
            code = self.worker.run("apply", at=(point, "SIGKILL", 1))
            self.assertEqual(code, -signal.SIGKILL)
        self.worker.run("apply")
        self.assertEqual(
            self.sql(
                """SELECT COUNT(*), MIN(message.state) FROM clinic_reply reply
                     JOIN clinic_message message ON message.answer_to_id = reply.id
                     JOIN res_partner partner ON partner.id = reply.partner_id
                    WHERE partner.name = %s""",
                name,
            ),
            [(1, "queued")],
        )

    # -- STOP beside the claim -----------------------------------------------------

    def assertNothingSent(self, form):
        """Whoever wrote that gets no reminder, also later."""
        self.worker.run("apply")
        self.recover(2)
        self.assertEqual(self.twilio.to(dict(form)["From"]), [])

    def test_stop_right_before_the_claim(self):
        [name] = self.bill(1)
        form = self.write(name, "STOP")
        pid = self.sleep_at("send", "before claim")
        self.worker.run("receive", form=form)
        self.assertEqual(self.wake(pid), 0)
        self.assertNothingSent(form)

    def test_stop_that_is_being_applied_while_the_sender_claims(self):
        [name] = self.bill(1)
        form = self.write(name, "STOP")
        self.worker.run("receive", form=form)
        pid = self.sleep_at("apply", "after apply")
        self.worker.run("send")
        self.assertEqual(self.twilio.to(dict(form)["From"]), [])
        self.assertEqual(self.wake(pid), 0)
        self.assertNothingSent(form)

    def test_stop_right_after_the_claim(self):
        [name] = self.bill(1)
        form = self.write(name, "STOP")
        pid = self.sleep_at("send", "before deliver")
        self.worker.run("receive", form=form)
        self.assertEqual(self.wake(pid), 0)
        self.assertNothingSent(form)
