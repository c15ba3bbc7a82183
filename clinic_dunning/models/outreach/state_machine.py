from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class ClinicStateMachine(models.AbstractModel):
    """Records whose `state` changes only where nobody else has changed it meanwhile."""

    _name = "clinic.state.machine"
    _description = "Compare and Set"

    # What people may write; all else follows what happens.
    _written_by_people = frozenset()

    def write(self, vals):
        """Refuse a state that the machine did not set, and what is not people's.

        :raise UserError: for a state
        :raise AccessError: for a field that is not in `_written_by_people`
        """
        if "state" in vals:
            raise UserError(
                self.env._("A state follows what happens: it can't be written.")
            )
        if not self.env.su and not self._written_by_people.issuperset(vals):
            raise AccessError(
                self.env._("Nobody writes this: it follows what happens.")
            )
        return super().write(vals)

    def _compare_and_set(self, state):
        """Set the state in the database where it is still what was read.

        :return: the records that changed; others were moved meanwhile by somebody else
        """
        moved = self.browse()
        if not self:
            return moved
        self.flush_recordset(["state"])
        for old, records in self.grouped("state").items():
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET state = %s WHERE id IN %s AND state = %s "
                    "RETURNING id",
                    SQL.identifier(self._table),
                    state,
                    records._ids,
                    old,
                )
            )
            moved |= self.browse(row[0] for row in self.env.cr.fetchall())
        self.invalidate_recordset(["state"])
        return moved
