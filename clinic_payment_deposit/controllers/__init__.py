from . import book
from . import wish
from . import manage
from . import account
from . import deposit_pay
from . import portal
from . import waiting
from . import stripe_events
