from . import link
from . import link_page
from . import rate_limit
from . import access_log
from . import checkout
from . import allocation
from . import exception
from . import transaction
