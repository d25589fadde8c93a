"""A few complaints of the demo city in several states, made by the same actions as everybody's. All people are invented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from teladan.complaints.actions import filing, handling
from teladan.complaints.actions.filing import Sent
from teladan.complaints.models import Complaint
from teladan.core import clock
from teladan.demo import city
from teladan.people.models import Person, Unit, User
from teladan.services.models import Service

Step = Callable[[Complaint], object]


@dataclass(frozen=True)
class Told:
    """One complaint: who, how many days ago, about what, and what happened after how many days."""

    name: str
    contact: tuple[str, str]
    days_ago: int
    served: int  # days before filing
    unit: str
    story: str
    wish: str
    steps: tuple[tuple[int, Step], ...] = ()


def told(handler: User, officer: Person) -> list[Told]:
    """The complaints, oldest first; the last ones wait for a handler."""

    def take(case: Complaint) -> object:
        return handling.take_case(complaint=case, by=handler)

    def complete(case: Complaint) -> object:
        return handling.declare_complete(complaint=case, by=handler)

    def heard(case: Complaint) -> object:
        return handling.hear_complainant(
            complaint=case,
            question="Kapan Anda datang, dan apa yang dikatakan di loket?",
            statement="Saya datang hari Selasa pagi. Berkas saya dikembalikan dua kali tanpa daftar yang kurang.",
            by=handler,
        )

    def asked(case: Complaint) -> object:
        return handling.question_complained_of(
            complaint=case,
            person=officer,
            question="Siapa yang bertugas di loket pada hari itu, dan bagaimana warga diberi tahu bila berkasnya kurang?",
            by=handler,
        )

    def decided(outcome: str, reasons: str) -> Step:
        return lambda case: handling.decide(complaint=case, outcome=outcome, reasons=reasons, by=handler)

    def delivered(case: Complaint) -> object:
        return handling.deliver(complaint=case, text="Lewat telepon, dan tampil di halaman ini.", by=handler)

    def missing(case: Complaint) -> object:
        text = "Foto tanda terima berkas atau nomor antreannya, agar kami menemukan layanan itu."
        return handling.ask_missing(complaint=case, text=text, by=handler)

    def escalated(case: Complaint) -> object:
        text = "Pengaduan menyangkut uang, jadi diperiksa Inspektorat."
        return handling.escalate(complaint=case, body="inspectorate", text=text, by=handler)

    def forwarded(case: Complaint) -> object:
        text = "Aplikasi nasional dikelola kementerian, bukan kota."
        return handling.forward(complaint=case, tracking_number="LAPOR-4417052", text=text, by=handler)

    return [
        Told("Rosnelti", ("phone", "0812-0000-1101"), 70, 4, city.DAFDUK,
             "Kartu keluarga dijanjikan sehari, baru jadi sembilan hari. Tidak ada yang memberi kabar.",
             "Penjelasan, dan kabar bila terlambat.",
             ((3, take), (5, complete), (9, heard),
              (30, decided("upheld", "Catatan layanan menunjukkan sembilan hari tanpa kabar, janji layanan satu hari. "
                                     "Kantor meminta maaf dan mulai mengirim kabar bila berkas tertahan.")),
              (33, delivered))),
        Told("Syafrizal", ("email", "syafrizal@contoh.id"), 52, 10, city.CAPIL,
             "Akta kelahiran salah satu huruf. Diminta datang lagi tiga kali.",
             "Akta dibetulkan tanpa datang lagi.",
             ((2, take), (6, complete),
              (45, decided("partly", "Kesalahan huruf dibetulkan kantor. Dua kunjungan memang perlu untuk asli dokumen; "
                                     "satu kunjungan tidak perlu.")))),
        Told("Yusmaniar", ("phone", "0813-0000-2202"), 40, 3, city.DAFDUK,
             "Petugas meminta uang agar selesai hari itu.", "Uang dikembalikan.", ((1, take), (3, escalated))),
        Told("Hendri", ("phone", "0852-0000-3303"), 33, 45, city.DAFDUK,
             "Aplikasi identitas digital tidak dapat dibuka sejak dua bulan.", "Diperbaiki.",
             ((2, take), (4, forwarded))),
        Told("Desmawati", ("post", "Jl. Batu Tajam 12, Silungkang, Sawahlunto"), 26, 6, city.DAFDUK,
             "Berkas saya dikembalikan dua kali. Yang kurang baru disebut pada kali kedua.",
             "Daftar syarat yang jelas di loket.", ((1, take), (4, complete), (8, heard), (24, asked))),
        Told("Amrizal", ("phone", "0811-0000-4404"), 21, 8, city.CAPIL,
             "Nomor antrean saya dilewati.", "Antrean dipanggil berurutan.", ((2, take), (5, missing))),
        Told("Nurhayati", ("email", "nurhayati@contoh.id"), 18, 2, city.DAFDUK,
             "Loket tutup pukul 14 padahal tertulis pukul 15.", "Jam buka ditepati."),
        Told("Zulkifli", ("phone", "0823-0000-5505"), 3, 1, city.CAPIL,
             "Ruang tunggu tidak dapat dimasuki kursi roda ibu saya.", "Jalan landai di pintu samping."),
    ]  # fmt: skip


def complaints_so_far(now: datetime, since: datetime) -> None:
    """Live each complaint filed after `since` up to `now`."""
    handler, officer = User.objects.get(username="pengaduan"), User.objects.get(username="petugas").person
    assert officer is not None
    for number, one in enumerate(told(handler, officer)):
        filed_at = now - timedelta(days=one.days_ago)
        if filed_at < since:
            continue
        with clock.at(filed_at):
            filed = filing.file_complaint(sent=_sent(one, filed_at), key=f"{city.SEED + number:032x}")
        for days, step in one.steps:
            with clock.at(filed_at + timedelta(days=days)):
                step(filed.complaint)


def _sent(one: Told, filed_at: datetime) -> Sent:
    kind, contact = one.contact
    unit = Unit.objects.get(code=one.unit)
    service = Service.objects.filter(unit__code=city.DUKCAPIL).order_by("pk").first()
    return Sent(
        name=one.name,
        contact_kind=kind,
        contact=contact,
        unit=unit,
        service=service,
        served_on=clock.day_of(filed_at - timedelta(days=one.served)),
        story=one.story,
        wish=one.wish,
    )
