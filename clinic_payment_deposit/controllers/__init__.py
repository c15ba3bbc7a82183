from . import portal
from . import deposit_pay
