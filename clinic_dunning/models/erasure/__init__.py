from . import message
from . import res_partner
from . import res_users
from . import privacy_lookup
