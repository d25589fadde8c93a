"""Files that bring people and units: SIASN's employee export and the file of units."""

from teladan.core.imports import Importer
from teladan.core.kept import Files
from teladan.people.imports import employee_rows, units
from teladan.people.imports.employees import EmployeeImporter
from teladan.people.imports.units import UnitImporter

EXAMPLES: dict[str, tuple[list[str], list[tuple[str, ...]]]] = {
    "employees": (
        [header for header, _ in employee_rows.EXAMPLE],
        [tuple(value for _, value in employee_rows.EXAMPLE)],
    ),
    "units": ([*units.REQUIRED, *units.OPTIONAL], list(units.EXAMPLES)),
}
"""Headers and rows of the example files, by kind."""

IMPORTERS: dict[str, type[EmployeeImporter] | type[UnitImporter]] = {
    EmployeeImporter.kind: EmployeeImporter,
    UnitImporter.kind: UnitImporter,
}


def importer(kind: str) -> Importer:
    """Who reads files of this kind."""
    return IMPORTERS[kind]()


FILES = Files("people.import_file", importer)

__all__ = ["EXAMPLES", "FILES", "IMPORTERS", "EmployeeImporter", "UnitImporter"]
