"""Twilio's resources, as far as a clinic needs them: request in, (status, JSON) out."""

import json
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

from .state import Content, Message

SESSION = timedelta(hours=24)
E164 = re.compile(r"\+[1-9]\d{6,14}")


class ApiError(Exception):
    """An answer in Twilio's form for errors."""

    def __init__(self, status, code, message="Refused by the emulator"):
        self.status = status
        self.body = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }
        super().__init__(message)


def find_route(method, path):
    """Return (function, parts of the path), or raise `ApiError`."""
    for verb, pattern, function in ROUTES:
        match = re.fullmatch(pattern, path)
        if match and verb == method:
            return function, match.groupdict()
    raise ApiError(404, 20404, f"The requested resource {path} was not found")


# -- messages --------------------------------------------------------------------------


def create_message(emulator, account, form, sid=None):
    to = form.get("To", "")
    emulator.suffer("accept", to)
    message = Message(
        account.sid,
        to,
        form.get("From", ""),
        form.get("Body", ""),
        messaging_service_sid=form.get("MessagingServiceSid"),
        content_sid=form.get("ContentSid", ""),
        content_variables=form.get("ContentVariables", ""),
        status_callback=form.get("StatusCallback", ""),
    )
    check_parties(emulator, account, message)
    check_text(emulator, account, message)
    if message.messaging_service_sid:
        message.status = "accepted"
    emulator.keep(message)
    answer = message.as_json()
    emulator.follow(account, message)
    emulator.suffer("sent", to)
    return 201, answer


def check_parties(emulator, account, message):
    if not E164.fullmatch(message.number):
        raise ApiError(400, 21211, "The 'To' number is not a valid phone number.")
    if code := emulator.get_refusal(message.to):
        raise ApiError(400, code)
    if message.messaging_service_sid:
        if message.messaging_service_sid not in account.services:
            raise ApiError(404, 20404)
        return
    sender = message.sender.removeprefix("whatsapp:")
    if message.on == "whatsapp" and sender not in account.whatsapp:
        raise ApiError(400, 63007, "Could not find a Channel with the From address")
    if message.on == "sms" and sender not in account.numbers:
        raise ApiError(400, 21606, "The 'From' number is not a valid phone number.")
    if message.on == "sms" and message.number in account.opted_out:
        raise ApiError(400, 21610, "Attempt to send to unsubscribed recipient")


def check_text(emulator, account, message):
    """Fill the text of a content, or refuse what can't be filled."""
    if message.content_sid:
        content = emulator.contents.get(message.content_sid)
        if not content or content.account_sid != account.sid:
            raise ApiError(400, 21655, "The ContentSid is invalid")
        message.body = content.fill(read_variables(message.content_variables))
    if not message.body:
        raise ApiError(400, 21619, "A text message body must be specified.")
    if len(message.body) > 1600:
        raise ApiError(400, 21617, "The message body exceeds 1600 characters.")


def read_variables(text):
    try:
        variables = json.loads(text or "{}")
    except ValueError:
        variables = None
    if not isinstance(variables, dict) or not all(
        isinstance(value, str) and value.strip() for value in variables.values()
    ):
        raise ApiError(400, 21656, "The ContentVariables parameter is invalid")
    return variables


def get_whatsapp_failure(emulator, account, message):
    """Return the code with which WhatsApp refuses an accepted message, or 0."""
    if message.on != "whatsapp":
        return 0
    if message.number in emulator.without_whatsapp:
        return 63024
    content = emulator.contents.get(message.content_sid)
    if content and content.status == "approved":
        given = set(read_variables(message.content_variables))
        return 63028 if given != content.get_numbers() else 0
    last = account.sessions.get(message.number)
    in_session = last and message.created - last < SESSION
    return 0 if in_session else 63016


def fetch_message(emulator, account, form, sid):
    message = emulator.find(sid)
    if not message or message.account_sid != account.sid:
        raise ApiError(404, 20404)
    return 200, message.as_json()


def list_messages(emulator, account, form, sid=None):
    found = [
        message
        for message in reversed(list(emulator.messages))
        if message.account_sid == account.sid and is_wanted(message, form)
    ]
    size = int(form.get("PageSize", 50))
    page = int(form.get("Page", 0))
    asked = {key: value for key, value in form.items() if key != "Page"}
    query = urlencode(asked | {"PageSize": size})
    uri = f"/2010-04-01/Accounts/{account.sid}/Messages.json?{query}"
    more = len(found) > (page + 1) * size
    part = found[page * size : (page + 1) * size]
    return 200, {
        "messages": [message.as_json() for message in part],
        "first_page_uri": f"{uri}&Page=0",
        "next_page_uri": f"{uri}&Page={page + 1}" if more else None,
        "previous_page_uri": f"{uri}&Page={page - 1}" if page else None,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(len(part) - 1, 0),
        "uri": f"{uri}&Page={page}",
    }


