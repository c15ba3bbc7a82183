"""What the tests of this folder share: every one ends with the invariants."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import invariants
import psycopg2
from emulators.smtp import SmtpEmulator

from odoo.tests import BaseCase

from odoo.addons.clinic_dunning.tests.common import DunningCase


class EndsWithInvariants:
    """Tests in one transaction; afterwards the invariants hold in it."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.check_invariants)

    def check_invariants(self):
        self.env.flush_all()
        self.assertEqual(invariants.check(self.cr), {})


class InvariantCase(EndsWithInvariants, DunningCase):
    """Tests of reminders in one transaction."""


class Worker:
    """Runs jobs in processes of their own on a committed database (see `worker`)."""

    def __init__(self, database):
        self.folder = Path(tempfile.mkdtemp(prefix="clinic-worker-"))
        arguments = [os.environ["CLINIC_TEST_CONFIG"], database, self.folder]
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore",
                Path(__file__).parent / "worker.py",
                *arguments,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"The worker ended: {self.process.wait()}")
        return json.loads(line)

    def ask(self, **command):
        print(json.dumps(command), file=self.process.stdin, flush=True)
        return self.read()

    def start(self, job, at=None, **arguments):
        """Start a job and return its process id.

        :param at: (point, signal, nth): where it gets that signal
        """
        return self.ask(job=job, at=at, args=arguments)["pid"]

    def wait(self, pid):
        """Wait until a job ends or stops; return its exit code, or "stopped".

        The code is negative if it was killed. A job that fails raises AssertionError
        with what it said.
        """
        code = self.ask(wait=pid)["code"]
        if code == 1:
            raise AssertionError((self.folder / f"{pid}.log").read_text())
        return code

    def run(self, job, at=None, **arguments):
        """Do a job and return its exit code: negative if it was killed."""
        return self.wait(self.start(job, at, **arguments))

    def get_said(self, job, **arguments):
        """Do a job and return what it printed, read as JSON."""
        pid = self.start(job, **arguments)
        self.wait(pid)
        return json.loads((self.folder / f"{pid}.log").read_text())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()
        shutil.rmtree(self.folder)


@unittest.skipUnless("CLINIC_TEST_TEMPLATE" in os.environ, "needs a template database")
class ProcessCase(BaseCase):
    """Tests with real processes, commits and an SMTP server; then the invariants."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = f"{os.environ['CLINIC_TEST_DATABASE']}_{cls.__name__.lower()}"
        template = os.environ["CLINIC_TEST_TEMPLATE"]
        subprocess.run(["dropdb", "--if-exists", "--force", cls.database], check=True)
        # Two copies of one database at once would fail.
        copy = ["flock", os.environ["CLINIC_TEST_CONFIG"], "createdb", "-T", template]
        subprocess.run([*copy, cls.database], check=True)
        cls.addClassCleanup(
            subprocess.run, ["dropdb", "--force", cls.database], check=True
        )
        cls.smtp = cls.enterClassContext(SmtpEmulator())
        cls.worker = Worker(cls.database)
        cls.addClassCleanup(cls.worker.stop)
        cls.worker.run("open_clinic", port=cls.smtp.port)

    def setUp(self):
        super().setUp()
        self.smtp.clear()
        self.smtp.heal()
        self.connection = psycopg2.connect(dbname=self.database)
        self.connection.autocommit = True
        self.addCleanup(self.connection.close)
        self.addCleanup(self.check_invariants)

    def sleep_at(self, job, point, **arguments):
        """Start a job that falls asleep at a point; return its process id."""
        pid = self.worker.start(job, at=(point, "SIGSTOP", 1), **arguments)
        self.assertEqual(self.worker.wait(pid), "stopped")
        self.addCleanup(self.end, pid)
        return pid

    def end(self, pid):
        """Leave no process behind, however the test ended."""
        if os.path.exists(f"/proc/{pid}"):
            os.kill(pid, signal.SIGKILL)

    def wake(self, pid):
        """Let a job go on; return its exit code."""
        os.kill(pid, signal.SIGCONT)
        return self.worker.wait(pid)

    def sql(self, query, *values):
        with self.connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else cursor.rowcount

    def get_states(self, names):
        """Return {name of the recipient: state of the one message to him}."""
        rows = self.sql(
            """SELECT partner.name, message.state FROM clinic_message message
                 JOIN res_partner partner ON partner.id = message.partner_id
                WHERE partner.name = ANY(%s)""",
            names,
        )
        self.assertEqual(len(rows), len(names))
        return dict(rows)

    def cut_connections(self):
        """Every other session ends, as when PostgreSQL restarts."""
        self.sql(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid != pg_backend_pid()"""
        )

    def check_invariants(self):
        with self.connection.cursor() as cursor:
            self.assertEqual(invariants.check(cursor), {})

    def wait_until_blocked(self):
        """Wait until a process of this database waits for a lock."""
        for _time in range(600):
            if self.sql(
                """SELECT pid FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'"""
            ):
                return
            time.sleep(0.05)
        self.fail("nobody waits for a lock")

    def let_time_pass(self):
        """Leases end, and what waits for its time may go, but for what is locked."""
        for table, change in (
            ("clinic_message_attempt", "lease_until = '2020-01-01'"),
            ("clinic_message", "not_before = '2020-01-01'"),
        ):
            self.sql(
                f"""UPDATE {table} SET {change} WHERE id IN (
                    SELECT id FROM {table} FOR UPDATE SKIP LOCKED)"""
            )
