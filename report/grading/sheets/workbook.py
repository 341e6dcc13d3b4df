"""An .xlsx, changed cell by cell: every part but the sheets filled in keeps its bytes."""

import io
import posixpath
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.errors import LabsharkError
from report.grading.intake.sheetfiles import Sheet, read_sheets, table_bytes
from report.grading.intake.zips import DAMAGE
from report.grading.sheets.sheetxml import SheetXml, SheetXmlError, Value

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_CALCULATION = re.compile(rb"<((?:\w+:)?)calcPr\b([^>]*?)(/?)>")
_BEFORE_CALCULATION = re.compile(
    rb"</(?:\w+:)?(?:definedNames|externalReferences|functionGroups|sheets)>"
)


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook's values, and the bytes to patch."""

    name: str
    data: bytes
    sheets: tuple[Sheet, ...]

    def formula_cells(self, cells: Mapping[str, set[tuple[int, int]]]) -> set[tuple[str, int, int]]:
        """Which of the cells (by sheet title, from 0) are calculated."""
        found = set()
        for title, places in cells.items():
            xml = self._sheet_xml(title, frozenset(row for row, _ in places))
            found |= {(title, *place) for place in places if xml.has_formula(*place)}
        return found

    def edited(self, edits: Mapping[str, Mapping[tuple[int, int], Value]]) -> tuple[bytes, bool]:
        """The workbook with new values, and whether Excel was told to recalculate.

        Where there are formulas their stored results may be out of date, so `fullCalcOnLoad` is
        set. Raises LabsharkError `sheet-not-editable`.
        """
        parts: dict[str, bytes] = {}
        try:
            for title, changes in edits.items():
                xml = self._sheet_xml(title, frozenset(row for row, _ in changes))
                parts[self._part_of(title)] = xml.edited(changes)
        except SheetXmlError as error:
            raise self._refusal(str(error)) from error
        recalculate = bool(parts) and self._has_formulas()
        if recalculate:
            parts[_WORKBOOK] = _recalculating(self._part(_WORKBOOK))
        return _repacked(self.data, parts), recalculate

    def _refusal(self, detail: str) -> LabsharkError:
        return LabsharkError("sheet-not-editable", path=self.name, detail=detail)

    def _sheet_xml(self, title: str, rows: frozenset[int]) -> SheetXml:
        try:
            return SheetXml(self._part(self._part_of(title)), rows)
        except SheetXmlError as error:
            raise self._refusal(str(error)) from error

    def _part(self, name: str) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
                return archive.read(name)
        except (*DAMAGE, KeyError) as error:
            raise self._refusal(name) from error

    def _part_of(self, title: str) -> str:
        """The part that holds a sheet, through the workbook's relations."""
        from report.grading.intake.formats.xml import parsed_xml

        targets = {one.get("Id"): one.get("Target") for one in parsed_xml(self._part(_RELATIONS))}
        for sheet in parsed_xml(self._part(_WORKBOOK)).iter("{*}sheet"):
            if sheet.get("name") == title:
                target = targets.get(_relation_id(sheet)) or ""
                return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
        raise self._refusal(title)

    def _has_formulas(self) -> bool:
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            sheets = [n for n in archive.namelist() if n.startswith("xl/worksheets/")]
            return any(re.search(rb"<(?:\w+:)?f[ >/]", archive.read(n)) for n in sheets)


def read_workbook(path: Path) -> Workbook:
    """The workbook at `path`. Raises LabsharkError `table-…`."""
    return Workbook(path.name, table_bytes(path), read_sheets(path).sheets)


def _relation_id(sheet: Any) -> str | None:
    return next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)


def _recalculating(workbook: bytes) -> bytes:
    """workbook.xml with `fullCalcOnLoad` (18.2.2)."""
    found = _CALCULATION.search(workbook)
    if found:
        rest = re.sub(rb"""\s*fullCalcOnLoad\s*=\s*["'][^"']*["']""", b"", found[2])
        new = b'<%scalcPr%s fullCalcOnLoad="1"%s>' % (found[1], rest.rstrip(), found[3])
        return workbook[: found.start()] + new + workbook[found.end() :]
    ends = list(_BEFORE_CALCULATION.finditer(workbook))
    if not ends:
        return workbook
    place = ends[-1].end()
    prefix = re.match(rb"</((?:\w+:)?)", ends[-1][0])
    tag = b'<%scalcPr fullCalcOnLoad="1"/>' % (prefix[1] if prefix else b"")
    return workbook[:place] + tag + workbook[place:]


def _repacked(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The package with some parts replaced; the others keep content, order, dates and method."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            new.writestr(info, parts.get(info.filename, old.read(info)))
    return target.getvalue()
