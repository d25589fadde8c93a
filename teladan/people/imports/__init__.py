"""Files that bring people and units: SIASN's employee export and the file of units."""

from teladan.people.imports.employees import EmployeeImporter
from teladan.people.imports.units import UnitImporter

__all__ = ["EmployeeImporter", "UnitImporter"]
