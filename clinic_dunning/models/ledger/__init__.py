from . import account_journal
from . import account_move
from . import account_move_line
from . import account_partial_reconcile
from . import account_payment
from . import payer_share
from . import res_company
from . import res_partner
