"""Flyway's checksum, so that a history can be taken over and handed back."""

import re
import zlib

_LINE_END = re.compile(r"\r\n|\n|\r")


def checksum(text: str) -> int:
    """CRC32 over the lines in UTF-8 without their ends and without a BOM, as a signed 32-bit integer.

    Line ends do not count, so a checkout on another platform has the same checksum; trailing blanks do.
    """
    crc = 0
    for line in _LINE_END.split(text.removeprefix("\ufeff")):
        crc = zlib.crc32(line.encode(), crc)
    return crc - (1 << 32) if crc >= 1 << 31 else crc
