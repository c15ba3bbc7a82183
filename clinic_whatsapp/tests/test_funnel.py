from datetime import datetime, timedelta

from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.common import TODAY, DunningCase, level

SENT = datetime(2026, 3, 1, 9)


@tagged("post_install", "-at_install")
class TestFunnel(DunningCase):
    """What became of each wording, from the messages as they are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.topic = cls.env.ref("clinic_dunning.topic_after7")
        cls.policy = cls.create_policy(level(topic="after7", route="email"))
        cls.account = cls.env["clinic.twilio.account"].create(
            {
                "name": "Reception",
                "company_id": cls.company.id,
                "account_sid": "AC" + "0" * 32,
                "sms_sender": "+33612345678",
            }
        )
        cls.templates = {
            variant: cls.env["clinic.message.template"].create(
                {
                    "topic_id": cls.topic.id,
                    "channel": "whatsapp",
                    "variant": variant,
                    "body": f"Hello dear {variant}, a note from {{clinic}} for you.",
                }
            )
            for variant in "AB"
        }
        cls.people = cls.env["res.partner"].create(
            [{"name": f"Person {number}"} for number in range(40)]
        )

    def create_message(self, place, **vals):
        return self.env["clinic.message"].create(
            {
                "partner_id": self.people[place].id,
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                "topic_id": self.topic.id,
                "level_id": self.policy.level_ids.id,
                "dedupe_key": f"funnel:{place}:{vals}",
                "state": "delivered",
                **vals,
            }
        )

    def send(self, place, variant="A", state="sent", paid_after=None, **vals):
        """Note a message to a person, and how it ended; return it."""
        channel = vals.pop("channel", "whatsapp")
        if paid_after is not None:
            vals["paid_at"] = SENT + timedelta(days=paid_after)
        message = self.create_message(place, **vals)
        self.env["clinic.message.attempt"].create(
            {
                "message_id": message.id,
                "channel": channel,
                "template_id": self.templates[variant].id,
                "state": state,
                "sent_at": SENT,
                "claimed_at": SENT,
            }
        )
        return message

    def reply(self, place, days):
        self.env["clinic.reply"].create(
            {
                "account_id": self.account.id,
                "company_id": self.company.id,
                "partner_id": self.people[place].id,
                "channel": "whatsapp",
                "number": "+33612345678",
                "date": SENT + timedelta(days=days),
                "body": "Thanks",
            }
        )

    def row(self, **wanted):
        self.env.flush_all()
        domain = [("company_id", "=", self.company.id)]
        return self.env["clinic.message.funnel"].search(
            domain + [(name, "=", value) for name, value in wanted.items()]
        )

    def test_counts_each_step_once(self):
        for place in range(6):
            self.send(place)
        for place in range(6, 10):
            self.send(place, state="delivered", paid_after=6.9)
        self.send(10, state="read", paid_after=7.1)
        self.send(11, state="read", paid_after=-1)
        self.reply(9, 1)
        self.reply(9, 2)
        self.reply(10, 8)
        row = self.row(variant="A")
        self.assertRecordValues(
            row,
            [
                {
                    "template_id": self.templates["A"].id,
                    "topic_id": self.topic.id,
                    "channel": "whatsapp",
                    "language": "en",
                    "month": SENT.date(),
                    "sent": 12,
                    "delivered": 6,
                    "seen": 2,
                    "replied": 1,
                    "asked": 12,
                    "paid": 4,
                }
            ],
        )
        self.assertAlmostEqual(row.delivered_rate, 50)
        self.assertAlmostEqual(row.paid_rate, 100 / 3)
        self.assertLess(row.paid_low, row.paid_rate)
        self.assertGreater(row.paid_high, row.paid_rate)

    def test_a_reply_is_to_the_last_message(self):
        self.send(0)
        later = self.send(0, variant="B", dedupe_key="later")
        later.attempt_ids.sudo().sent_at = SENT + timedelta(days=1)
        self.reply(0, 2)
        self.assertEqual(self.row(variant="A").replied, 0)
        self.assertEqual(self.row(variant="B").replied, 1)

    def test_what_is_no_part_of_it(self):
        self.send(0, is_test=True)
        message = self.send(1, state="failed")
        message.attempt_ids.sudo().sent_at = False
        self.send(2, channel="phone", state="accepted")
        self.send(3, channel="letter", state="accepted")
        self.assertFalse(self.row())

    def test_email_counts_as_delivered_unless_it_came_back(self):
        self.send(0, channel="email", state="accepted")
        self.send(1, channel="email", state="failed")
        self.assertRecordValues(
            self.row(channel="email"), [{"sent": 2, "delivered": 1}]
        )

    def test_share_of_a_group_is_that_of_its_sums(self):
        """And nothing is said of fewer than ten people."""
        for place in range(10):
            self.send(place, paid_after=1)
        for place in range(10, 40):
            self.send(place, variant="B")
        self.env.flush_all()
        [(rate, low, sent)] = self.env["clinic.message.funnel"]._read_group(
            [("company_id", "=", self.company.id)],
            [],
            ["paid_rate:avg", "paid_low:avg", "sent:sum"],
        )
        self.assertEqual(sent, 40)
        self.assertAlmostEqual(float(rate), 25)
        self.assertAlmostEqual(low, 14.187, places=2)

    def test_list_is_read_as_the_screen_does(self):
        self.send(0, state="read")
        self.env.flush_all()
        rows = self.env["clinic.message.funnel"].web_search_read(
            [("company_id", "=", self.company.id)],
            {"variant": {}, "sent": {}, "seen": {}},
        )["records"]
        self.assertEqual([(row["sent"], row["seen"]) for row in rows], [(1, 1)])

    def test_few_are_not_shown(self):
        for place in range(9):
            self.send(place, state="read", paid_after=1)
        groups = self.env["clinic.message.funnel"]._read_group(
            [("company_id", "=", self.company.id)],
            ["variant"],
            ["paid_rate:avg", "paid_high:avg", "read_rate:avg"],
        )
        self.assertEqual(len(groups), 1)
        self.assertFalse(any(groups[0][1:]))

    def test_others_see_their_companies_only(self):
        self.send(0)
        self.env.flush_all()
        other = self.company.create({"name": "Other"})
        funnel = self.env["clinic.message.funnel"]
        ours, theirs = (
            self.create_user(
                login, "clinic_dunning.group_billing_officer", companies=company
            )
            for login, company in (("ours", self.company), ("theirs", other))
        )
        anywhere = funnel.with_context(allowed_company_ids=None)
        self.assertTrue(anywhere.with_user(ours).search([]))
        self.assertFalse(anywhere.with_user(theirs).search([]))

    # -- wording tests ---------------------------------------------------------

    def create_test(self):
        return self.env["clinic.message.experiment"].create(
            {
                "name": "Warmer",
                "company_id": self.company.id,
                "topic_id": self.topic.id,
                "date_from": SENT.date(),
                "date_to": TODAY,
            }
        )

    def test_result_compares_the_variants_and_the_hold_out(self):
        test = self.create_test()
        for place in range(15):
            self.send(place, paid_after=1 if place else None)
        for place in range(15, 30):
            self.send(place, variant="B", paid_after=1 if place < 17 else None)
        for place in range(30, 40):
            self.create_message(
                place,
                state="skipped",
                hold_out_id=test.id,
                held_out_at=SENT,
                paid_at=SENT + timedelta(days=2) if place < 31 else False,
            )
        a, b, nobody = test._get_results()
        self.assertEqual((a["name"], a["people"], a["paid"]), ("A", 15, "93 %"))
        self.assertEqual((b["name"], b["people"], b["paid"]), ("B", 15, "13 %"))
        self.assertEqual((nobody["people"], nobody["paid"]), (10, "10 %"))
        self.assertIn("A is paid more often than B", test.result_html)
        self.assertEqual(self.row(template_id=False).asked, 10)

    def test_too_few_prove_nothing(self):
        test = self.create_test()
        self.assertFalse(test.result_html)
        for place in range(4):
            self.send(place, paid_after=1)
        test.invalidate_recordset()
        self.assertIn("Too few people", test.result_html)
        self.assertNotIn("100 %", test.result_html)
        for place in range(4, 24):
            self.send(place, variant="AB"[place % 2], paid_after=place % 3)
        test.invalidate_recordset()
        self.assertIn("No clear difference yet", test.result_html)
