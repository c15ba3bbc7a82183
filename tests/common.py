"""What the tests of this folder share: every one ends with the invariants."""

import invariants

from odoo.addons.clinic_dunning.tests.common import DunningCase


class InvariantCase(DunningCase):
    """Tests in one transaction; afterwards the invariants hold in it."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.check_invariants)

    def check_invariants(self):
        self.env.flush_all()
        self.assertEqual(invariants.check(self.cr), {})
