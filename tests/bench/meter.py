"""What a piece of work costs: seconds, processor, SQL statements, memory.

On a machine that is shared, trust statements, processor time and ratios before seconds.
"""

import contextlib
import gc
import os
import re
import statistics
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cost:
    """Filled when the block ends.

    `wall` and `cpu` are seconds, the latter of this process and of its PostgreSQL
    backend without parallel workers; `memory` is this process's peak above the start,
    in MB.
    """

    wall: float = 0.0
    cpu: float = 0.0
    sql: int = 0
    memory: float = 0.0


@contextlib.contextmanager
def metered(env):
    """Measure the block; what the ORM still holds back is flushed and counts too."""
    cost = Cost()
    gc.collect()
    reset_peak()
    memory, sql = read_memory("VmRSS"), env.cr.sql_log_count
    cpu, start = read_cpu(env), time.perf_counter()
    yield cost
    env.cr.flush()
    cost.wall = time.perf_counter() - start
    cost.cpu = read_cpu(env) - cpu
    cost.sql = env.cr.sql_log_count - sql
    cost.memory = max(0.0, read_memory("VmHWM") - memory)


def reset_peak():
    """Let the kernel forget the memory peak of this process (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def read_memory(kind):
    """Return the resident memory now (VmRSS) or at its peak (VmHWM), in MB."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{kind}:\s+(\d+) kB", status, re.MULTILINE)[1]) / 1024


def read_cpu(env):
    """Return the processor seconds used by this process and its PostgreSQL backend."""
    backend = Path(f"/proc/{env.cr._cnx.info.backend_pid}/stat").read_text()
    user, system = backend.rsplit(")", 1)[1].split()[11:13]
    ticks = int(user) + int(system)
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def middle(costs):
    """Return the median of each figure, but the highest memory."""
    return Cost(
        wall=statistics.median(cost.wall for cost in costs),
        cpu=statistics.median(cost.cpu for cost in costs),
        sql=statistics.median(cost.sql for cost in costs),
        memory=max(cost.memory for cost in costs),
    )
