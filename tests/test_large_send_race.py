from common import ProcessCase

from odoo.tests import tagged

PEOPLE = 54
FIRST = 50


@tagged("post_install", "-at_install")
class TestLargeSendRace(ProcessCase):
    """Two people decide about one large send at the same time."""

    def count(self, approval):
        rows = self.sql(
            "SELECT COUNT(*) FROM clinic_message WHERE approval = %s", approval
        )
        return rows[0][0]

    def test_two_at_once_are_one_after_the_other(self):
        self.worker.run("open_large_send", people=PEOPLE)
        self.assertEqual(self.count("pending"), PEOPLE)

        first = self.sleep_at("approve", "after approve", login="ann", half=0)
        second = self.worker.start("approve", login="ann", half=1)
        self.wait_until_blocked()
        self.assertEqual(self.wake(first), 0)
        self.assertEqual(self.worker.wait(second), 0)
        self.assertEqual(self.count("approved"), FIRST)
        self.assertEqual(self.count("held"), PEOPLE - FIRST)

        self.sql("UPDATE clinic_message SET state = 'delivered' WHERE is_first")
        with self.assertRaisesRegex(AssertionError, "You let the first ones go"):
            self.worker.run("agree_second", login="ann")
        self.assertEqual(self.count("held"), PEOPLE - FIRST)

        first = self.sleep_at("agree_second", "after release", login="bob")
        second = self.worker.start("agree_second", login="eve")
        self.wait_until_blocked()
        self.assertEqual(self.wake(first), 0)
        with self.assertRaisesRegex(AssertionError, "has decided it already"):
            self.worker.wait(second)
        self.assertEqual(self.count("approved"), PEOPLE)
        decided = self.sql(
            """SELECT login FROM clinic_large_send send
                 JOIN res_users ON res_users.id = send.decided_by_id"""
        )
        self.assertEqual(decided, [("bob",)])
