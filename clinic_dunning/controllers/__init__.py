from . import pay
from . import checkout
