from odoo import api, models

# An SMS has no room for as many words as WhatsApp wants around so many variables. Of
# topics that other addons bring, by code and language; made where the topic is there.
LONGER = {
    ("appointment_link", "fr"): (
        "Bonjour {first_name}, votre rendez-vous est noté : {appointment} chez "
        "{clinic}. Vous pouvez le modifier ou l'annuler ici : {link} À bientôt."
    ),
    ("hold_request", "en"): (
        "Hi {first_name}, to confirm your appointment {appointment} at {clinic}, "
        "please have {amount} held on a card by {due_date}. Nothing is charged: {link} "
        "Thank you."
    ),
    ("hold_request", "fr"): (
        "Bonjour {first_name}, pour confirmer votre rendez-vous {appointment} chez "
        "{clinic}, merci de laisser une empreinte de {amount} sur une carte avant "
        "{due_date}. Rien n'est débité : {link} À bientôt."
    ),
    ("deposit_held", "fr"): (
        "Bonjour {first_name}, pour votre rendez-vous {appointment} chez {clinic}, une "
        "empreinte de {amount} est posée sur votre carte et rien n'est débité. "
        "Détails : {link} À bientôt."
    ),
    ("deposit_kept", "fr"): (
        "Bonjour {first_name}, pour votre rendez-vous {appointment} chez {clinic}, "
        "nous gardons {amount} selon les conditions que vous avez acceptées. Détails : "
        "{link} Une question ? Appelez-nous."
    ),
    ("fee_request", "en"): (
        "Hi {first_name}, for your appointment {appointment} at {clinic}, the terms "
        "you accepted ask for {amount} by {due_date}. Pay, or tell us what is not "
        "right: {link} Thank you."
    ),
    ("fee_request", "fr"): (
        "Bonjour {first_name}, pour votre rendez-vous {appointment} chez {clinic}, les "
        "conditions que vous avez acceptées prévoient {amount} à régler avant "
        "{due_date}. Payer, ou nous signaler un problème : {link} Merci."
    ),
}


class ClinicMessageTemplate(models.Model):
    _inherit = "clinic.message.template"

    @api.model
    def _make_longer(self):
        """Write what is too short for WhatsApp in more words, once (sudo)."""
        topics = self.env["clinic.message.topic"].search(
            [("code", "in", [code for code, _language in LONGER])]
        )
        known = {
            (template.topic_id, template.language)
            for template in self.with_context(active_test=False).search(
                [("topic_id", "in", topics.ids), ("channel", "=", "whatsapp")]
            )
        }
        return self.create(
            [
                {
                    "topic_id": topic.id,
                    "channel": "whatsapp",
                    "language": language,
                    "button_link": True,
                    "body": body,
                }
                for (code, language), body in LONGER.items()
                for topic in topics.filtered(lambda t, c=code: t.code == c)
                if (topic, language) not in known
            ]
        )
