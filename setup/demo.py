"""The demo, run by `odoo shell` in the demo database (see setup/demo)."""

print(f"Demo database: {env.cr.dbname}")
