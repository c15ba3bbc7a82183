import signal

from common import ProcessCase

from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestDecideRace(ProcessCase):
    """Two decisions at once, one that dies, and what happens meanwhile."""

    people = 0

    def bill(self, count=5):
        cls = type(self)
        names = [f"R{cls.people + place}" for place in range(count)]
        cls.people += count
        self.worker.run("invoice", names=names)
        return names

    def entries(self, names):
        """Return the names of those who have a standing entry, one for each entry."""
        rows = self.sql(
            """SELECT partner.name FROM clinic_followup_entry entry
                 JOIN res_partner partner ON partner.id = entry.partner_id
                WHERE partner.name = ANY(%s) AND entry.state != 'void'""",
            names,
        )
        return sorted(name for (name,) in rows)

    def finish(self):
        """What was decided is composed, so that nothing stays planned."""
        self.worker.run("compose")
        self.worker.run("send")

    def test_two_at_once_decide_once(self):
        names = self.bill(40)
        pids = [self.worker.start("decide") for _run in range(3)]
        self.assertEqual({self.worker.wait(pid) for pid in pids}, {0})
        self.assertEqual(self.entries(names), sorted(names))
        self.worker.run("decide")
        self.assertEqual(self.entries(names), sorted(names))
        self.finish()

    def test_second_run_leaves_it_to_the_first(self):
        names = self.bill()
        first = self.sleep_at("decide", "after decide")
        self.assertEqual(self.worker.run("decide"), 0)
        self.assertEqual(self.entries(names), [])
        self.assertEqual(self.wake(first), 0)
        self.assertEqual(self.entries(names), sorted(names))
        self.finish()

    def test_run_that_comes_second_to_a_person_is_no_problem(self):
        names = self.bill()
        person = self.sleep_at("decide_by_hand", "after decide")
        second = self.worker.start("decide")
        self.wait_until_blocked()
        self.assertEqual(self.wake(person), 0)
        self.assertEqual(self.worker.wait(second), 0)
        self.assertEqual(self.entries(names), sorted(names))
        self.assertFalse(
            self.sql(
                "SELECT id FROM clinic_followup_policy WHERE last_run_problem > ''"
            )
        )
        self.finish()

    def test_killed_before_commit_leaves_nothing(self):
        names = self.bill()
        code = self.worker.run("decide", at=("after decide", "SIGKILL", 1))
        self.assertEqual(code, -signal.SIGKILL)
        self.assertEqual(self.entries(names), [])
        self.worker.run("decide")
        self.assertEqual(self.entries(names), sorted(names))
        self.finish()

    def test_payment_while_it_decides_is_seen_before_anything_leaves(self):
        names = self.bill(2)
        pid = self.sleep_at("decide", "after decide")
        self.worker.run("pay", name=names[0])
        self.assertEqual(self.wake(pid), 0)
        self.assertEqual(self.entries(names), sorted(names))
        self.finish()
        self.worker.run("send")
        addresses = [got.recipients[0] for got in self.smtp.messages]
        self.assertEqual(addresses, [f"{names[1].lower()}@example.com"])
        self.assertEqual(self.entries(names), [names[1]])

    def test_killed_while_composing_loses_nothing(self):
        names = self.bill()
        self.worker.run("decide")
        self.worker.run("compose", at=("after compose", "SIGKILL", 1))
        self.finish()
        self.assertEqual(len(self.smtp.messages), len(names))

    def test_two_compose_at_once_make_one_message_each(self):
        names = self.bill()
        self.worker.run("decide")
        first = self.sleep_at("compose", "after compose")
        second = self.worker.start("compose")
        self.wait_until_blocked()
        self.assertEqual(self.wake(first), 0)
        self.assertEqual(self.worker.wait(second), 0)
        self.finish()
        self.assertEqual(len(self.smtp.messages), len(names))
