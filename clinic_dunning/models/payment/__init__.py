from . import link
from . import link_page
from . import rate_limit
from . import access_log
from . import transaction
from . import desk_receipt
