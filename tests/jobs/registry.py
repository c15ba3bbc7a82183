"""The jobs by their names."""

JOBS = {}


def job(function):
    """Let the worker do this by its name, with an environment and arguments."""
    assert function.__name__ not in JOBS, function.__name__
    JOBS[function.__name__] = function
    return function
