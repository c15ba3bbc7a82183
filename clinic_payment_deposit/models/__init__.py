from . import booking
from . import deposit
