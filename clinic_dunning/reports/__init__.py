from . import report_evidence
from . import report_letter
