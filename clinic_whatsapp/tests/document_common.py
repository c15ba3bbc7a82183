"""What the tests of patient documents share."""

import base64
import io
import zipfile

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n"
# A file may be called so; nothing that leaves or is listed may say it.
SECRET_NAME = "P0042_biopsy report.pdf"
REVEALING = ("biops", "P0042", ".pdf")


def make_pdf(text="one"):
    """Return the content of a file of its own."""
    return PDF + text.encode()


def encode(content):
    """Return content as a form sends it."""
    return base64.b64encode(content).decode()


def make_zip(**files):
    """Return an archive of these files, `name=content`, a `__` in a name is a dot."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return target.getvalue()
