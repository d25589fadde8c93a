"""Lives the demo city's months through the same importers and actions as production, on a settable clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property
from random import Random

from django.db import connection, transaction

from teladan.core import clock, sealedfile
from teladan.core.keyfile import own_secret
from teladan.core.spreadsheet import write_csv
from teladan.demo import city, grievances, history, inspection, months, reports, voices
from teladan.demo.accounts import ACCOUNTS, PASSWORD
from teladan.demo.truth import Truth, draw_truth
from teladan.evaluation.actions.closing import close_month
from teladan.feedback import tokens
from teladan.feedback.actions.casting import Submission, cast_many
from teladan.feedback.actions.receipts import settle_unfinished
from teladan.feedback.imports_events import EventImporter
from teladan.feedback.imports_ratings import RatingImporter, parse_columns
from teladan.feedback.queries import demo_key_path
from teladan.feedback.questionnaire import versions
from teladan.ledger import actions as ledger
from teladan.people import actions as people
from teladan.people.imports import EmployeeImporter, UnitImporter
from teladan.people.models import Person, Unit, User
from teladan.services import actions as services
from teladan.services import catalogue
from teladan.services.models import Service, SourceSystem

BY = "demo"
OFFICIAL_SHARE = 0.25  # of the citizens fill in the official form
COUNTERS = (
    ("DUKCAPIL-1", "Loket 1 Pendaftaran Penduduk", city.DAFDUK, "DP1"),
    ("DUKCAPIL-2", "Loket 2 Pendaftaran Penduduk", city.DAFDUK, "DP2"),
    ("DUKCAPIL-3", "Loket 3 Pencatatan Sipil", city.CAPIL, "CS1"),
    ("DUKCAPIL-4", "Loket 4 Pencatatan Sipil", city.CAPIL, "CS2"),
    ("MPP-DDK", "Disdukcapil", city.DAFDUK, "DDK"),
    ("MPP-DPTK", "DPMPTSPNaker", city.PTSP_SERVICE, "DPTK"),
)
SOURCES = (("antrean-dukcapil", "Mesin antrean Disdukcapil"), ("antrean-mpp", "Mesin antrean mal pelayanan publik"))


class AlreadySeeded(Exception):
    """The demo city is loaded only into an empty database."""


class Seeder:
    """Everything that loading the city needs to remember between its steps. `say(done, total, what)` reports progress."""

    def __init__(self, until: date, now: datetime, say: Callable[[int, int, str], None]) -> None:
        self.until, self.now, self.say = until, now, say
        self.staff = city.employees()
        self.calendar = [clock.add_months(until, shift) for shift in range(1 - months.MONTHS, 1)]

    def run(self) -> None:
        """Units, people, catalogue, accounts, then month after month; the running month last."""
        if Unit.objects.exists():
            raise AlreadySeeded("Basis data sudah berisi unit. Kota contoh hanya dimuat ke basis data kosong.")
        total = len(self.calendar) + 2
        self.say(0, total, "unit dan pegawai")
        own_secret(demo_key_path(), sealedfile.new_private_key)
        with clock.at(clock.local(self.calendar[0] - timedelta(days=10), 9)), fast_commits():
            self.organisation()
            self.counters()
            self.accounts()
            must(reports.older_reports())
        for index, month in enumerate(self.calendar):
            self.say(index + 1, total, f"{month:%Y-%m}")
            self.live(index, month)
        self.say(total - 1, total, "bulan berjalan")
        self.present()
        self.say(total, total, "selesai")

    def organisation(self) -> None:
        """The two files a city brings. The export comes twice: in the first, one clerk is still elsewhere."""
        must(UnitImporter().commit(write_csv(city.UNIT_HEADERS, city.unit_rows()), "unit.csv", by=BY))
        headers = city.siasn_headers()
        content = write_csv(headers, city.employee_rows(self.staff, headers))
        must(EmployeeImporter().commit(content, "siasn.csv", by=BY))
        Person.objects.filter(nip__regex=r"9[0-9][0-9]$").update(is_demo=True)
        history.acting_head(self.staff)

    def counters(self) -> None:
        """Catalogue, standards, counters and the queue machines."""
        catalogue.load(services_unit=city.DUKCAPIL, mall_unit=city.PTSP, by=BY)
        with transaction.atomic():
            catalogue.load_services(history.mall_services(), Unit.objects.get(code=city.PTSP))
            for code, name, unit, prefix in COUNTERS:
                hall = catalogue.HALL if code.startswith("MPP") else "Kantor Disdukcapil"
                owner = Unit.objects.get(code=unit)
                services.save_counter(code=code, name=name, unit=owner, hall=hall, queue_prefix=prefix)
            for code, name in SOURCES:
                services.save_source(code=code, name=name, issues_tickets=True, by=BY)

    def outside_ratings(self) -> None:
        """The real app ratings of another city and of the national app: a source of its own."""
        importer = RatingImporter(
            code="TOKO-APLIKASI",
            name="Rating aplikasi kependudukan di toko aplikasi",
            scale="bintang",
            mapping=parse_columns(["key=id", "month=tanggal", "subject=aplikasi", "stars=bintang"], "bintang"),
            note="Kota Bandung dan aplikasi nasional IKD; bukan layanan kota ini.",
        )
        path = months.DATA / "rating_nyata_layanan_dukcapil.csv"
        must(importer.commit(path.read_bytes(), path.name, by=BY))

    def accounts(self) -> None:
        """One account per role with a password; one without for everybody who serves or leads at the counters."""
        for account in ACCOUNTS:
            person = self._person(account.unit, account.place) if account.unit else None
            user = people.create_account(
                person=person, username=account.username, display_name=account.display, password=PASSWORD, by=BY
            )
            scope = Unit.objects.get(code=account.scope) if account.scope else None
            people.grant_role(user=user, role=account.role, unit=scope, by=BY)
        history.more_roles(self._person)
        history.quiet_accounts(self.staff)

    def _person(self, unit: str, place: int) -> Person:
        nips = [person.who.nip for person in self.staff if person.unit == unit]
        return Person.objects.get(nip=nips[place])

    @cached_property
    def desks(self) -> list[months.Desk]:
        fields: dict[str, list[str]] = {}
        for code, field in Service.objects.order_by("pk").values_list("code", "field"):
            fields.setdefault(field, []).append(code)
        return months.desks(self.staff, fields)

    def desks_in(self, month: date) -> list[months.Desk]:
        """The counters as staffed in a month: one clerk moves."""
        if month < history.MOVED_ON:
            return self.desks
        mover = history.counter_clerks(self.staff, city.CAPIL)[history.MOVER]
        return [
            replace(desk, officers=tuple(nip for nip in desk.officers if nip != mover))
            if desk.counter == "DUKCAPIL-3"
            else replace(desk, officers=(*desk.officers, mover))
            if desk.counter == "DUKCAPIL-2"
            else desk
            for desk in self.desks
        ]

    @cached_property
    def names(self) -> dict[str, str]:
        return {person.who.nip: person.who.name for person in self.staff}

    @cached_property
    def truth(self) -> Truth:
        nips = sorted({nip for desk in self.desks for nip in desk.officers})
        codes = sorted({code for desk in self.desks for code, _ in desk.services})
        return draw_truth(Random(city.SEED), nips, codes)

    @cached_property
    def promised(self) -> dict[str, int | None]:
        rows = Service.objects.values_list("code", "standards__promised_minutes")
        return dict(rows)

    def live(self, index: int, month: date) -> None:
        """A month at the counters, then its closing and what follows from it."""
        after = clock.add_months(month, 1)
        evening, grace_over = clock.local(after) - timedelta(hours=4), clock.local(after + timedelta(days=7))
        visits = self.visits(index, month, self.now)
        with fast_commits():
            if month == history.MOVED_ON:
                with clock.at(clock.local(month, 8)):
                    history.move_clerk(self.staff)
            with clock.at(evening):
                self.record(visits)
                ledger.sequence()
            with clock.at(grace_over - timedelta(hours=8)):
                self.record([visit for visit in visits if visit.finished_at and visit.finished_at > evening])
            self.cast(visits, until=grace_over)
        if index in (0, 3):  # so many rows so soon: autovacuum has not come round yet
            analyze()
        with clock.at(grace_over + timedelta(hours=9)):
            close_month(month=month, by=User.objects.get(username="bkpsdm"))
            let_in()
            history.after_closing(month, months_left=len(self.calendar) - 1 - index)
            reports.after_closing(month, months_left=len(self.calendar) - 1 - index)
            voices.after_closing(month, months_left=len(self.calendar) - 1 - index)

    def present(self) -> None:
        """The month that is running now, as far as it has come, and the complaints of the last weeks."""
        month = clock.month_of(self.now)
        running = clock.add_months(self.until, 1)
        while running <= month:
            visits = self.visits(months.MONTHS, running, self.now)
            end = min(self.now, clock.local(clock.add_months(running, 1)) - timedelta(hours=4))
            with fast_commits():
                with clock.at(end):
                    self.record(visits)
                    ledger.sequence()
                self.cast(visits, until=self.now, share_telephones=True)
            running = clock.add_months(running, 1)
        for hours in (2, 1):
            with clock.at(self.now - timedelta(hours=hours)):
                settle_unfinished()
        with clock.at(self.now):
            let_in()
            self.outside_ratings()
            history.learning_so_far()
            inspection.inspection_so_far()
        grievances.complaints_so_far(self.now, since=clock.local(self.calendar[0]))

    def visits(self, index: int, month: date, until: datetime) -> list[months.Visit]:
        found = [
            visit
            for desk in self.desks_in(month)
            for visit in months.visits(month, index, desk, self.truth, self.promised, until)
        ]
        if clock.month_of(months.OUTREACH_DAY) == month:
            day = months.outreach(self.desks[0], self.truth, self.promised, index)
            found += [visit for visit in day if visit.met_at < until]
        return found

    def record(self, visits: Sequence[months.Visit]) -> None:
        """One event file per queue machine, through the importer."""
        source_of = {desk.counter: desk.source for desk in self.desks}
        for source in SourceSystem.objects.filter(code__in=set(source_of.values())):
            rows = [
                months.event_row(visit, tokens.token_hash(visit.token).hex(), clock.now())
                for visit in visits
                if source_of[visit.counter] == source.code
            ]
            if rows:
                content = write_csv(months.EVENT_HEADERS, rows)
                must(EventImporter(source).commit(content, f"{source.code}.csv", by=BY))

    def words(self, random: Random, visit: months.Visit) -> str:
        """What this citizen writes beside the answers."""
        invited = visit.met_at >= clock.local(clock.add_months(self.until, 1 - voices.INVITED))
        share = voices.share(invited=invited, by_demo_officer=visit.officer == self.demo_officer)
        return voices.comment(random, self.names.get(visit.officer, ""), share)

    @cached_property
    def demo_officer(self) -> str:
        return str(User.objects.values_list("person__nip", flat=True).get(username="petugas"))

    def cast(self, visits: Sequence[months.Visit], until: datetime, *, share_telephones: bool = False) -> None:
        """The citizens' answers, in the order of time; some from one telephone, where there is something to look at."""
        random, crowd = Random(f"{city.SEED}|{until}"), Random(f"{city.SEED}|responden|{until}")
        rated = sorted((v for v in visits if v.rated_at and v.rated_at < until), key=lambda v: v.rated_at or v.met_at)
        devices = inspection.telephones(rated) if share_telephones else {}
        cast_many(
            Submission(
                token_hash=tokens.token_hash(visit.token),
                answers={**visit.answers, **visit.rest},
                at=visit.rated_at or visit.met_at,
                comment=self.words(random, visit),
                profile=respondent(crowd) if crowd.random() < OFFICIAL_SHARE else {},
                device=devices.get(visit.number),
            )
            for visit in rated
        )


def respondent(random: Random) -> dict[str, str]:
    """What somebody says of themselves on the official form; some leave a part of it out."""
    said = {}
    for question in versions()[-1].profile:
        codes = list(question.options)
        said[question.attribute] = "" if random.random() < 0.1 else random.choice(codes)
    return said


def must(report: object) -> None:
    """An importer's report without errors; the demo's own files never have any."""
    messages = [message for message in report.messages if message.level == "error"]  # type: ignore[attr-defined]
    if messages:
        raise RuntimeError(f"berkas kota contoh ditolak: {messages[:3]}")


def let_in() -> None:
    """The rounds of the log that follow: one tells the waiting leaves what they wait for, the next takes them all."""
    ledger.sequence()
    ledger.sequence(share=1)


def analyze() -> None:
    """Let the planner know what was loaded."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def fast_commits() -> Iterator[None]:
    """Loading may lose its last moments in a power cut: it starts over anyway."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")
