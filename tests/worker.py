"""A process of its own that runs jobs on a committed database, and can be made to die.

It loads Odoo once and forks for each job, so that a job costs no start-up. Commands
come as JSON lines on stdin: `{"job": name, "args": {…}, "at": [point, signal, nth]}`
starts one of `jobs`, which gets that signal at that one of `points`; `{"wait": pid}`
waits until it ends or stops. Answers are JSON lines too.
"""

import json
import os
import sys
import traceback
from pathlib import Path

from jobs import JOBS
from points import wound

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def run(registry, command, folder):
    """Do one job in a forked process and never come back."""
    log = os.open(folder / f"{os.getpid()}.log", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if command.get("at"):
                wound(env, *command["at"])
            JOBS[command["job"]](env, **command.get("args", {}))
    except BaseException as error:
        traceback.print_exception(error)
        os._exit(1)
    os._exit(0)


def answer(command, registry, folder):
    if "wait" in command:
        _pid, status = os.waitpid(command["wait"], os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return {"code": "stopped"}
        return {"code": os.waitstatus_to_exitcode(status)}
    pid = os.fork()
    if not pid:
        run(registry, command, folder)
    return {"pid": pid}


def main(config_file, database, folder):
    config.parse_config(["-c", config_file, "-d", database, "--log-level=error"])
    registry = Registry(database)
    odoo.addons.base.models.ir_mail_server.SMTP_TIMEOUT = 2
    odoo.sql_db.close_all()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), registry, Path(folder))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
