"""From a file in `documents/` to its text, whatever its format; each reader is imported when needed."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from qabot.documents.text_file import check_not_pointer, read_text
from qabot.questions.folder import UnreadableFile

if TYPE_CHECKING:
    from qabot.documents.extracted import Extracted

MARKDOWN = (".md", ".markdown")
HTML = (".html", ".htm")
TEXT = (".txt",)
# These are read in a separate process; see `qabot.documents.reader`.
PACKED = (".pdf", ".docx")
SUFFIXES = (*MARKDOWN, *HTML, *TEXT, *PACKED)

MOST_BYTES = 50 * 2**20
_MOST_TEXT_BYTES = 10 * 2**20
# Code points of a document's text: a book has a million.
_MOST_TEXT = 5_000_000


def extract(data: bytes, name: str) -> Extracted:
    """The text of a document.

    Args:
        data: the whole file.
        name: its name, whose suffix is that of its format.

    Raises:
        UnreadableFile: it is not of the format of its suffix, or has no readable text.
    """
    suffix = PurePosixPath(name).suffix.lower()
    check_not_pointer(data)
    extracted = _packed(data, suffix) if suffix in PACKED else _text(data, name, suffix)
    if not extracted.text.strip():
        raise UnreadableFile("has no text", "write something into it, or remove it")
    if len(extracted.text) > _MOST_TEXT:
        raise UnreadableFile(
            f"has {len(extracted.text):,} characters (maximum: {_MOST_TEXT:,})", "split the file"
        )
    return extracted


def _packed(data: bytes, suffix: str) -> Extracted:
    if suffix == ".pdf":
        # Readers look for this in the first 1,024 bytes (PDF 1.7, implementation note 13).
        if b"%PDF-" not in data[:1024]:
            raise UnreadableFile("is not a PDF file", _real_type(data))
        from qabot.documents import from_pdf

        return from_pdf.extract(data)
    # Encrypted Word files use the old container format, so that both begin alike.
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            "is encrypted, or in Word's old format", "save it as .docx without a password"
        )
    if not data.startswith(b"PK"):
        raise UnreadableFile("is not a Word file (.docx)", _real_type(data))
    from qabot.documents import from_docx

    return from_docx.extract(data)


def _text(data: bytes, name: str, suffix: str) -> Extracted:
    if len(data) > _MOST_TEXT_BYTES:
        size, most = len(data) / 2**20, _MOST_TEXT_BYTES // 2**20
        raise UnreadableFile(f"is {size:,.1f} MiB (maximum: {most})", "split the file")
    text = read_text(data, name)
    if suffix in HTML:
        from qabot.documents import from_html

        return from_html.extract(text)
    if suffix in MARKDOWN:
        from qabot.documents import from_markdown

        return from_markdown.extract(text)
    from qabot.documents import from_text

    return from_text.extract(text)


def _real_type(data: bytes) -> str:
    """What to do with a file that is something else."""
    if data.startswith(b"%PDF-"):
        return "rename it to .pdf"
    if data.startswith(b"PK"):
        return "rename it to .docx, if it is a Word file"
    if not data:
        return "it is empty: put the file there again"
    try:
        data[:4000].decode()
    except UnicodeDecodeError as error:
        if error.start < min(len(data), 4000) - 4:
            return "rename it to match its content, or save it again"
    return "rename it to .txt, .md or .html, if it is text"
