"""Make a database copyable: run by `odoo shell` in a template before it is closed.

Attachments move into the database, so that a copy made with `createdb -T` needs no
filestore. Where CLINIC_ASSETS names a folder, the web client's bundles are generated
too, so that a copy serves its first page at once; the folder keeps them for the next
template, since most changes of an addon leave them as they are.
"""

import mimetypes
import os
from pathlib import Path

URL = "/web/assets/"

# Bundles of Odoo's own JavaScript tests and of the dark theme: nothing here loads them.
UNUSED = {
    "web.assets_unit_tests",
    "web.assets_unit_tests_setup",
    "web.assets_web_dark",
    "web.tests_assets",
}


def move_attachments(env):
    env["ir.config_parameter"].set_param("ir_attachment.location", "db")
    env["ir.attachment"].force_storage()


def restore_bundles(env, folder):
    """Put back what the last template had; what is outdated is never looked up."""
    env["ir.attachment"].create(
        [
            {
                "name": file.name,
                "url": f"{URL}{file.relative_to(folder)}",
                "mimetype": mimetypes.guess_type(file)[0],
                "raw": file.read_bytes(),
                "type": "binary",
                "public": True,
                "res_model": "ir.ui.view",
                "res_id": False,
            }
            for file in folder.glob("*/*")
        ]
    )


def generate_bundles(env):
    qweb = env["ir.qweb"]
    scripts, styles = qweb._get_bundles_to_pregenarate()
    for bundle in sorted(scripts - UNUSED):
        qweb._get_asset_bundle(bundle, css=False, js=True).js()
    for bundle in sorted(styles - UNUSED):
        qweb._get_asset_bundle(bundle, css=True, js=False).css()


def keep_bundles(env, folder):
    for file in folder.glob("*/*"):
        file.unlink()
    for bundle in env["ir.attachment"].search([("url", "=like", f"{URL}%")]):
        file = folder / bundle.url.removeprefix(URL)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bundle.raw or b"")


move_attachments(env)
if os.environ.get("CLINIC_ASSETS"):
    assets = Path(os.environ["CLINIC_ASSETS"])
    restore_bundles(env, assets)
    generate_bundles(env)
    keep_bundles(env, assets)
env.cr.commit()
