from . import reply_answer
from . import reply_pass
