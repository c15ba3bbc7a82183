"""Switch the follow-up on: a policy per company, pauses with reasons, opt-outs."""

from datetime import timedelta

from odoo.addons.clinic_dunning.models.payment.plan_split import get_monthly_days

from .clinics import CLINICS
from .companies import find, remember

# reason: (days it lasts, note); each pauses one overdue case per clinic.
HOLDS = {
    "promise": (9, "Pays when the salary arrives"),
    "says_paid": (7, "Transfer made at the weekend"),
    "hardship": (28, "Asked to pay in small parts"),
    "insurer": (21, "The insurer's answer is awaited"),
    "complaint": (14, "Letter received, the manager answers"),
    "deceased": (0, ""),
}
# Who proposed the plan, and its instalments: one runs, one waits for the clinic's yes.
PLANS = (("clinic", 3), ("patient", 4))
PEOPLE_WITH_MODE = ("none", "manual")


def build_followup(env, clinic, company):
    """Give a clinic its policy, and its people what holds reminders back."""
    policy = build_policy(env, clinic.preset, company)
    policy.payment_policy_text = clinic.policy_text
    for lang, text in clinic.policy_translations.items():
        policy.with_context(lang=lang).payment_policy_text = text
    policy.catch_up = clinic.catch_up
    policy.action_activate()
    remember(env, **{f"policy_{clinic.key}": policy})
    debtors = find_overdue_guarantors(env, company)
    build_holds(env, company, debtors[: len(HOLDS)])
    rest = debtors[len(HOLDS) :]
    for mode, partner in zip(PEOPLE_WITH_MODE, rest, strict=False):
        partner.with_company(company).clinic_followup_mode = mode
    rest = rest[len(PEOPLE_WITH_MODE) :]
    opt_out(env, rest)
    build_plans(env, company, rest[-len(PLANS) :])


def build_policy(env, preset, company):
    policy = env["clinic.followup.policy"]._create_preset(preset, company)
    # The demo must not depend on the hour or the day on which it is run: a real clinic
    # keeps the preset's window.
    policy.write({"window_from": 0, "window_to": 24, "window_weekend": True})
    policy.level_ids.pause_minutes = 0
    return policy


def adopt_main_company(env):
    """Follow up Odoo's own demo invoices too: data that nobody made for this demo."""
    company = env.ref("base.main_company")
    if not company.clinic_message_name:
        company.clinic_message_name = company.name
    policy = build_policy(env, "india_care_first", company)
    policy.action_activate()
    remember(env, policy_main=policy)


def find_overdue_guarantors(env, company):
    """Return who owes something for two weeks and more, always in one order."""
    env.flush_all()
    env.cr.execute(
        """
        SELECT COALESCE(move.clinic_guarantor_id, line.partner_id)
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id
          JOIN account_account account ON account.id = line.account_id
          JOIN res_partner debtor ON debtor.id = line.partner_id
         WHERE line.company_id = %s AND line.parent_state = 'posted'
           AND account.account_type = 'asset_receivable' AND NOT line.reconciled
           AND debtor.clinic_is_third_party_payer IS NOT TRUE
         GROUP BY 1
        HAVING SUM(line.amount_residual) FILTER (
                   WHERE line.date_maturity < CURRENT_DATE - 14) > 0
           AND SUM(line.amount_residual) > 0
         ORDER BY 1
        """,
        [company.id],
    )
    return env["res.partner"].browse(row[0] for row in env.cr.fetchall())


def build_holds(env, company, partners):
    today = company._get_clinic_today()
    cases = env["clinic.followup.case"]
    env["clinic.followup.hold"].create(
        [
            {
                "case_id": cases._get_or_create(partner, company).id,
                "reason": reason,
                "note": note,
                "end_date": today + timedelta(days=days) if days else False,
            }
            for partner, (reason, (days, note)) in zip(
                partners, HOLDS.items(), strict=False
            )
        ]
    )


def opt_out(env, partners):
    """One person wants no email, one no call: a letter remains possible."""
    for partner in partners.filtered("email")[:1]:
        env["mail.blacklist"]._add(partner.email)
    for partner in partners.filtered("phone_sanitized")[-1:]:
        env["phone.blacklist"]._add([partner.phone_sanitized])


def build_plans(env, company, partners):
    """Payment plans of all that these people owe: one runs, one waits."""
    plans = env["clinic.payment.plan"]
    today = company._get_clinic_today()
    for partner, (origin, count) in zip(partners, PLANS, strict=False):
        case = env["clinic.followup.case"]._get_or_create(partner, company)
        items = plans._get_free_items(case)
        currency = env["res.currency"].browse(items[0]["currency_id"])
        days = get_monthly_days(today + timedelta(days=5), count)
        plan = plans._make(case, currency, items, days, origin=origin)
        plan._accept(user=env.user if origin == "clinic" else None)


def get_policies(env):
    keys = [clinic.key for clinic in CLINICS] + ["main"]
    return env["clinic.followup.policy"].union(
        *[policy for key in keys if (policy := find(env, "policy", key))]
    )
