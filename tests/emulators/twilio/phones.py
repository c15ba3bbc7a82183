"""The phones' view: pages with each conversation, where one can answer."""

import json
from html import escape
from urllib.parse import quote

TICKS = {"queued": "🕓", "accepted": "🕓", "sent": "✓", "delivered": "✓✓", "read": "✓✓"}
STYLE = """
body{margin:0;font:16px/1.4 system-ui,sans-serif;background:#f3f1ee;color:#1c1e21}
main{max-width:44rem;margin:0 auto;padding:1rem}
h1{font-size:1.3rem}
a{color:#0b5f8a}
table{width:100%;border-collapse:collapse;background:#fff}
th,td{padding:.5rem .6rem;text-align:left;border-bottom:1px solid #e3dfda;
 vertical-align:top}
td.text{color:#555;max-width:22rem;overflow:hidden;text-overflow:ellipsis;
 white-space:nowrap}
.phone{max-width:25rem;margin:auto;padding:1rem;background:#e9e2d8;
 border-radius:1.5rem;border:.4rem solid #2b2b2b}
.bubble{width:fit-content;max-width:88%;margin:.5rem 0 0;padding:.5rem .75rem;
 background:#fff;border-radius:.2rem .8rem .8rem;white-space:pre-wrap;
 overflow-wrap:anywhere}
.sms{background:#e5eefb}
.mine{margin-left:auto;background:#d9f5cf;border-radius:.8rem .2rem .8rem .8rem}
.small{font-size:.78rem;color:#666}
.failed{color:#a32020}
.button{display:block;width:88%;margin:.2rem 0 0;padding:.45rem;border:0;
 border-radius:.6rem;background:#fff;color:#0b5f8a;text-align:center;font:inherit;
 text-decoration:none;cursor:pointer;box-sizing:border-box}
form.answer{display:flex;gap:.5rem;margin-top:1rem}
input{flex:1;min-width:0;padding:.5rem;font:inherit;border:1px solid #bbb;
 border-radius:.6rem}
"""


def serve(emulator, method, path, form):
    """Return the HTML of a page, or the address to go to after an answer was sent.

    :param str path: what follows /phones
    """
    number = path.strip("/")
    if method == "POST" and number:
        answer(emulator, number, form)
        return "", f"/phones/{quote(number)}"
    if number:
        return page(number, draw_phone(emulator, number)), ""
    return page("The patients' phones", draw_list(emulator)), ""


def page(title, body):
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f"<main>{body}</main></html>"
    )


def get_conversations(emulator):
    """Return {number of a person: messages}, who wrote or got something last first."""
    found = {}
    for message in list(emulator.messages):
        found.setdefault(get_person(message), []).append(message)
    return dict(
        sorted(found.items(), key=lambda pair: -pair[1][-1].created.timestamp())
    )


def get_person(message):
    address = message.sender if message.direction == "inbound" else message.to
    return address.removeprefix("whatsapp:")


def draw_list(emulator):
    rows = "".join(
        f'<tr><td><a href="/phones/{quote(number)}">{escape(number)}</a></td>'
        f"<td>{escape(', '.join(sorted({m.on for m in messages})))}</td>"
        f"<td>{len(messages)}</td>"
        f'<td class="text">{escape(messages[-1].body)}</td></tr>'
        for number, messages in get_conversations(emulator).items()
    )
    if not rows:
        return "<h1>The patients' phones</h1><p>Nothing has arrived yet.</p>"
    return (
        "<h1>The patients' phones</h1><table><tr><th>Number</th><th>By</th>"
        f"<th>Messages</th><th>The last one</th></tr>{rows}</table>"
    )


def draw_phone(emulator, number):
    messages = get_conversations(emulator).get(number, [])
    bubbles = "".join(draw_message(emulator, message) for message in messages)
    answer_form = (
        '<form class="answer" method="post"><input name="Body" required '
        'aria-label="Answer" placeholder="Answer, such as STOP or CALL">'
        '<button class="button" style="width:auto">Send</button></form>'
    )
    return (
        f'<p><a href="/phones">All phones</a></p><h1>{escape(number)}</h1>'
        f'<div class="phone">{bubbles or "Nothing has arrived."}{answer_form}</div>'
    )


def draw_message(emulator, message):
    mine = message.direction == "inbound"
    failed = message.status in ("failed", "undelivered")
    what = "WhatsApp" if message.on == "whatsapp" else "SMS"
    status = f"not delivered ({message.error_code})" if failed else message.status
    moment = f"{message.created.astimezone():%d/%m %H:%M}"
    kind = "mine" if mine else ("" if message.on == "whatsapp" else "sms")
    return (
        f'<div class="bubble {kind}">{escape(message.body)}</div>'
        + "".join(draw_buttons(emulator, message))
        + f'<div class="small{" failed" if failed else ""}"'
        f"{' style=text-align:right' if mine else ''}>{what}, {moment}"
        f"{'' if mine else ' ' + TICKS.get(message.status, '') + ' ' + status}</div>"
    )


def draw_buttons(emulator, message):
    content = emulator.contents.get(message.content_sid)
    for action in (content and content.get_actions()) or ():
        if action["type"] == "URL":
            variables = json.loads(message.content_variables or "{}")
            url = action["url"]
            for key, value in variables.items():
                url = url.replace(f"{{{{{key}}}}}", value)
            yield (
                f'<a class="button" href="{escape(url)}" target="_blank" '
                f'rel="noreferrer">↗ {escape(action["title"])}</a>'
            )
        else:
            yield (
                '<form method="post"><input type="hidden" name="ButtonPayload" '
                f'value="{escape(action["id"])}"><input type="hidden" '
                f'name="OriginalRepliedMessageSid" value="{escape(message.sid)}">'
                '<button class="button" name="Body" '
                f'value="{escape(action["title"])}">↩ {escape(action["title"])}'
                "</button></form>"
            )


def answer(emulator, number, form):
    """Have that person write to the clinic, on the channel of the last message."""
    messages = get_conversations(emulator).get(number)
    body = form.get("Body", "").strip()
    if not messages or not body:
        return
    last = messages[-1]
    clinic = (last.to if last.direction == "inbound" else last.sender) or ""
    names = ("ButtonPayload", "OriginalRepliedMessageSid")
    extra = {key: form[key] for key in names if form.get(key)} | (
        {"ButtonText": body} if form.get("ButtonPayload") else {}
    )
    account = emulator.accounts[last.account_sid]
    emulator.reply(
        account, number, clinic.removeprefix("whatsapp:"), body, on=last.on, **extra
    )
