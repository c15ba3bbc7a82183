"""Senders in processes of their own, on a committed database."""

from common import ProcessCase


class SenderCase(ProcessCase):
    """A channel's case says how senders recover and what must be true at the end."""

    people = 0

    def recover(self):
        """Other senders run until all is quiet."""
        raise NotImplementedError

    def assertEnded(self, names):
        """Each message ended, and nobody got two; return how many ended how."""
        raise NotImplementedError

    def bill(self, count=3, twins=False):
        """Bill new people and compose their reminders; return their names.

        :param twins: each has a namesake at the same address
        """
        cls = type(self)
        names = [f"P{cls.people + place}" for place in range(count)]
        cls.people += count
        if twins:
            names += [f"{name}+" for name in names]
        self.worker.run("invoice", names=names)
        self.worker.run("decide")
        self.worker.run("compose")
        return names

    def send_at_once(self, senders):
        """Let so many senders work at the same time."""
        pids = [self.worker.start("send") for _sender in range(senders)]
        self.assertEqual({self.worker.wait(pid) for pid in pids}, {0})

    def meanwhile(self, point, job):
        """Stop a sender at a point, commit something else, and let it go on.

        :return: what became of the message to the person whom that concerns
        """
        names = self.bill(2)
        pid = self.sleep_at("send", point)
        self.worker.run(job, name=names[0])
        self.assertEqual(self.wake(pid), 0)
        self.recover()
        self.assertEnded(names)
        states = self.get_states(names)
        self.assertEqual(states[names[1]], "delivered")
        return states[names[0]]
