"""Read a table that people hand in, CSV or XLSX. Pure Python, no `env`."""

import csv
import io
import zipfile
from datetime import date, datetime

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from .upload import ZIP, UploadError

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 20_000
MOST_UNPACKED = 100 * 1024 * 1024
DELIMITERS = ",;\t"


def read_table(content):
    """Return the rows below the first one, as {heading in lower case: text}.

    :raise UploadError: empty, too_large, too_many, unpacked or table (no table at all)
    """
    if not content:
        raise UploadError("empty")
    if len(content) > MOST_BYTES:
        raise UploadError("too_large")
    lines = _read_xlsx(content) if content.startswith(ZIP) else _read_csv(content)
    headings = [cell.strip().lower() for cell in next(lines, [])]
    if not any(headings):
        raise UploadError("empty")
    rows = []
    for line in lines:
        if any(cell.strip() for cell in line):
            rows.append(dict(zip(headings, map(str.strip, line), strict=False)))
        if len(rows) > MOST_ROWS:
            raise UploadError("too_many")
    return rows


def _read_csv(content):
    text = _decode(content)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise UploadError("table") from error


def _decode(content):
    """Return the text of a file that Excel or a person wrote."""
    if b"\0" in content:
        raise UploadError("table")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _read_xlsx(content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MOST_UNPACKED:
            raise UploadError("unpacked")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for cells in book.worksheets[0].iter_rows(values_only=True):
            yield [_to_text(cell) for cell in cells]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise UploadError("table") from error


def _to_text(cell):
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
