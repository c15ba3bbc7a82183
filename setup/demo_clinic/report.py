"""Print what the main job did: plain text, 80 columns."""

import textwrap

from odoo import fields
from odoo.tools import format_date

from .clinics import PEOPLE
from .documents import tell_documents
from .examples import tell_examples
from .phones import get_port
from .practices import OUTCOMES
from .reasons import NOT_YET
from .wording_tests import list_results

WIDTH = 80
LINE = "─" * WIDTH
STATES = {
    "delivered": "delivered",
    "in_progress": "for staff",
    "approve": "to approve",
    "queued": "scheduled",
    "review": "unknown",
    "failed": "failed",
    "skipped": "not needed",
    "canceled": "cancelled",
}
CHANNELS = {
    "whatsapp": "WhatsApp",
    "sms": "SMS",
    "email": "Email",
    "letter": "Letter",
    "phone": "Phone call",
    "none": "no channel yet",
}


def print_report(figures, failures, mail_folder):
    """Write the whole report to standard output."""
    sections = [
        tell_header(figures),
        tell_checked(figures),
        tell_followed_up(figures),
        tell_messages(figures),
        tell_wordings(figures),
        tell_held_back(figures),
        tell_amounts(figures),
        tell_deposits(figures),
        tell_examples(figures),
        tell_checks(figures, failures, mail_folder),
    ]
    print("\n\n".join("\n".join(lines) for lines in sections if lines), flush=True)


# Layout


def table(title, columns, rows):
    """Lines of a table: a wide first column, the others aligned right.

    :param columns: headings of the other columns
    :param rows: lists with one value more than there are columns
    """
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [
        max([len(heading), *(len(row[place]) for row in texts)])
        for place, heading in enumerate(columns, 1)
    ]
    first = WIDTH - 2 - sum(widths) - 2 * len(widths)
    return [
        lay_out([title, *columns], first, widths, " "),
        *(lay_out(row, first, widths, "  ") for row in texts),
    ]


def lay_out(row, first, widths, indent):
    name = textwrap.shorten(row[0], first - len(indent), placeholder="…")
    cells = "".join(
        f"  {text:>{width}}" for text, width in zip(row[1:], widths, strict=True)
    )
    return f"{indent + name:<{first + 2}}{cells}".rstrip()


def money(amount, currency):
    return f"{amount:,.{currency.decimal_places}f} {currency.name}"


def dash(number):
    return number or "·"


def short(company):
    words = (company.clinic_message_name or company.name).split()
    return words[-1] if "des" in words else words[0]


# Sections


def tell_header(figures):
    today = fields.Date.context_today(figures.env.user)
    date = format_date(figures.env, today, "en_US", "EEEE, d MMMM yyyy")
    title = "THE DEMO CLINICS' UNPAID BILLS"
    return [LINE, f" {title}{date:>{WIDTH - 2 - len(title)}}", LINE]


def tell_checked(figures):
    rows = [
        [
            f"{company.name} ({company.currency_id.name})",
            figures.sum_items(company, "items", payer=False),
            figures.sum_items(company, "items", payer=False, overdue=True),
            dash(figures.sum_items(company, "items", payer=True)),
        ]
        for company in figures.companies
    ]
    return table("CHECKED", ["open items", "overdue", "insurers' items"], rows)


def tell_followed_up(figures):
    count, messages = figures.entry_count, len(figures.messages)
    if not count and not messages:
        return [" FOLLOWED UP", "  Nothing new: 0 entries, 0 messages."]
    lines = table(
        "FOLLOWED UP",
        ["people", "items", "amount"],
        [row for company in figures.companies for row in list_levels(figures, company)],
    )
    return [*lines, f"  {count} entries, {messages} messages."]


def list_levels(figures, company):
    env = figures.env
    for row in figures.entries:
        if row["company_id"] == company.id:
            level = env["clinic.followup.level"].browse(row["level_id"])
            currency = env["res.currency"].browse(row["currency_id"])
            yield [
                f"{short(company)}: {level.name}",
                row["people"],
                row["items"],
                money(row["amount"], currency),
            ]


def tell_messages(figures):
    groups = figures.group_messages()
    if not groups:
        return []
    used = [state for state in STATES if any(state in row for row in groups.values())]
    rows = [
        [
            f"{short(company)}: {CHANNELS[channel]}",
            *(dash(groups[company, channel].get(state)) for state in used),
        ]
        for company in figures.companies
        for channel in CHANNELS
        if (company, channel) in groups
    ]
    lines = table("MESSAGES", [STATES[state] for state in used], rows)
    return [
        *lines,
        f"  {figures.count_fallbacks()} took another channel when the first failed.",
        "  For staff: letters to print and post, calls to make.",
        tell_documents(figures.env),
    ]


