from . import booking
from . import deposit
from . import page
