"""pytest plugin: an unexpected skip fails the run.

Without `--odoo-http`, browser or PDF program Odoo's tests skip themselves in silence,
and a suite that runs nothing looks green.
"""

import pytest

# Node ids that may be skipped, each with its reason beside it. None today.
ALLOWED = ()

unexpected = []


def pytest_runtest_logreport(report):
    if report.skipped and not report.nodeid.startswith(ALLOWED or ("\0",)):
        unexpected.append(report)


def pytest_collectreport(report):
    pytest_runtest_logreport(report)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    if unexpected and session.exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if unexpected:
        terminalreporter.section("unexpected skips: the run fails", red=True)
    for report in unexpected:
        reason = report.longrepr[-1] if report.longrepr else ""
        terminalreporter.line(f"{report.nodeid}: {reason}")
