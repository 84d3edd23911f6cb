"""Contexts in the form in which the table stores them: compressed, named by their content.

An item holds 400 KB. Of English, a megabyte fits: the first million bytes of SQuAD v1.1's contexts
compress to 400,010.
"""

from __future__ import annotations

import hashlib
import zlib

from answerer.errors import InputError

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html says 400 KB with
# the names and values of every attribute; the other attributes of the item take less than 1 KB.
MAX_PACKED_BYTES = 400 * 1024 - 1024
# A text that compresses a thousandfold is not prose. This also limits what unpacking may allocate.
MAX_TEXT_BYTES = 16 * 1024 * 1024
PREFIX = "context#"  # of the ids of contexts' items


def is_id(item_id: str) -> bool:
    """Whether this is the id of a context's item."""
    return item_id.startswith(PREFIX)


def pack(text: str) -> tuple[str, bytes]:
    """The id and the content of a context's item.

    Raises:
        InputError: the text does not fit into an item, or is not Unicode text.
    """
    try:
        plain = text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "not-unicode",
            f"the context contains half a surrogate pair at offset {error.start}; remove it",
        ) from None
    data = zlib.compress(plain, 6)
    if len(data) > MAX_PACKED_BYTES or len(plain) > MAX_TEXT_BYTES:
        raise InputError(
            "context-too-large",
            f"the context has {len(plain):,} bytes and {len(data):,} compressed, where the fargate "
            f"engine takes {MAX_TEXT_BYTES:,} and {MAX_PACKED_BYTES:,}: split it, or use the "
            "runner engine",
        )
    return f"{PREFIX}{hashlib.sha256(plain).hexdigest()}", data


def unpack(id_: str, data: bytes) -> str:
    """The text of a context's item.

    Raises:
        ValueError: the data is not the text that the id names.
    """
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(data, MAX_TEXT_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not unpacker.eof:
        raise ValueError("it is cut off, or too large")
    if id_ != f"{PREFIX}{hashlib.sha256(plain).hexdigest()}":
        raise ValueError("its SHA-256 is another")
    return plain.decode()
