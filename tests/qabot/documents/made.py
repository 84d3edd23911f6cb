"""Documents that the tests make: good ones in each format, and bad ones of every kind."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from functools import cache

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

# An empty page, encrypted with the password "secret" (RC4, 40 bits).
_ENCRYPTED_PDF = (
    "c-oCo%Wm5+5WMp%_Tpp1<x?Uc_|PN<infTMq`d?=P~_58VMu{Y14)0fhyFqPBc+u#G2$LdfB-Q&GrOE!tS?q?#F=7?"
    "pTEBUU;+@v?kj5=#@Evr_kkv8B5LUrqQWIxE*TB+z>!DXo5y<szV;j1F@8SohYW)8_kG;KE$BjQ;qFMPPNe5P`|Y@4"
    "PabgaZjS`|pS>7wX*cetP!y$7==>wa-oG6mN?Sa``3iixcL(!{%4o0M&5`@(!{9AQ#y`-o$zMQY(Lo77J6lOt3afsb"
    "ODz04`yu)%GJXXO8DB?f>#B<`Vo1qp+f_aolZ?Px#E>uwVU5v2cPVt}4QXwYb>wyJ%j}<^F_A1f*%@8gP)n&)ZKPGf"
    "d5S_xM2pJH<gD+kG##NOmwc!r`A`|u$NPDhC@}=f@cBS#uM8x3#zgu1Tp3<4<4!Ok>Ql^CCz!P21<RA~w=~VMUiaUq"
    "jKbS-%%JA{`MV*FApX2B%ElV3ed(@DRHE~!1nSO`FwP2RC`w%Z52ft+atPDoeFpP)(Yx%YJO`pH!xoFns}=hV?DD~K"
)


def pdf(pages: list[list[str]], outline: list[tuple[str, int]] = []) -> bytes:  # noqa: B006
    """A PDF file.

    Args:
        pages: lines of each page, in Latin-1; none for a page without text.
        outline: titles, with the index of the page that each leads to.
    """
    count = len(pages)
    first_page = 4
    outlines = first_page + 2 * count
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R"
        + (f" /Outlines {outlines} 0 R" if outline else "").encode()
        + b" >>",
        f"<< /Type /Pages /Count {count} /Kids [".encode()
        + b" ".join(f"{first_page + 2 * i} 0 R".encode() for i in range(count))
        + b"] >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, lines in enumerate(pages):
        text = "".join(
            "({}) Tj T*\n".format(
                line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
            )
            for line in lines
        )
        stream = f"BT /F1 12 Tf 14 TL 50 750 Td\n{text}ET".encode("latin-1")
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * index} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode(),
            f"<< /Length {len(stream)} >>\nstream\n".encode() + stream + b"\nendstream",
        ]
    if outline:
        last = outlines + len(outline)
        objects.append(
            f"<< /Type /Outlines /First {outlines + 1} 0 R /Last {last} 0 R "
            f"/Count {len(outline)} >>".encode()
        )
    for index, (title, page) in enumerate(outline):
        near = f"/Next {outlines + index + 2} 0 R " if index < len(outline) - 1 else ""
        near += f"/Prev {outlines + index} 0 R " if index else ""
        objects.append(
            f"<< /Title ({title}) /Parent {outlines} 0 R {near}"
            f"/Dest [{first_page + 2 * page} 0 R /Fit] >>".encode()
        )
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()
    return bytes(out)


def docx(body: str) -> bytes:
    """A Word file.

    Args:
        body: XML of its paragraphs and tables; `paragraph` makes one.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            'relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/'
            'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
            f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
        )
    return file.getvalue()


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of a Word file."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def table(rows: list[list[str]]) -> str:
    """A table of a Word file, whose first row is its header."""

    def row(cells: list[str], *, header: bool) -> str:
        properties = "<w:trPr><w:tblHeader/></w:trPr>" if header else ""
        return (
            f"<w:tr>{properties}"
            + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in cells)
            + "</w:tr>"
        )

    return (
        "<w:tbl>" + "".join(row(cells, header=not i) for i, cells in enumerate(rows)) + "</w:tbl>"
    )


@cache
def bad() -> dict[str, tuple[str, bytes]]:
    """Documents that cannot be read: what each is, its name and its content."""
    return {
        "a scanned PDF": ("scan.pdf", pdf([[], []])),
        "an encrypted PDF": (
            "secret.pdf",
            zlib.decompress(base64.b85decode(_ENCRYPTED_PDF)),
        ),
        "half of a PDF": ("half.pdf", b"%PDF-1.4\n1 0 obj\n<< /Type"),
        "text named .pdf": ("notes.pdf", b"Twenty days of leave."),
        "a PDF named .docx": ("leave.docx", pdf([["Twenty days of leave."]])),
        "a PDF named .txt": ("leave.txt", pdf([["Twenty days of leave."]])),
        "a ZIP archive named .docx": ("photos.docx", _zip("photo.jpg", b"\xff\xd8")),
        "a Word file that unpacks to 60 MiB": ("bomb.docx", docx(" " * (60 * 2**20))),
        "a Word file with 10,000 nested tags": (
            "deep.docx",
            docx("<w:sdt>" * 10_000 + paragraph("x") + "</w:sdt>" * 10_000),
        ),
        "an encrypted Word file": ("plan.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)),
        "a Git LFS pointer": (
            "film.pdf",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
        ),
        "UTF-16": ("windows.txt", "Twenty days of leave.".encode("utf-16")),
        "Latin-1": ("old.md", "Urlaub für alle".encode("latin-1")),
        "a merge conflict": (
            "merged.md",
            b"# Leave\n\n<<<<<<< HEAD\n20 days\n=======\n25 days\n>>>>>>> more-leave\n",
        ),
        "RTF named .txt": ("letter.txt", rb"{\rtf1\ansi Twenty days.}"),
        "a web page named .md": ("page.md", b"<!DOCTYPE html><p>Twenty days.</p>"),
        "binary data named .txt": ("data.txt", b"Twenty\0\0\0\0days" * 9),
        "an empty file": ("empty.md", b"\n"),
        "a page without text": ("blank.html", b"<html><script>alert(1)</script></html>"),
    }


def _zip(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()
