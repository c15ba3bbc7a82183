"""The calendar file of an appointment (RFC 5545), silent on its reason. No `env`."""

FOLD = 75  # octets of a line
ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def make_calendar_file(uid, start, stop, title, place="", stamp=None, cancelled=False):
    """Return the bytes of an .ics file.

    :param str uid: always the same for one appointment, so that a moved one replaces
        the former in the patient's calendar
    :param start: naive UTC
    :param stop: naive UTC
    :param stamp: naive UTC moment of the last change, the start by default
    """
    stamp = stamp or start
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Clinic Payment Deposit//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_escape(uid)}",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"SEQUENCE:{int(stamp.timestamp())}",
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{stop:%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{_escape(title)}",
        *([f"LOCATION:{_escape(place)}"] if place else []),
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_fold(line) + b"\r\n" for line in lines)


def _escape(text):
    return (text or "").replace("\r", "").translate(ESCAPES)


def _fold(line):
    """Break a line so that none is longer than the standard allows."""
    parts, part = [], b""
    for char in line:
        octets = char.encode()
        if len(part) + len(octets) > FOLD - bool(parts):
            parts.append(part)
            part = b""
        part += octets
    return b"\r\n ".join([*parts, part])
