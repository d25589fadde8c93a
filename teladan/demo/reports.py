"""The demo city's survey reports: what the city published before, and quarters published with their follow-up plans.

Through the same importer and actions as production. The last quarter of one unit is left ready for whoever tries it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from teladan.core import clock
from teladan.core.imports import Report
from teladan.core.spreadsheet import write_csv
from teladan.demo import city
from teladan.evaluation.actions import skm
from teladan.evaluation.imports_skm import PastImporter
from teladan.evaluation.models import SkmFollowUp
from teladan.evaluation.queries.skm import plan_of
from teladan.evaluation.queries.skm_report import report_payload
from teladan.evaluation.rules.skm import QUARTER, Period, period_of
from teladan.people.models import Unit, User

BY = "demo"
DATA = Path(__file__).parent / "data"
REGIMES = {"2015": "kepmenpan-25-2004", "2017": "permenpanrb-14-2017"}
"""2015 was graded by the bands of 2004. 2017 does not say; it is B by either."""
HEADERS = ["UNIT", "PERIODE", "IKM", "ATURAN", "MUTU", "CATATAN"]
ACTIONS = {
    "persyaratan": ("Memasang daftar syarat per layanan di pintu masuk dan di situs.", "Kepala Seksi Pelayanan"),
    "prosedur": ("Menyederhanakan alur menjadi satu kali serah berkas.", "Kepala Bidang"),
    "waktu": ("Menambah satu loket pada jam 09.00 sampai 11.00.", "Kepala Bidang"),
    "biaya": ("Menempel papan tarif dan keterangan gratis di setiap loket.", "Kepala Seksi Pelayanan"),
    "produk": ("Memeriksa dua kali isian sebelum dokumen dicetak.", "Kepala Seksi Pelayanan"),
    "kompetensi": ("Melatih petugas loket tentang layanan yang jarang diminta.", "Kepala Subbagian Umum"),
    "perilaku": ("Mengadakan pengarahan singkat tiap Senin pagi.", "Kepala Bidang"),
    "pengaduan": ("Menjawab setiap pengaduan paling lambat tiga hari kerja.", "Sekretaris"),
    "sarana": ("Menambah kursi tunggu dan kipas di ruang layanan.", "Kepala Subbagian Umum"),
}


def older_reports() -> Report:
    """The two figures that the one-stop office published, each with the regime of its time."""
    return PastImporter().commit(write_csv(HEADERS, list(_older())), "nilai_layanan_sawahlunto.csv", by=BY)


def _older() -> Iterator[list[str]]:
    with open(DATA / "nilai_layanan_sawahlunto.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["ukuran"] == "IKM konversi" and "DPMPTSPNaker" in row["objek"]:
                year = row["tahun"]
                yield [city.PTSP_SERVICE, year, row["nilai"], REGIMES[year], row["mutu"], row["objek"]]


def after_closing(month: date, *, months_left: int) -> None:
    """The last two whole quarters of the licensing office; of the civil-registration division only the one before last."""
    if month.month % QUARTER or months_left >= 2 * QUARTER:
        return
    period = period_of(month, QUARTER)
    publish(Unit.objects.get(code=city.PTSP_SERVICE), period, _head(city.PTSP_SERVICE))
    if months_left >= QUARTER:
        publish(Unit.objects.get(code=city.CAPIL), period, _head(city.CAPIL))


def _head(unit: str) -> User:
    return User.objects.get(
        grants__role="unit_head", grants__unit__code=unit, person__placements__post__unit__code=unit
    )


def publish(unit: Unit, period: Period, by: User) -> None:
    """Follow up what was planned before, plan against each weakness, publish."""
    for row in plan_of(unit, period.previous)[:1]:
        skm.change_follow_up(row=row, state=SkmFollowUp.State.DONE, by=by)
    due_on = clock.month_end(period.last) + timedelta(days=75)
    for element in report_payload(unit, period)["weaknesses"]:
        action, responsible = ACTIONS[element]
        skm.write_follow_up(
            unit=unit, period=period, element=element, action=action, responsible=responsible, due_on=due_on, by=by
        )
    skm.publish_report(unit=unit, period=period, by=by)
