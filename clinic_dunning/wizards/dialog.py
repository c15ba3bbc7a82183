from odoo import api, models


class ClinicDialog(models.AbstractModel):
    """What all dialogs share: they are about nothing that their user may not read.

    Much of what they show is read as superuser (related fields, sums of the ledger), so
    each record is checked as soon as it is named, also before anything is saved. A
    model that the user's groups can't read at all is checked where it is used.
    """

    _name = "clinic.dialog"
    _description = "Dialog"

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        self._check_named(values)
        return values

    def onchange(self, values, field_names, fields_spec):
        self._check_named(values)
        return super().onchange(values, field_names, fields_spec)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_named(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_named(vals)
        return super().write(vals)

    @api.model
    def _check_named(self, values):
        """Check what these values name.

        :param dict values: of this model, as the methods above take them
        :raise AccessError: for a record of another company, or hidden otherwise
        """
        if self.env.su:
            return
        fields = [self._fields[name] for name in values if name in self._fields]
        named = [field for field in fields if field.type in ("many2one", "many2many")]
        dialog = self.new({field.name: values[field.name] for field in named})
        for field in named:
            if self.env[field.comodel_name].has_access("read"):
                dialog[field.name]._origin.check_access("read")