def tell_wordings(figures):
    """Who was sent which variant, and what came of it."""
    rows = [
        [
            f"{short(test.company_id)} {row['name']}: {test.topic_id.name}",
            row["people"],
            row["delivered"] or "·",
            row["read"] or "·",
            row["paid"] or "few",
            row["between"] or "·",
        ]
        for test, row in list_results(figures.env)
    ]
    columns = ["people", "delivered", "read", "paid", "certain between %"]
    return table("WORDINGS", columns, rows) if rows else []


def tell_held_back(figures):
    texts = dict.fromkeys(text for row in figures.blocked.values() for text in row)
    rows = [
        [
            text,
            *(
                dash(figures.blocked[company].get(text))
                for company in figures.companies
            ),
        ]
        for text in texts
    ]
    rows.append(
        [
            NOT_YET,
            *(
                dash(figures.count_nothing_to_do(company))
                for company in figures.companies
            ),
        ]
    )
    headings = [short(company) for company in figures.companies]
    return [*table("HELD BACK (items)", headings, rows), *tell_not_sent(figures)]


def tell_not_sent(figures):
    """Why messages did not go out, one paragraph each."""
    lines = []
    for reason, number in figures.group_reasons().items():
        lines += textwrap.wrap(
            f"{number} × {reason}",
            WIDTH - 2,
            initial_indent="  ",
            subsequent_indent="      ",
        )
    return ["", " NOT SENT (messages)", *lines] if lines else []


def tell_amounts(figures):
    rows = []
    for company in figures.companies:
        for currency in list_currencies(figures, company):
            rows.append(
                [
                    f"{short(company)}, {currency.name}",
                    *(
                        f"{amount:,.2f}" if amount else "·"
                        for amount in list_amounts(figures, company, currency)
                    ),
                ]
            )
    return table("AMOUNTS", ["open", "overdue", "asked for", "insurers"], rows)


def tell_deposits(figures):
    """How the demo's deposits ended: one of each outcome."""
    deposits = figures.deposits
    states = dict(deposits._fields["state"]._description_selection(figures.env))
    names = dict(zip(deposits.ids, OUTCOMES, strict=False))
    rows = [
        [
            names[deposit.id].capitalize(),
            states[deposit.state].lower(),
            *(
                money(deposit[field], deposit.currency_id) if deposit[field] else "·"
                for field in ("amount", "paid", "refunded", "kept")
            ),
        ]
        for deposit in deposits
    ]
    headings = ["status", "asked for", "paid", "given back", "kept"]
    return [
        *table("DEPOSITS", headings, rows),
        f"  {figures.booking_count} appointments are ahead. The page: /clinic/book",
    ]


def list_currencies(figures, company):
    ids = {r["currency_id"] for r in figures.items if r["company_id"] == company.id}
    found = figures.env["res.currency"].browse(sorted(ids))
    return found.sorted(lambda currency: currency != company.currency_id)


def list_amounts(figures, company, currency):
    here = [
        row
        for row in figures.items
        if (row["company_id"], row["currency_id"]) == (company.id, currency.id)
    ]
    patients = [row for row in here if not row["payer"]]
    return (
        sum(row["amount"] for row in patients),
        sum(row["amount"] for row in patients if row["overdue"]),
        sum(
            message.amount
            for message in figures.messages
            if (message.company_id, message.currency_id) == (company, currency)
            and not message.lead_id
            and message.purpose == "billing"
        ),
        sum(row["amount"] for row in here if row["payer"]),
    )


def tell_checks(figures, failures, mail_folder):
    found = sum(figures.forbidden.values())
    broken = len(figures.broken)
    lines = [
        " CHECKS",
        f"  invariants: {figures.invariant_count} checked, {broken} broken",
        f"  discretion: {len(figures.texts)} texts read, "
        f"{len(figures.revealing)} name a treatment",
        f"  forbidden: {len(figures.forbidden)} kinds looked for, {found} found",
        "",
        f"  Mails are kept in {mail_folder}/. The patients' phones, while the demo",
        f"  serves: http://localhost:{get_port()}/phones",
        "  Logins, the password is the same:",
        f"  {', '.join(person.login for person in PEOPLE)}, admin.",
        LINE,
    ]
    verdict = ["  FAILED", *(f"  - {failure}" for failure in failures)]
    return lines + (verdict if failures else [" All is well."])
