"""Make a database copyable: run by `odoo shell` in a template before it is closed.

Attachments move into the database and assets are generated, so that a copy made with
`createdb -T` serves its first page at once and needs no filestore.
"""

env["ir.config_parameter"].set_param("ir_attachment.location", "db")
env["ir.attachment"].force_storage()
env["ir.qweb"]._pregenerate_assets_bundles()
env.cr.commit()
