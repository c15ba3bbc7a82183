"""Leave nothing behind that only this addon could finish."""

CHANNELS = ("whatsapp", "sms")


def uninstall_hook(env):
    """Give what is on its way to a person, and free the wording that goes with us."""
    attempts = env["clinic.message.attempt"].search([("channel", "in", CHANNELS)])
    open_ones = attempts.filtered(lambda a: a.state in ("leased", "unknown"))
    open_ones._lose_sight(env._("The channel was uninstalled."))
    messages = attempts.message_id.filtered(lambda m: m.state == "in_progress")
    messages._ask_a_person()
    templates = env["clinic.message.template"].with_context(active_test=False)
    ours = templates.search([("channel", "in", CHANNELS)])
    attempts.filtered(lambda a: a.template_id in ours).write({"template_id": False})
    ours.unlink()
    people = env["res.partner"].with_context(active_test=False)
    people.search([("clinic_preferred_channel", "in", CHANNELS)]).write(
        {"clinic_preferred_channel": False}
    )
