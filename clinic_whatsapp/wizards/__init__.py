from . import reply_answer
from . import reply_pass
from . import document_drop
from . import consent_import
from . import consent_desk
