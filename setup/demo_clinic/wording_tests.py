"""A second wording beside the first, some who get none: what the funnel shows."""

from datetime import timedelta

from odoo import fields

from .companies import find, remember

TEST_DAYS = 30
HOLD_OUT = 10
# Of those who got the first wording, and the second, so many pay at once.
PAYERS = {"A": 4, "B": 2}
# (topic, language): a shorter text of the same tone.
SECOND = {
    ("after7", "en"): "Hello {first_name}, a small amount of {amount} is still open at "
    "{clinic}. It takes a minute to settle it, or to tell us what is wrong, right "
    "here: {link} Thank you, and have a good day.",
    ("after7", "fr"): "Bonjour {first_name}, une petite somme de {amount} nous attend "
    "encore chez {clinic}. Une minute suffit pour la régler, ou pour nous dire ce qui "
    "ne va pas : {link} Merci et bonne journée.",
    ("after7", "hi"): "नमस्ते {first_name} जी, {clinic} में आपकी {amount} की एक छोटी राशि "
    "अभी बाकी है। एक मिनट में यहीं दे सकते हैं, या बता सकते हैं कि क्या ठीक नहीं है: {link} "
    "धन्यवाद, आपका दिन शुभ हो।",
}
TESTED = {"lyon": "after7", "pune": "after7"}


def build_wording_tests(env, companies):
    """Write a second variant of some texts and begin a test in each clinic."""
    templates = env["clinic.message.template"]
    for (code, language), body in SECOND.items():
        templates.create(
            {
                "topic_id": get_topic(env, code).id,
                "channel": "whatsapp",
                "language": language,
                "variant": "B",
                "body": body,
                "button_link": True,
            }
        )
    today = fields.Date.context_today(env.user)
    for key, company in companies.items():
        test = env["clinic.message.experiment"].create(
            {
                "name": "Shorter and warmer",
                "company_id": company.id,
                "topic_id": get_topic(env, TESTED[key]).id,
                "date_from": today,
                "date_to": today + timedelta(days=TEST_DAYS),
                "hold_out": HOLD_OUT,
            }
        )
        remember(env, **{f"wording_test_{key}": test})


def get_topic(env, code):
    return env["clinic.message.topic"]._get_by_code(code)


def let_some_pay(env):
    """Some of those who were written to pay: more of them after the second wording."""
    seen = dict.fromkeys(PAYERS, 0)
    for message in find_messages(env):
        variant = message.attempt_ids.template_id[:1].variant
        seen[variant] += 1
        if seen[variant] % PAYERS[variant] == 0:
            pay(env, message.entry_ids.move_id)
    env["clinic.message"]._sweep()
    env.cr.commit()


def find_messages(env):
    templates = env["clinic.message.template"].search(
        [("channel", "=", "whatsapp"), ("variant", "in", list(PAYERS))]
    )
    tested = env["clinic.message.experiment"].search([]).topic_id
    return env["clinic.message"].search(
        [
            ("state", "=", "delivered"),
            ("topic_id", "in", tested.ids),
            ("attempt_ids.template_id", "in", templates.ids),
            ("paid_at", "=", False),
        ],
        order="id",
    )


def pay(env, moves):
    """Pay these bills at the desk, in full."""
    owed = moves.filtered(
        lambda move: move.payment_state in ("not_paid", "partial")
        and move.amount_residual > 0
    )
    for move in owed:
        here = env["account.payment.register"].with_company(move.company_id)
        here.with_context(active_model="account.move", active_ids=move.ids).create(
            {}
        ).action_create_payments()


def list_results(env):
    """Return (clinic, dict of a row) of each wording test."""
    for key in TESTED:
        test = find(env, "wording_test", key)
        for row in test._get_results() if test else ():
            yield test, row
