from . import compliance
from . import ledger
from . import followup
from . import outreach
from . import payment
from . import erasure
