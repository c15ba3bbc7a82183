"""What a piece of work costs: seconds, SQL statements, memory of this process."""

import contextlib
import gc
import re
import statistics
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cost:
    """Filled when the block ends; memory is its peak above the start, in MB."""

    wall: float = 0.0
    sql: int = 0
    memory: float = 0.0


@contextlib.contextmanager
def metered(env):
    """Measure the block; what the ORM still holds back is flushed and counts too."""
    cost = Cost()
    gc.collect()
    reset_peak()
    memory, sql, start = read_memory("VmRSS"), env.cr.sql_log_count, time.perf_counter()
    yield cost
    env.cr.flush()
    cost.wall = time.perf_counter() - start
    cost.sql = env.cr.sql_log_count - sql
    cost.memory = max(0.0, read_memory("VmHWM") - memory)


def reset_peak():
    """Let the kernel forget the memory peak of this process (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def read_memory(kind):
    """Return the resident memory now (VmRSS) or at its peak (VmHWM), in MB."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{kind}:\s+(\d+) kB", status, re.MULTILINE)[1]) / 1024


def median(costs):
    """Return the median of seconds and statements, and the highest memory."""
    return Cost(
        wall=statistics.median(cost.wall for cost in costs),
        sql=statistics.median(cost.sql for cost in costs),
        memory=max(cost.memory for cost in costs),
    )
