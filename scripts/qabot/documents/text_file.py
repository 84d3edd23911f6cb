"""Read text files, and recognise files that only look like text.

Used for `documents/` and for the context files of `questions/`.
"""

from __future__ import annotations

import codecs
import re

from qabot.nodes.nodes import DocumentError, decode
from qabot.questions.folder import UnreadableFile

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a pointer is smaller than 1,024 bytes.
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_LFS_POINTER_SIZE = 1024

# The first bytes of files that are not text, what they are, and what to do.
_DOCUMENT = "put it into documents/ as"
_SIGNATURES = (
    (b"%PDF-", "a PDF file", f"{_DOCUMENT} .pdf"),
    (rb"{\rtf", "an RTF file", "save it as plain text"),
    (b"PK\x03\x04", "a ZIP archive or an office file", f"{_DOCUMENT} .docx, if it is a Word file"),
    (b"\xd0\xcf\x11\xe0", "an old office file", f"save it as .docx, and {_DOCUMENT} that"),
)
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_HTML_NAMES = (".html", ".htm", ".xhtml")

# What git writes around the sides of a conflict, in this order, each at the start of a line.
_CONFLICT = ("\n<<<<<<< ", "\n=======\n", "\n>>>>>>> ")


def check_not_pointer(data: bytes) -> None:
    """Refuse a Git LFS pointer, which git leaves where it did not fetch the file itself.

    Args:
        data: the whole file.

    Raises:
        UnreadableFile: it is a pointer.
    """
    if len(data) < _LFS_POINTER_SIZE and data.startswith(_LFS_POINTER):
        raise UnreadableFile(
            "is a Git LFS pointer, not the file itself",
            "fetch it with 'git lfs pull' (in a workflow: 'lfs: true' for actions/checkout)",
        )


def read_text(data: bytes, name: str) -> str:
    r"""The text of a text file, with `\n` line ends.

    Args:
        data: the whole file.
        name: its name; the suffix says whether HTML is expected.

    Raises:
        UnreadableFile: it is not UTF-8 text, or not the intended text.
    """
    check_not_pointer(data)
    _check_encoding(data)
    start = data.removeprefix(codecs.BOM_UTF8)[:4096]
    for signature, kind, todo in _SIGNATURES:
        if start.startswith(signature):
            raise UnreadableFile(f"is {kind}, not text", todo)
    if not name.lower().endswith(_HTML_NAMES) and _HTML.match(start):
        raise UnreadableFile("is HTML, not plain text", "rename it to .html, or save its text")
    try:
        text = decode(data)
    except DocumentError as error:
        place = f"line {error.line}, column {error.column}"
        raise UnreadableFile(f"is not UTF-8 ({place})", error.todo) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    line = _conflict(text)
    if line:
        raise UnreadableFile(
            f"has an unresolved merge conflict in line {line}",
            "choose a side and remove the lines '<<<<<<<', '=======' and '>>>>>>>'",
        )
    return text


def _check_encoding(data: bytes) -> None:
    """Refuse UTF-16 and UTF-32, which Windows programs write, and binary data."""
    todo = "save it as UTF-8"
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnreadableFile("is UTF-32, not UTF-8", todo)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableFile("is UTF-16, not UTF-8", todo)
    head = data[:4096]
    if b"\0" not in head and b"\0" not in data:
        return
    # Without a byte order mark: in most scripts' UTF-16 every other byte of an ASCII space is zero.
    if len(data) % 2 == 0 and _mostly_zero(head):
        raise UnreadableFile("looks like UTF-16, not UTF-8", todo)
    raise UnreadableFile("is binary data, not text", "put a text file there")


def _conflict(text: str) -> int:
    """The line of the first merge conflict, from 1; 0 where there is none."""
    text = f"\n{text}"
    first = place = 0
    for number, marker in enumerate(_CONFLICT):
        # The end of one marker's line is the start of the next.
        place = text.find(marker, place)
        if place < 0:
            return 0
        if not number:
            first = place
    return text.count("\n", 0, first) + 1


def _mostly_zero(head: bytes) -> bool:
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) > len(head) // 8 and min(even, odd) * 8 < max(even, odd)
