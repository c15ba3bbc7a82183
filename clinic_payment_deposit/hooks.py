"""Say what is still open before the addon that knows of it is gone."""

import logging

_logger = logging.getLogger(__name__)


def uninstall_hook(env):
    """Report open holds and advances: the books keep the money, nobody the reason."""
    deposits = env["clinic.deposit"].search([("state", "in", ("authorized", "paid"))])
    for (company, currency, state), group in deposits.grouped(
        lambda deposit: (deposit.company_id, deposit.currency_id, deposit.state)
    ).items():
        amount = sum(group.mapped("amount" if state == "authorized" else "open"))
        _report(env, company, currency, state, amount, group)


def _report(env, company, currency, state, amount, deposits):
    """Write one line to the log, and a note where accountants find it."""
    what = "held on cards" if state == "authorized" else "paid in advance"
    references = ", ".join(deposit._get_reference() for deposit in deposits[:20])
    text = (
        f"{company.name}: {len(deposits)} deposits {what} were open when the deposits "
        f"addon was removed, {amount:.{currency.decimal_places}f} {currency.name}: "
        f"{references}"
    )
    _logger.info(text)
    for payment in deposits._get_payments():
        payment.move_id.message_post(body=text)
    company.partner_id.message_post(body=text)
