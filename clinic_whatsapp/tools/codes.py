"""What each code of the provider means for us. A table, no `env`."""

from enum import Enum


class Action(Enum):
    """What to do about a message that the provider refused."""

    RETRY = "retry"  # for the moment: the same again later
    NEXT_CHANNEL = "next"  # this channel does not reach that person
    OPTED_OUT = "opted_out"  # the person told the provider to stop
    BAD_NUMBER = "bad_number"  # nobody's number: staff ask for another
    STOP_TEMPLATE = "stop_template"  # the template can't be used any more
    STOP_ACCOUNT = "stop_account"  # nothing of this account goes out


# Sources: Twilio's error and warning dictionary.
ACTIONS = {
    "429": Action.RETRY,
    "20429": Action.RETRY,  # too many requests
    "63018": Action.RETRY,  # the sender's rate is exceeded
    "unreachable": Action.RETRY,
    "63024": Action.NEXT_CHANNEL,  # invalid recipient on WhatsApp
    "63003": Action.NEXT_CHANNEL,  # no WhatsApp at this number
    "63049": Action.NEXT_CHANNEL,  # Meta chose not to deliver
    "30003": Action.NEXT_CHANNEL,  # handset unreachable
    "30005": Action.NEXT_CHANNEL,  # unknown handset
    "30006": Action.NEXT_CHANNEL,  # landline, or a carrier that can't be reached
    "30008": Action.NEXT_CHANNEL,  # unknown error of the carrier
    "21614": Action.NEXT_CHANNEL,  # no mobile number
    "21610": Action.OPTED_OUT,  # replied STOP to this sender
    "63014": Action.OPTED_OUT,  # blocked by the person
    "21211": Action.BAD_NUMBER,
    "21265": Action.BAD_NUMBER,
    "63016": Action.STOP_TEMPLATE,  # free text outside the 24 hours
    "63028": Action.STOP_TEMPLATE,  # wrong number of variables
    "63021": Action.STOP_TEMPLATE,  # content refused by the channel
    "21656": Action.STOP_TEMPLATE,  # variables that can't be read
    "63112": Action.STOP_ACCOUNT,  # WhatsApp account disabled by Meta
    "10001": Action.STOP_ACCOUNT,  # account not active
    "20003": Action.STOP_ACCOUNT,  # wrong credentials
    "30002": Action.STOP_ACCOUNT,  # account suspended
    "credentials": Action.STOP_ACCOUNT,
    "http_401": Action.STOP_ACCOUNT,
    "http_403": Action.STOP_ACCOUNT,
}

# The number will not do next time either: the channel is left out for it.
UNREACHABLE_NUMBER = ("63024", "63003", "30005", "30006", "21614", "21211", "21265")

# What speaks for the whole account, not for one message: it counts for the breaker.
ACCOUNT_TROUBLE = frozenset(
    code for code, action in ACTIONS.items() if action is Action.STOP_ACCOUNT
) | {"unreachable", "timeout", "broken"}

# How long to wait when the provider says "too fast", in seconds.
PAUSE = {"429": 5.0, "20429": 5.0, "63018": 60.0}


def get_action(code):
    """Return the `Action` for a code (str); an unknown refusal takes the next channel.

    Trying once more what was refused for an unknown reason would be a guess.
    """
    return ACTIONS.get(code, Action.NEXT_CHANNEL)


def is_account_trouble(code):
    """Return whether this failure says that the account does not work."""
    return code in ACCOUNT_TROUBLE or code.startswith("http_5")
