"""How much of a stranger's file is taken before we stop."""

from dataclasses import dataclass

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Bounds on what one intake opens; a class of 1,000 with a dozen files each fits well."""

    entries: int = 20_000
    """Entries that an archive may list."""
    directory_bytes: int = 16 * MIB
    """Size of its central directory."""
    files: int = 12_000
    """Files taken in all."""
    files_per_student: int = 200
    file_bytes: int = 256 * MIB
    """One file, unpacked; captures are the largest."""
    total_bytes: int = 16 * GIB
    """All files, unpacked; never more than the disk has room for."""
    ratio: int = 200
    """Unpacked to packed; counts beyond `ratio_free_bytes`, as a screenshot may pack very well."""
    ratio_free_bytes: int = 32 * MIB


@dataclass(frozen=True, slots=True)
class NestedLimits:
    """Bounds on an archive that a student handed in."""

    entries: int = 2_000
    directory_bytes: int = 1 * MIB
    files: int = 200
    """Files taken of it."""
    total_bytes: int = 1 * GIB
    """All its files, unpacked: the class's budget is for everybody."""


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Bounds on the child process that reads one write-up or sheet."""

    seconds: float = 60.0
    """Wall and processor time; twenty dense pages of PDF take 5 s."""
    memory_bytes: int = 1 * GIB
    output_bytes: int = 32 * MIB


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Bounds on one write-up."""

    text_bytes: int = 4 * MIB
    """Markdown and plain text."""
    page_bytes: int = 48 * MIB
    """HTML; a report that works offline carries its fonts."""
    package_bytes: int = 128 * MIB
    """Word and PDF files, with their pictures."""
    part_bytes: int = 48 * MIB
    """One XML part of a Word file, unpacked."""
    pages: int = 300
    lines: int = 20_000
    line_characters: int = 8_000
    characters: int = 4_000_000
    answers_bytes: int = 8 * MIB
    """An answers.json."""
