from odoo.addons.clinic_dunning.models.outreach.consent import NEEDS_YES

# WhatsApp's own rules ask for a prior yes, whatever the message is about.
NEEDS_YES |= {(purpose, "whatsapp") for purpose in ("billing", "appointment", "care")}
