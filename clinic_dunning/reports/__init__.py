from . import report_letter
