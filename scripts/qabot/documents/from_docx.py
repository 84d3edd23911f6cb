"""Word files as text: mammoth makes HTML of them, and that is read like any other."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from qabot.documents import from_html
from qabot.questions.folder import UnreadableFile

if TYPE_CHECKING:
    from qabot.documents.extracted import Extracted

# The most bytes of unpacked XML: a thousand pages of text take 10 MB.
_MOST_XML = 40 * 2**20
_MOST_PARTS = 5_000


def extract(data: bytes) -> Extracted:
    """Read a DOCX file; its text has headings, but neither pages nor lines.

    Args:
        data: the whole file.

    Raises:
        UnreadableFile: it is not a Word file, is encrypted or too large.
    """
    _check(data)
    import mammoth

    # Pictures have no text, and each would be copied into the page.
    no_picture = mammoth.images.img_element(lambda _: {"src": ""})
    try:
        page = mammoth.convert_to_html(io.BytesIO(data), convert_image=no_picture).value
    except MemoryError:
        raise
    except Exception as error:
        raise UnreadableFile(
            f"is not a Word file that can be read ({type(error).__name__})",
            "open it and save it as .docx again",
        ) from error
    return from_html.extract(page, lines=False)


def _check(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise UnreadableFile(
            "is not a Word file (.docx)", "open it and save it as .docx again"
        ) from None
    if "word/document.xml" not in {part.filename for part in parts}:
        raise UnreadableFile("is not a Word file (.docx)", "open it and save it as .docx again")
    # zipfile unpacks no more than the size that is declared here.
    size = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    if size > _MOST_XML or len(parts) > _MOST_PARTS:
        raise UnreadableFile(
            f"unpacks to {size / 2**20:,.0f} MiB of text (maximum: {_MOST_XML // 2**20})",
            "split it into several files",
        )
