"""What may be handed in as a patient's document. Pure Python, no `env`."""

import hashlib
import io
import re
import zipfile
from pathlib import PurePosixPath
from typing import NamedTuple

MOST_BYTES = 20 * 1024 * 1024
# One archive; its files count one by one, too.
MOST_FILES = 500
MOST_UNPACKED = 100 * 1024 * 1024
SHORTEST_REFERENCE = 3
ZIP = b"PK\x03\x04"
# How each kind begins, and the extension a patient's copy gets.
BEGINNINGS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
EXTENSIONS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
_BREAK = re.compile(r"[_\s]+")


class UploadError(Exception):
    """A file that is not taken; `code` says why, see `document_file.py`."""

    def __init__(self, code):
        self.code = code
        super().__init__(code)


class Upload(NamedTuple):
    """A file that may be kept."""

    name: str
    content: bytes
    mimetype: str
    digest: str


class File(NamedTuple):
    """A file as it came."""

    name: str
    content: bytes


def check(name, content):
    """Return the `Upload`, its kind read from the content, not from its name.

    :raise UploadError: empty, too_large, kind
    """
    if not content:
        raise UploadError("empty")
    if len(content) > MOST_BYTES:
        raise UploadError("too_large")
    for beginning, mimetype in BEGINNINGS:
        if content.startswith(beginning):
            digest = hashlib.sha256(content).hexdigest()
            return Upload(get_base_name(name), content, mimetype, digest)
    raise UploadError("kind")


def is_archive(content):
    """Return whether the content is a zip archive."""
    return content.startswith(ZIP)


def unpack(content):
    """Return the `File`s of an archive, folders and hidden ones left out.

    :raise UploadError: archive (damaged or with a password), too_many, unpacked
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read_files(archive)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise UploadError("archive") from error


def _read_files(archive):
    entries = [entry for entry in archive.infolist() if _is_shown(entry)]
    if len(entries) > MOST_FILES:
        raise UploadError("too_many")
    files, left = [], MOST_UNPACKED
    for entry in entries:
        # What an archive says of its sizes may be a lie: count what comes out.
        with archive.open(entry) as stream:
            content = stream.read(min(MOST_BYTES, left) + 1)
        left -= len(content)
        if left < 0:
            raise UploadError("unpacked")
        files.append(File(get_base_name(entry.filename), content))
    return files


def _is_shown(entry):
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts)
    return not (entry.is_dir() or hidden)


def get_base_name(name):
    """Return the name of a file without its folders, 200 characters at most."""
    return PurePosixPath((name or "").replace("\\", "/")).name[-200:]


def get_references(name):
    """Return what the name of a file may begin with as a reference, longest first.

    `P-0042_scan 2.pdf` may belong to `P-0042_scan 2`, `P-0042_scan` or `P-0042`.
    """
    stem = PurePosixPath(get_base_name(name)).stem.strip()
    ends = [match.start() for match in _BREAK.finditer(stem)]
    return [stem, *(stem[:end] for end in reversed(ends) if end)]


def is_reference(text):
    """Return whether a text can be a reference: without a figure it may be a name."""
    return len(text) >= SHORTEST_REFERENCE and any(char.isdigit() for char in text)


def get_extension(mimetype):
    """Return the extension of a kind of file, without a dot."""
    return EXTENSIONS[mimetype]
