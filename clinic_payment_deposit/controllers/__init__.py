from . import deposit_pay
from . import portal
from . import waiting
from . import stripe_events
