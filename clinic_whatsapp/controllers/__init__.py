from . import webhook
from . import document
from . import document_portal
from . import document_desk
from . import document_api
