"""pytest plugin: runs started at once share the test files out among themselves.

CLINIC_TEST_SHARED names a folder of theirs. One goes through the files from the front,
one (--from-the-end) from the back; each takes what nobody has, until all are had.
"""

import itertools
import os
from pathlib import Path


def pytest_addoption(parser):
    parser.addoption("--from-the-end", action="store_true")


def pytest_runtestloop(session):
    """As pytest's own loop, with the files of `session.items` that this run gets."""
    if session.testsfailed or session.config.option.collectonly:
        return None
    mine = take_items(session)
    item = next(mine, None)
    while item:
        # Asked for before the test: what both need stays set up between them.
        following = next(mine, None)
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        for stop, reason in (
            (session.Failed, session.shouldfail),
            (session.Interrupted, session.shouldstop),
        ):
            if reason:
                raise stop(reason)
        item = following
    return True


def take_items(session):
    """Yield the tests of one file after the other, as long as one is free."""
    files = [
        (path, list(items))
        for path, items in itertools.groupby(session.items, lambda item: item.path)
    ]
    if session.config.option.from_the_end:
        files.reverse()
    for path, items in files:
        if take(path.relative_to(session.config.rootpath)):
            yield from items


def take(path):
    """Tell whether this run is the first to want the file; then it is its own."""
    name = str(path).replace(os.sep, "!")
    try:
        Path(os.environ["CLINIC_TEST_SHARED"], name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
