"""Files that bring people and units: SIASN's employee export and the file of units."""

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

__all__ = ["EXAMPLES", "EmployeeImporter", "UnitImporter"]
