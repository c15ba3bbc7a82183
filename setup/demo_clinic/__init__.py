"""The demo clinics: what they are, who their patients are, and how they get into Odoo.

clinics, names, plan_*  plain Python: the same clinics and patients for the same seed
companies … followup    put them into a database, through the ORM
job                     the main job, through the real scheduled actions
figures … report        what it did and what must be true, in 80 columns
serve                   Odoo with the demo's mail server beside it
"""
