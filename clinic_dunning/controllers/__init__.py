from . import masking
from . import pay
from . import checkout
from . import status
from . import details
from . import portal
from . import plan
from . import invoice
