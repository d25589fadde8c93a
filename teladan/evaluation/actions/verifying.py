"""Whether a database, restored or suspected, is still what was signed, sealed and frozen. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Model
from django.utils.translation import gettext as _

from teladan.evaluation.actions.closing import code_version
from teladan.evaluation.actions.freezing import freeze
from teladan.evaluation.models import Closing, OfficerResult, UnitResult
from teladan.evaluation.queries import inputs
from teladan.evaluation.rules import closing as rules
from teladan.feedback.actions.sealing import changed_months
from teladan.feedback.queries import month_states
from teladan.feedback.queries.auditors import lost_openings
from teladan.ledger import memory, monitor
from teladan.ledger.rules.notes import VerifierKey


@dataclass
class Verification:
    """What was looked at, and in words what is wrong with it."""

    leaves: int = 0
    checkpoints: int = 0
    sealed: int = 0
    recomputed: date | None = None
    findings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings


def verify_all(*, trusted: Sequence[VerifierKey] = (), against: Sequence[str] = ()) -> Verification:
    """The log from its rows, each sealed month against its leaf, the auditors' files, and the last closing computed anew.

    `against`: checkpoints kept elsewhere. Without one, and without the worker's memory, an older log cannot be told from
    the last one, and that is a finding too.
    """
    log = monitor.verify(trusted=trusted, against=against)
    found = Verification(log.leaves, log.checkpoints, findings=list(log.findings))
    if log.checkpoints and not against and memory.recall() is None:
        found.findings.append(
            _(
                "Ingatan pekerja (%(path)s) tidak ada; tanpa titik periksa dari luar (--against) cadangan tua tidak dikenali."
            )
            % {"path": memory.path()}
        )
    found.sealed = sum(one.is_sealed for one in month_states().values())
    for month in changed_months():
        found.findings.append(
            _("Bulan %(month)s tidak lagi seperti saat disegel, atau segelnya belum masuk log.")
            % {"month": f"{month:%Y-%m}"}
        )
    for month in lost_openings():
        found.findings.append(
            _("Berkas pembuka untuk auditor bulan %(month)s hilang atau berubah.") % {"month": f"{month:%Y-%m}"}
        )
    _recompute(found)
    return found


def _recompute(found: Verification) -> None:
    """The last closing, where this very code made it: its results must come out of the sealed counts again."""
    closing = Closing.objects.filter(is_current=True).order_by("-month").first()
    if closing is None or closing.reopened_at or closing.code_version != code_version():
        return
    frozen = freeze(inputs.read(closing.month))
    found.recomputed = closing.month
    pairs: list[tuple[str, Iterable[Model], Iterable[Model]]] = [
        (_("unit dan layanan"), UnitResult.objects.filter(closing=closing), frozen.unit_rows(closing)),
        (_("petugas"), OfficerResult.objects.filter(closing=closing), frozen.officer_rows(closing)),
    ]
    for name, there, wanted in pairs:
        if _values(there) != _values(wanted):
            found.findings.append(
                _("Hasil %(who)s bulan %(month)s tidak sama dengan hitungan ulangnya.")
                % {"who": name, "month": f"{closing.month:%Y-%m}"}
            )


def _values(rows: Iterable[Model]) -> list[bytes]:
    """Every column but the row's own number, in one order."""
    return sorted(
        rules.canonical(
            {one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields if one.name != "id"}
        )
        for row in rows
    )
