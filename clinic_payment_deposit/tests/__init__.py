from . import test_calendar
from . import test_deposit
from . import test_deposit_pay
from . import test_hold
from . import test_portal
from . import test_visit
from . import test_waiting_list
