"""Our {variables} as the provider's {{numbers}}. No `env`."""

import json
import re

_VARIABLE = re.compile(r"\{([a-z_]+)\}")


def get_numbered_names(body):
    """Return the names of the variables in `body`, in the order of their numbers.

    The first that appears is 1; one that comes again keeps its number.
    """
    return list(dict.fromkeys(_VARIABLE.findall(body or "")))


def to_content_body(body):
    """Return `body` with numbers for its variables: "Hi {first_name}" → "Hi {{1}}"."""
    numbers = {
        name: number for number, name in enumerate(get_numbered_names(body), start=1)
    }
    return _VARIABLE.sub(lambda match: f"{{{{{numbers[match[1]]}}}}}", body or "")


def to_content_variables(body, values):
    """Return the JSON object of text by number that a message is sent with.

    :param dict values: text by name, cleaned
    :raise KeyError: for a variable that has no text: the provider refuses a blank one
    """
    numbered = {}
    for number, name in enumerate(get_numbered_names(body), start=1):
        if not (values.get(name) or "").strip():
            raise KeyError(name)
        numbered[str(number)] = values[name]
    return json.dumps(numbered, ensure_ascii=False)
