"""Keep the secrets of links out of the server's own log."""

import logging
import re

# Every page that a secret opens has an address of one letter.
SECRET = re.compile(
    r"(/(?:p/(?:card/done/|card/transaction/|card/|checkout/|done/|transaction/)|"
    r"[a-z]/|clinic/book/go/))"
    r"[^/\s?#\"']+"
)


class SecretMask(logging.Filter):
    """Replaces what stands behind an address of ours in a line by `***`."""

    def filter(self, record):
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            return True  # the handler tells what is wrong with this line
        if SECRET.search(text):
            record.msg, record.args = SECRET.sub(r"\1***", text), ()
        return True


for name in ("werkzeug", "odoo.http"):
    logging.getLogger(name).addFilter(SecretMask())
