"""Leave nothing behind that only this addon could finish."""

CHANNELS = ("whatsapp", "sms")


def uninstall_hook(env):
    """Give what is on its way to a person, and free the wording that goes with us."""
    attempts = env["clinic.message.attempt"].search([("channel", "in", CHANNELS)])
    open_ones = attempts.filtered(lambda a: a.state in ("leased", "unknown"))
    open_ones._lose_sight(env._("The channel was uninstalled."))
    messages = attempts.message_id.filtered(lambda m: m.state == "in_progress")
    messages._ask_a_person()
    _withdraw_documents(env)
    _return_routes(env)
    templates = env["clinic.message.template"].with_context(active_test=False)
    topics = _free_topics(env)
    ours = templates.search(
        ["|", ("channel", "in", CHANNELS), ("topic_id", "in", topics.ids)]
    )
    attempts.filtered(lambda a: a.template_id in ours).write({"template_id": False})
    ours.unlink()
    people = env["res.partner"].with_context(active_test=False)
    people.search([("clinic_preferred_channel", "in", CHANNELS)]).write(
        {"clinic_preferred_channel": False}
    )


def _withdraw_documents(env):
    """Nothing is left to open: cancel the notices, end the links, forget the rest."""
    notices = env["clinic.message"].search([("document_ids", "!=", False)])
    notices.filtered(lambda m: m.state == "queued")._cancel(
        env._("Patient documents were uninstalled.")
    )
    env["clinic.link"].search([("purpose", "=", "document")])._revoke()
    env["clinic.access.log"].search([("partner_id", "=", False)]).unlink()


def _return_routes(env):
    """Levels and messages of our routes take the nearest one that stays."""
    for ours, name in (
        ("route_whatsapp", "route_email"),
        ("route_sms", "route_email"),
        ("route_whatsapp_graded", "route_plan"),
        ("route_code_sms", "route_email"),
    ):
        route = env.ref(f"clinic_whatsapp.{ours}", raise_if_not_found=False)
        stays = env.ref(f"clinic_dunning.{name}", raise_if_not_found=False)
        if route and stays:
            for model in ("clinic.followup.level", "clinic.message"):
                env[model].search([("route_id", "=", route.id)]).route_id = stays


def _free_topics(env):
    """Withdraw answers that have not left; let all forget topics that go with us."""
    records = env["ir.model.data"].search(
        [("module", "=", "clinic_whatsapp"), ("model", "=", "clinic.message.topic")]
    )
    topics = env["clinic.message.topic"].browse(records.mapped("res_id"))
    answers = env["clinic.message"].search([("topic_id", "in", topics.ids)])
    answers.filtered(lambda m: m.state == "queued")._cancel(
        env._("The channel was uninstalled.")
    )
    answers.write({"topic_id": False})
    return topics
