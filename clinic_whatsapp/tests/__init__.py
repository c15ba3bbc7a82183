from . import test_account
from . import test_gate
from . import test_tools
from . import test_wording
