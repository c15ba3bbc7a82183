from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.outreach.large_send import FIRST, LARGE, LARGE_PARAMETER
from ..models.outreach.large_send_outcome import PATIENCE
from .common import NOW, DunningCase, level

PEOPLE = 60


@tagged("post_install", "-at_install")
class TestLargeSend(DunningCase):
    """From so many people on the first ones leave, the others wait for a second yes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param(LARGE_PARAMETER, PEOPLE - 1)
        cls.policy = cls.create_policy(level(topic="after7", route="email"))
        cls.level = cls.policy.level_ids
        cls.officer, cls.second = (
            cls.create_user(name, "clinic_dunning.group_billing_officer")
            for name in ("first", "second")
        )
        cls.manager = cls.create_user("boss", "clinic_dunning.group_clinic_manager")
        people = cls.env["res.partner"].create(
            [
                {
                    "name": f"Person {n}",
                    "email": f"p{n}@example.com",
                    "country_id": cls.env.ref("base.fr").id,
                }
                for n in range(PEOPLE)
            ]
        )
        for person in people:
            cls.create_invoice(person)

    def run_job(self):
        """Decide, and compose as the scheduled action does; return the large send."""
        self.decide()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["clinic.message"]._cron_compose()
        self.env.invalidate_all()
        return self.find_send()

    def find_send(self):
        return self.env["clinic.large.send"].search([("level_id", "=", self.level.id)])

    def messages(self, **wanted):
        domain = [(name, "=", value) for name, value in wanted.items()]
        return self.env["clinic.message"].search(
            [("level_id", "=", self.level.id), *domain]
        )

    def settle(self):
        """Send what may leave, as often as it takes; return the emails."""
        return self.drain(times=4)

    def arrive(self):
        """Let the first ones arrive."""
        first = self.messages(is_first=True)
        first._move_to("in_progress")
        first._deliver("accepted")

    def count_sendable(self):
        self.env.flush_all()
        return self.env["clinic.message"]._count_sendable()

    def test_limits_are_those_of_the_rule(self):
        self.assertEqual((LARGE, FIRST), (200, 50))
        sends = self.env["clinic.large.send"]
        self.env["ir.config_parameter"].set_param(LARGE_PARAMETER, False)
        self.assertEqual(sends._get_large(), LARGE)

    def test_first_ones_leave_and_the_others_wait(self):
        send = self.run_job()
        self.assertEqual(send.state, "first")
        self.assertEqual(len(self.messages(approval="none", is_first=True)), FIRST)
        self.assertEqual(len(self.messages(approval="held")), PEOPLE - FIRST)
        self.assertEqual(len(self.settle()), FIRST)
        self.assertFalse(self.settle(), "a held message left")
        self.assertRecordValues(
            send,
            [
                {
                    "let_go": FIRST,
                    "arrived": FIRST,
                    "failed": 0,
                    "under_way": 0,
                    "waiting": PEOPLE - FIRST,
                    "total": PEOPLE,
                }
            ],
        )

    def test_second_person_lets_the_others_go(self):
        send = self.run_job()
        self.settle()
        self.assertFalse(send.with_user(self.second).obstacle)
        send.with_user(self.second).action_release()
        self.assertEqual(send.decided_by_id, self.second)
        self.assertEqual(len(self.settle()), PEOPLE - FIRST)
        rest = self.messages(is_first=False)
        self.assertEqual(rest.approved_by_id, self.second)
        with self.assertRaisesRegex(UserError, "has decided it already"):
            send.with_user(self.manager).action_release()

    def test_small_sends_and_letters_need_no_second_yes(self):
        limit = self.env["ir.config_parameter"]
        limit.set_param(LARGE_PARAMETER, PEOPLE)
        self.assertFalse(self.run_job())
        self.assertFalse(self.messages(approval="held"))
        self.messages()._cancel("Again")
        limit.set_param(LARGE_PARAMETER, PEOPLE - 1)
        self.level.route_id = self.env.ref("clinic_dunning.route_letter")
        self.assertFalse(self.run_job())

    def test_who_approved_the_first_ones_cannot_agree_again(self):
        self.policy.first_run_done = False
        send = self.run_job()
        self.assertEqual(len(self.messages(approval="pending")), PEOPLE)
        pending = self.messages().with_user(self.officer)
        dialog = (
            self.env["clinic.message.approval"]
            .with_user(self.officer)
            .with_context(active_ids=pending.ids)
            .create({})
        )
        self.assertIn("large send", dialog.summary)
        dialog.action_approve()
        self.assertEqual(len(self.messages(approval="approved")), FIRST)
        self.assertEqual(len(self.messages(approval="held")), PEOPLE - FIRST)
        self.arrive()
        with self.assertRaisesRegex(UserError, "somebody else"):
            send.with_user(self.officer).action_release()
        send.with_user(self.second).action_release()
        self.assertEqual(self.count_sendable(), PEOPLE - FIRST)

    def test_approved_in_parts_the_first_ones_are_fifty_in_all(self):
        self.policy.first_run_done = False
        send = self.run_job()
        pending = self.messages().with_user(self.officer)
        pending[:40].action_approve()
        pending[40:].with_user(self.second).action_approve()
        self.assertEqual(len(self.messages(approval="approved")), FIRST)
        self.assertEqual(send.let_go, FIRST)
        self.assertEqual(send._get_first_approvers(), self.officer | self.second)
        self.arrive()
        self.assertFalse(send.with_user(self.manager).obstacle)

    def test_what_is_approved_after_the_second_yes_leaves(self):
        self.policy.first_run_done = False
        send = self.run_job()
        self.messages()[:52].with_user(self.officer).action_approve()
        self.arrive()
        send.with_user(self.second).action_release()
        self.messages(approval="pending").with_user(self.officer).action_approve()
        self.assertEqual(len(self.messages(approval="approved")), PEOPLE)

    def test_many_that_piled_up_are_a_large_send_too(self):
        limit = self.env["ir.config_parameter"]
        limit.set_param(LARGE_PARAMETER, 0)
        self.level.mode = "approval"
        self.assertFalse(self.run_job())
        limit.set_param(LARGE_PARAMETER, PEOPLE - 1)
        self.messages(approval="pending").with_user(self.officer).action_approve()
        self.assertEqual(len(self.messages(approval="approved")), FIRST)
        held = self.messages(approval="held").with_user(self.officer)
        self.assertEqual(len(held), PEOPLE - FIRST)
        with self.assertRaises(AccessError):
            held[0].approval = "approved"

    def test_author_of_the_text_cannot_agree(self):
        template = self.env["clinic.message.template"].search(
            [("topic_id.code", "=", "after7"), ("channel", "=", "email")], limit=1
        )
        template.with_user(self.manager).body += " "
        send = self.run_job()
        self.arrive()
        with self.assertRaisesRegex(UserError, "wrote the text"):
            send.with_user(self.manager).action_release()

    def test_too_early_is_refused(self):
        send = self.run_job()
        self.assertEqual(send.under_way, FIRST)
        with self.assertRaisesRegex(UserError, "None of the first ones has left yet"):
            send.with_user(self.second).action_release()

    def test_first_ones_that_cannot_leave_say_why_and_keep_nobody_for_ever(self):
        send = self.run_job()
        first = self.messages(is_first=True)
        tomorrow = fields.Datetime.now() + timedelta(hours=14)
        first._postpone(tomorrow, "Today's budget for messages is used up.")
        self.assertIn("none of them has left yet", send.banner)
        self.assertRegex(
            send.with_user(self.second).obstacle, "budget.*Next try: 11/03/2026 01:00"
        )
        self.go_to(fields.Datetime.now() + timedelta(days=1, minutes=1))
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "a clinic manager decides"):
            send.with_user(self.second).action_release()
        self.assertFalse(send.with_user(self.manager).obstacle)
        send.with_user(self.officer).action_stop()
        self.assertEqual(set(self.messages().mapped("state")), {"canceled"})

    def test_after_two_hours_the_first_ones_are_awaited_no_longer(self):
        send = self.run_job()
        first = self.messages(is_first=True)
        first._move_to("in_progress")
        first[:-1]._deliver("accepted")
        first[-1]._lease("")
        started = fields.Datetime.now()
        self.go_to(started + PATIENCE - timedelta(minutes=1))
        with self.assertRaisesRegex(UserError, "1 of the first ones are still on"):
            send.with_user(self.second).action_release()
        self.go_to(started + PATIENCE + timedelta(minutes=1))
        self.env.invalidate_all()
        send.with_user(self.second).action_release()
        self.assertEqual(len(self.messages(approval="approved")), PEOPLE - FIRST)

    def test_where_too_few_arrive_a_manager_decides(self):
        send = self.run_job()
        first = self.messages(is_first=True)
        first._move_to("in_progress")
        first[20:]._deliver("accepted")
        for message in first[:20]:
            message._lease("")._refuse("bounced", "It came back.")
        with self.assertRaisesRegex(UserError, "Only 60 in 100"):
            send.with_user(self.second).action_release()
        send.with_user(self.manager).action_release()

    def test_stopped_send_counts_as_done(self):
        send = self.run_job()
        self.arrive()
        send.with_user(self.officer).action_stop()
        self.assertEqual(send.state, "stopped")
        rest = self.messages(is_first=False)
        self.assertEqual(set(rest.mapped("state")), {"canceled"})
        self.assertFalse(self.count_sendable())
        self.assertFalse(self.decide(), "the same people come again at once")
        with self.assertRaises(UserError):
            send.with_user(self.second).action_release()

    def test_people_who_may_agree_get_a_task(self):
        send = self.run_job()
        sends = self.env["clinic.large.send"]
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            sends.with_env(sends.env(cr=cr))._cron_ask()
        self.assertFalse(send.activity_ids, "asked before anything was seen")
        self.arrive()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            sends.with_env(sends.env(cr=cr))._cron_ask()
        self.env.invalidate_all()
        self.assertEqual(send.state, "waiting")
        self.assertLessEqual(self.second | self.manager, send.activity_ids.user_id)
        send.with_user(self.second).action_release()
        self.assertFalse(send.activity_ids)

    def test_later_messages_join_the_open_send(self):
        send = self.run_job()
        self.create_invoice(self.create_patient("Late Person"))
        self.assertEqual(self.run_job(), send)
        late = self.messages()[0]
        self.assertEqual((late.large_send_id, late.approval), (send, "held"))

    def test_paid_meanwhile_is_not_sent(self):
        send = self.run_job()
        self.arrive()
        held = self.messages(approval="held")
        self.pay(held[0].entry_ids.move_id)
        send.with_user(self.second).action_release()
        self.env["clinic.message"]._sweep()
        self.assertEqual(held[0].state, "skipped")
        self.assertEqual(self.count_sendable(), PEOPLE - FIRST - 1)

    def test_one_person_sent_to_by_hand_does_not_wait(self):
        self.run_job()
        message = self.messages(approval="held")[0]
        message._cancel("Again")
        self.go_to(str(NOW).replace("10:00", "10:05"))
        message.case_id.with_user(self.officer).action_send_now()
        again = message.case_id.message_out_ids - message
        self.assertEqual(again.approval, "none")

    def test_front_desk_decides_nothing(self):
        send = self.run_job()
        desk = self.create_user("desk", "clinic_dunning.group_front_desk")
        for action in ("action_release", "action_stop"):
            with self.assertRaises(AccessError):
                getattr(send.with_user(desk), action)()

    def test_nothing_is_written_by_hand(self):
        send = self.run_job()
        for vals in ({"let_go": 0}, {"decided_by_id": False}):
            with self.assertRaises(AccessError):
                send.with_user(self.manager).write(vals)
