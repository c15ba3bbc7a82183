"""How a document leaves: never cached, never shown as a page of the clinic's."""

from odoo import SUPERUSER_ID
from odoo.http import request

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def stream(document_sudo, inline=False):
    """Return the response that streams a document under a name that tells nothing.

    :param document_sudo: `clinic.patient.document`, already checked and noted
    :param bool inline: shown by the browser, for staff
    """
    binary = request.env(user=SUPERUSER_ID)["ir.binary"]
    content = binary._get_stream_from(
        document_sudo, "content", filename=document_sudo._get_public_name()
    )
    response = content.get_response(as_attachment=not inline, max_age=0)
    response.headers.update(HEADERS)
    return response
