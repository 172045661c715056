"""The text of a WebPlotDigitizer project, from its own file or the archive that the program saves.

Either may be compressed with gzip. Nothing is unpacked: members are read from memory, bounded.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from tenfold.files import MAX_FILE_BYTES, SpecError, decoded, parse_json, read_bytes

MAX_ARCHIVE = 64 * 1024 * 1024
"""Largest saved project: it holds the image, or the pages of a PDF."""
MAX_MEMBERS = 1000
GZIP = b"\x1f\x8b"


def content(path: Path) -> bytes:
    """Bytes of a file of at most `MAX_ARCHIVE`, and of what gzip has compressed in it.

    Raises:
        SpecError: as `read_bytes`, or damaged.
    """
    data = read_bytes(path, MAX_ARCHIVE)
    if not data.startswith(GZIP):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            data = file.read(MAX_ARCHIVE + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SpecError(f"{path}: damaged file of gzip ({error})") from None
    if len(data) > MAX_ARCHIVE:
        raise SpecError(f"{path}: more than {MAX_ARCHIVE} bytes; expected at most that")
    return data


def is_project(data: bytes) -> bool:
    """Whether bytes are JSON, or a tar archive, as the program saves its projects."""
    return is_archive(data) or data[:100].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def is_archive(data: bytes) -> bool:
    """Whether bytes are a tar archive."""
    return data[257:262] == b"ustar"


def project_text(path: Path) -> tuple[str, str]:
    """The JSON of a project, and where it was found.

    Raises:
        SpecError: an archive that is damaged, without a project, or with several.
    """
    data = content(path)
    if not is_archive(data) and path.suffix.lower() != ".tar":
        if len(data) > MAX_FILE_BYTES:
            raise SpecError(f"{path}: more than {MAX_FILE_BYTES} bytes; expected at most that")
        return decoded(data, path), str(path)
    members = _json_members(path, data)
    infos = [name for name in members if PurePosixPath(name).name == "info.json"]
    if len(infos) > 1:
        raise SpecError(f"{path}: {len(infos)} projects in one archive; expected one")
    if infos:
        where = f"{path}: {infos[0]}"
        info = parse_json(decoded(members[infos[0]], where), where)
        wanted = info.get("json") if isinstance(info, dict) else None
        found = str(PurePosixPath(infos[0]).with_name("x").parent / str(wanted or "wpd.json"))
    else:
        found = min((n for n in members if PurePosixPath(n).name == "wpd.json"), default="")
    if found not in members:
        raise SpecError(f"{path}: not a WebPlotDigitizer project (no wpd.json in the archive)")
    if len(members[found]) > MAX_FILE_BYTES:
        raise SpecError(f"{path}: {found}: more than {MAX_FILE_BYTES} bytes")
    return decoded(members[found], f"{path}: {found}"), f"{path}: {found}"


def _json_members(path: Path, data: bytes) -> dict[str, bytes]:
    """JSON files of an archive by name, each with at most one byte more than is read.

    Raises:
        SpecError: damaged, or too many files.
    """
    members: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for number, member in enumerate(archive):
                if number >= MAX_MEMBERS:
                    raise SpecError(f"{path}: more than {MAX_MEMBERS} files; expected fewer")
                name = PurePosixPath(member.name)
                if member.type in tarfile.REGULAR_TYPES and name.suffix.lower() == ".json":
                    source = archive.extractfile(member)
                    members[str(name)] = source.read(MAX_FILE_BYTES + 1) if source else b""
    except (tarfile.TarError, EOFError, OSError, OverflowError, ValueError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"{path}: damaged archive ({error})") from None
    return {n: member for n, member in members.items() if not PurePosixPath(n).name.startswith(".")}
