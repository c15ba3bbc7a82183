from . import link
from . import rate_limit
from . import access_log
from . import transaction
