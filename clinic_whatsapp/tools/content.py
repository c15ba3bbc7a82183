"""Our {variables} as the provider's {{numbers}}, and the buttons. No `env`."""

import json
import re
from typing import NamedTuple

_VARIABLE = re.compile(r"\{([a-z_]+)\}")

# What a button says: 20 letters at most, so that every phone shows it whole.
LINK_TITLES = {
    "billing": {
        "en": "See and pay",
        "fr": "Voir et régler",
        "hi": "देखें और भुगतान करें",
        "hi_Latn": "Dekhein aur dein",
    },
    "appointment": {
        "en": "See appointment",
        "fr": "Voir le rendez-vous",
        "hi": "समय देखें",
        "hi_Latn": "Samay dekhein",
    },
    "care": {
        "en": "Open document",
        "fr": "Ouvrir le document",
        "hi": "दस्तावेज़ खोलें",
        "hi_Latn": "Dastavez kholein",
    },
}
# What a person answers with one tap; the key is what the clinic receives.
REPLY_TITLES = {
    "pay": {
        "en": "Send me the link",
        "fr": "Recevoir le lien",
        "hi": "लिंक भेजें",
        "hi_Latn": "Link bhejein",
    },
    "paid": {
        "en": "Already paid",
        "fr": "Déjà réglé",
        "hi": "दे चुका/चुकी हूँ",
        "hi_Latn": "De diya hai",
    },
    "plan": {
        "en": "Pay in parts",
        "fr": "Payer en plusieurs",
        "hi": "किस्तों में दें",
        "hi_Latn": "Kist mein dein",
    },
    "call": {
        "en": "Please call me",
        "fr": "Me rappeler",
        "hi": "मुझे फ़ोन करें",
        "hi_Latn": "Mujhe phone karein",
    },
    "confirm": {
        "en": "I will come",
        "fr": "Je viens",
        "hi": "मैं आऊँगा/आऊँगी",
        "hi_Latn": "Main aaunga/aaungi",
    },
    "cancel": {
        "en": "I cannot come",
        "fr": "Je ne peux pas venir",
        "hi": "मैं नहीं आ सकता/सकती",
        "hi_Latn": "Nahin aa paunga",
    },
}
MAX_REPLIES = 3


class Buttons(NamedTuple):
    """What stands below a text: the title of the link's button, and the replies.

    link: title or ''; base: where the link's address begins, with no slash at its end
    replies: (what is received, title) of each
    """

    link: str = ""
    base: str = ""
    replies: tuple = ()


NO_BUTTONS = Buttons()


def get_buttons(language, purpose, base="", replies=()):
    """Return the `Buttons` in a language.

    :param str base: where links begin; '' for no button with the link
    :param replies: keys of `REPLY_TITLES`
    """
    return Buttons(
        LINK_TITLES[purpose][language] if base else "",
        base,
        tuple((key.upper(), REPLY_TITLES[key][language]) for key in replies),
    )


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


def to_content_types(body, buttons=NO_BUTTONS):
    """Return the provider's type and what belongs to it, as a dict of one.

    The button's own part of the link has the number after the text's variables.
    """
    link = [_get_link_action(body, buttons)] if buttons.link else []
    replies = [
        {"type": "QUICK_REPLY", "title": title, "id": received}
        for received, title in buttons.replies
    ]
    kind = {
        (False, False): "twilio/text",
        (True, False): "twilio/call-to-action",
        (False, True): "twilio/quick-reply",
        (True, True): "whatsapp/card",
    }[bool(link), bool(replies)]
    actions = {"actions": link + replies} if link or replies else {}
    return {kind: {"body": to_content_body(body), **actions}}


def _get_link_action(body, buttons):
    number = len(get_numbered_names(body)) + 1
    return {
        "type": "URL",
        "title": buttons.link,
        "url": f"{buttons.base}/{{{{{number}}}}}",
    }


def to_content_variables(body, values, base=""):
    """Return the JSON object of text by number that a message is sent with.

    :param dict values: text by name, cleaned
    :param str base: where the link of the button begins; '' if there is no button
    :raise KeyError: for a variable that has no text: the provider refuses a blank one
    """
    names = get_numbered_names(body)
    numbered = {}
    for number, name in enumerate(names, start=1):
        if not (values.get(name) or "").strip():
            raise KeyError(name)
        numbered[str(number)] = values[name]
    if base:
        secret = (values.get("link") or "").removeprefix(f"{base}/")
        if not secret or "://" in secret:
            raise KeyError("link")
        numbered[str(len(names) + 1)] = secret
    return json.dumps(numbered, ensure_ascii=False)


def to_content_name(*parts):
    """Return the parts as a name that WhatsApp takes: a-z, digits and underscores."""
    name = "_".join(parts).lower()
    return re.sub(r"[^a-z0-9]+", "_", name).strip("_")
