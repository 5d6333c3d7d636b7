"""Archives that reports travel in, opened within bounds: nobody vouches for who sent them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from .errors import ReportError

MAX_BYTES = 32 * 2**20
"""What one archive may unpack to. The largest reports that are seen have a few MiB."""
MAX_MEMBERS = 16
MAX_DEPTH = 2
"""A gzip file within a zip file is seen; more is a bomb."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_GZIP_WINDOW = zlib.MAX_WBITS | 16
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1


def is_archive(data: bytes) -> bool:
    """Tell by the first bytes; names and media types are often wrong."""
    return data.startswith((_GZIP, _ZIP))


def unpack(data: bytes, depth: int = MAX_DEPTH) -> list[bytes]:
    """Return the documents in an archive, or the data itself where it is none.

    Members' names are never used, so they can point nowhere.

    Raises:
        ReportError: it is broken, encrypted, or larger than the bounds.
    """
    if not is_archive(data):
        return [data]
    if depth == 0:
        raise ReportError("it is packed too often, one archive in the other")
    members = [_gunzip(data)] if data.startswith(_GZIP) else _unzip(data)
    documents = [document for member in members for document in unpack(member, depth - 1)]
    if sum(map(len, documents)) > MAX_BYTES:
        raise _too_large()
    return documents


def _gunzip(data: bytes) -> bytes:
    """Return what gzip members hold (RFC 1952 2.2); other bytes behind them are let be."""
    unpacked = b""
    while data.startswith(_GZIP):
        stream = zlib.decompressobj(_GZIP_WINDOW)
        try:
            unpacked += stream.decompress(data, MAX_BYTES + 1 - len(unpacked))
        except zlib.error:
            raise ReportError("its gzip data is broken") from None
        if len(unpacked) > MAX_BYTES:
            raise _too_large()
        if not stream.eof:
            raise ReportError("its gzip data is cut off")
        data = stream.unused_data
    return unpacked


def _unzip(data: bytes) -> list[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(members)
            return _contents(archive, members)
    except (
        zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError,
        NotImplementedError, OverflowError, RuntimeError, ValueError,
    ):  # fmt: skip
        raise ReportError("its zip data is broken") from None


def _check(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise ReportError(f"its zip file holds more than {MAX_MEMBERS} files")
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise ReportError("its zip file is encrypted")
        if member.compress_type not in _METHODS:
            raise ReportError("its zip file is packed by a method that reports do not use")


def _contents(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> list[bytes]:
    """Return what the members hold; the sizes that they state are not believed."""
    found: list[bytes] = []
    left = MAX_BYTES
    for member in members:
        with archive.open(member) as stream:
            found.append(stream.read(left + 1))
        left -= len(found[-1])
        if left < 0:
            raise _too_large()
    return found


def _too_large() -> ReportError:
    return ReportError(f"it unpacks to more than {MAX_BYTES // 2**20} MiB")
