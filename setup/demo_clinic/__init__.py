"""The demo clinics: what they are, who their patients are, and how they get into Odoo.

clinics, names, plan    plain Python: the same clinics and patients for the same seed
companies … followup    put them into a database, through the ORM
report                  what the main job did, in 80 columns
"""