def is_wanted(message, form):
    moment = message.sent or message.created
    return (
        message.to == form.get("To", message.to)
        and message.sender == form.get("From", message.sender)
        and ("DateSent>" not in form or moment >= read_moment(form["DateSent>"]))
        and ("DateSent<" not in form or moment <= read_moment(form["DateSent<"]))
        and ("DateSent" not in form or iso_day(moment) == form["DateSent"][:10])
    )


def iso_day(moment):
    return moment.strftime("%Y-%m-%d")


def read_moment(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


# -- contents --------------------------------------------------------------------------


def create_content(emulator, account, form, sid=None):
    try:
        content = Content(
            account.sid,
            form.get("friendly_name", ""),
            form["language"],
            form.get("variables") or {},
            form["types"],
        )
    except (KeyError, TypeError):
        raise ApiError(400, 60200, "Invalid parameter") from None
    emulator.contents[content.sid] = content
    return 201, content.as_json()


def get_content(emulator, account, sid):
    content = emulator.contents.get(sid)
    if not content or content.account_sid != account.sid:
        raise ApiError(404, 20404)
    return content


def fetch_content(emulator, account, form, sid):
    return 200, get_content(emulator, account, sid).as_json()


def delete_content(emulator, account, form, sid):
    del emulator.contents[get_content(emulator, account, sid).sid]
    return 204, None


def submit_content(emulator, account, form, sid):
    content = get_content(emulator, account, sid)
    if not re.fullmatch(r"[a-z0-9_]+", form.get("name", "")):
        raise ApiError(400, 60200, "Invalid name")
    content.name = form["name"]
    content.category = form.get("category", "UTILITY")
    content.status = "received"
    return 201, content.get_approval()


def fetch_approval(emulator, account, form, sid):
    content = get_content(emulator, account, sid)
    return 200, {
        "sid": content.sid,
        "account_sid": account.sid,
        "whatsapp": content.get_approval(),
        "url": f"https://content.twilio.com/v1/Content/{content.sid}/ApprovalRequests",
    }


# -- the account -----------------------------------------------------------------------


def fetch_account(emulator, account, form, sid=None):
    return 200, account.as_json()


def list_numbers(emulator, account, form, sid=None):
    wanted = form.get("PhoneNumber", "")
    numbers = [number for number in account.numbers if wanted in number]
    uri = f"/2010-04-01/Accounts/{account.sid}/IncomingPhoneNumbers.json?Page=0"
    return 200, {
        "incoming_phone_numbers": [
            {
                "sid": f"PN{number.strip('+').zfill(32)}",
                "account_sid": account.sid,
                "phone_number": number,
                "friendly_name": number,
                "capabilities": {"sms": True, "mms": False, "voice": True},
            }
            for number in numbers
        ],
        "first_page_uri": uri,
        "next_page_uri": None,
        "previous_page_uri": None,
        "page": 0,
        "page_size": 50,
        "start": 0,
        "end": max(len(numbers) - 1, 0),
        "uri": uri,
    }


def fetch_service(emulator, account, form, sid):
    if sid not in account.services:
        raise ApiError(404, 20404)
    return 200, {"sid": sid, "account_sid": account.sid, "friendly_name": "Emulated"}


def list_senders(emulator, account, form, sid=None):
    url = "https://messaging.twilio.com/v2/Channels/Senders?PageSize=50&Page=0"
    return 200, {
        "senders": [
            {
                "sid": f"XE{number.strip('+').zfill(32)}",
                "sender_id": f"whatsapp:{number}",
                "status": "ONLINE",
            }
            for number in account.whatsapp
        ],
        "meta": {
            "key": "senders",
            "page": 0,
            "page_size": 50,
            "first_page_url": url,
            "previous_page_url": None,
            "next_page_url": None,
            "url": url,
        },
    }


_ACCOUNT = r"/2010-04-01/Accounts/(?P<account>\w+)"
_CONTENT = r"/v1/Content/(?P<sid>\w+)"
ROUTES = (
    ("POST", rf"{_ACCOUNT}/Messages\.json", create_message),
    ("GET", rf"{_ACCOUNT}/Messages\.json", list_messages),
    ("GET", rf"{_ACCOUNT}/Messages/(?P<sid>\w+)\.json", fetch_message),
    ("GET", rf"{_ACCOUNT}/IncomingPhoneNumbers\.json", list_numbers),
    ("GET", rf"{_ACCOUNT}\.json", fetch_account),
    ("POST", r"/v1/Content", create_content),
    ("GET", _CONTENT, fetch_content),
    ("DELETE", _CONTENT, delete_content),
    ("POST", rf"{_CONTENT}/ApprovalRequests/whatsapp", submit_content),
    ("GET", rf"{_CONTENT}/ApprovalRequests", fetch_approval),
    ("GET", r"/v1/Services/(?P<sid>\w+)", fetch_service),
    ("GET", r"/v2/Channels/Senders", list_senders),
)
