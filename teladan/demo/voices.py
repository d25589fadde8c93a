"""What citizens of the demo city write beside their answers, and how a moderator and the officers deal with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from teladan.core import clock
from teladan.demo import city
from teladan.evaluation.actions.commenting import release_comments
from teladan.feedback.actions import comments as actions
from teladan.feedback.actions.comments import Decision
from teladan.feedback.models import SealedComment
from teladan.feedback.queries import comments as queries
from teladan.feedback.queries.comments import PAGE, ToRead
from teladan.people.models import User

SHARE = 0.08  # of the raters write something
INVITED, INVITED_SHARE = 4, 0.25  # in the last months the slips invite to write
SPOKEN_OF = 0.6  # then, of those whom the demo's officer served: enough to be read as their own
REPLIES = 0.15  # of the comments that officers may answer
MODERATOR = "moderator"

PLAIN = (
    "Petugas menjelaskan dengan sabar.", "Antre agak lama.", "Terima kasih.", "Kursi tunggu kurang.", "Cepat selesai.",
    "Sudah dua kali datang, baru lengkap.", "Syaratnya jelas, terima kasih.", "Nomor antrean dilewati.",
    "Ruang tunggu panas.", "Ramah, tetapi komputernya lambat.", "Mohon buka juga hari Sabtu.",
    "Semua lancar, tidak sampai setengah jam.", "Petugas sibuk dengan telepon.", "Toilet bersih.",
    "Parkir sempit pada pagi hari.", "Lansia didahulukan. Bagus.",
)  # fmt: skip
NAMING = (
    "Pak {name} sabar sekali.", "{name} menjelaskan sampai saya mengerti.", "Bu {name} kurang senyum.",
    "Tolong kabari saya di 0812-0000-{number}.", "Yang melayani bernama {name}, cepat.",
    "Surel saya warga{number}@contoh.id, mohon dibalas.",
)  # fmt: skip
REMOVED = (
    ("Dasar pemalas semua!", "abuse"),
    ("Jual kursi murah, hubungi toko saya.", "unrelated"),
    ("Minta uang supaya cepat, kata tetangga saya.", "accusation"),
    ("asdf qwer", "unreadable"),
)
ANSWERS = (
    "Terima kasih, ini menyemangati kami.", "Maaf atas antrean pagi itu. Kini dua loket dibuka sampai pukul 10.",
    "Terima kasih. Daftar syarat kini ditempel di pintu.", "Sudah kami sampaikan kepada kepala bidang.",
)  # fmt: skip


def share(*, invited: bool, by_demo_officer: bool) -> float:
    """How many of the raters write something."""
    return SHARE if not invited else SPOKEN_OF if by_demo_officer else INVITED_SHARE


def comment(random: Random, officer: str, share: float) -> str:
    """What one citizen writes; mostly nothing. `officer` is the name of whoever served them."""
    if random.random() >= share:
        return ""
    kind = random.random()
    if kind < 0.03:
        return random.choice(REMOVED)[0]
    if kind < 0.2:
        return random.choice(NAMING).format(name=officer.split()[0], number=random.randint(1000, 9999))
    return random.choice(PLAIN)


def after_closing(month: date, *, months_left: int) -> None:
    """The moderator reads a closed month, officers answer some. The last month waits for whoever tries the demo."""
    if not months_left:
        return
    moderator = User.objects.get(username=MODERATOR)
    random = Random(f"{city.SEED}|komentar|{month}")
    day = clock.now()
    with clock.at(day + timedelta(days=2)):
        read(moderator)
        release_comments()
    with clock.at(day + timedelta(days=5)):
        answer(month, random)
    if months_left > 1:
        with clock.at(day + timedelta(days=6)):
            read(moderator, replies=True)
            release_comments()
    with clock.at(day + timedelta(days=7)):
        actions.forget_originals()


def read(moderator: User, *, replies: bool = False) -> None:
    """Page by page, as the moderator's own page does it."""
    units = queries.units_to_moderate(moderator)
    while rows := queries.with_proposals(
        (queries.waiting_replies(units) if replies else queries.waiting_comments(units))[: PAGE * 8]
    ):
        actions.decide(decisions=list(_decisions(rows)), by=moderator)


def _decisions(rows: list[ToRead]) -> Iterator[Decision]:
    reasons = dict(REMOVED)
    for row in rows:
        reason = reasons.get(row.text, "")
        yield Decision(row.pk, reason=reason) if reason else Decision(row.pk, shown=row.proposal)


def answer(month: date, random: Random) -> None:
    """Officers with an account answer some of what came out and they may read as their own."""
    out = SealedComment.objects.filter(for_officer=True, batch__last_month=month)
    officers = User.objects.filter(person__in=out.values("officer")).select_related("person").order_by("username")
    for user in officers:
        assert user.person is not None
        for row in queries.own_rows(user.person).filter(reply=None, batch__last_month=month).order_by("id"):
            if random.random() < REPLIES:
                actions.reply(comment=row, text=random.choice(ANSWERS), by=user)
