"""The intake of source systems (queue machines, case systems): events in, ticket addresses out.

Fields are the columns of `import-events` in small letters. A token per source (`teladan source-token`) opens it. Every
answer that is no success is a problem (RFC 9457) in Indonesian that names the field and what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from http import HTTPStatus
from typing import Annotated, Any, Literal

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.responses import Status
from ninja.security import HttpBearer
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

from teladan.core import clock, ratelimit
from teladan.feedback import intake
from teladan.feedback.actions import serving
from teladan.feedback.actions.sealing import MonthSealed
from teladan.feedback.actions.tickets import IssuedTicket, TicketConflict, TicketRefused, reprint_ticket
from teladan.feedback.slips import ticket_address
from teladan.services import actions, queries
from teladan.services.actions import EventConflict, EventRefused
from teladan.services.models import SourceSystem
from teladan.services.rules import Change

PER_MINUTE = 600
WRONG_TOKENS_PER_MINUTE = 30


class TooOften(Exception):
    """More requests than a source may send in a minute."""


class Token(HttpBearer):
    """`Authorization: Bearer teladan_…`; only the hash of a token is known."""

    def authenticate(self, request: HttpRequest, token: str) -> SourceSystem | None:
        source = queries.source_with_token_hash(actions.token_hash(token))
        if source is None:
            if not ratelimit.allow(f"api-token:{request.META.get('REMOTE_ADDR')}", WRONG_TOKENS_PER_MINUTE, 60):
                raise TooOften
            return None
        if not ratelimit.allow(f"api:{source.code}", PER_MINUTE, 60):
            raise TooOften
        return source


def _only_text(value: object) -> object:
    if value is not None and not isinstance(value, str):
        raise ValueError("bukan teks")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_only_text)]


class Body(Schema):
    """Unknown fields are refused: a misspelt `selesai` must not get lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class HelperIn(Body):
    nip: str = Field(pattern=r"^[0-9]{18}$", examples=["198001012005011001"])
    peran: str = Field(min_length=1, max_length=60, examples=["verifikator"])


class EventIn(Body):
    nomor: str = Field(min_length=1, max_length=60, description="Nomor antrean atau berkas, unik di sistem Anda.")
    kode_layanan: str = Field(max_length=40, examples=["KK-BARU"])
    nip_petugas: str = Field(pattern=r"^[0-9]{18}$", description="Petugas yang menemui warga.")
    kode_loket: str = Field(max_length=40, examples=["MPP-DDK"])
    saluran: Literal["loket", "keliling", "daring"] = "loket"
    waktu_temu: Moment = Field(description="ISO 8601 dengan zona waktu.", examples=["2026-10-05T09:30:00+07:00"])
    berkas_lengkap: Moment | None = None
    selesai: Moment | None = Field(None, description="Boleh dikirim kemudian, dengan nomor yang sama.")
    hasil: Literal["dipenuhi", "ditolak", "belum lengkap"] = "dipenuhi"
    petugas_lain: list[HelperIn] = Field(default_factory=list, max_length=10)
    sidik_tiket: str | None = Field(
        None,
        pattern=r"^[0-9a-fA-F]{64}$",
        description='SHA-256("teladan-ticket-v1" | 16 bita tiket) bila tiket Anda cetak.',
    )


class TicketIn(Body):
    nomor: str = Field(min_length=1, max_length=60)


class TicketOut(Schema):
    alamat: str = Field(description="Alamat penilaian untuk QR. Hanya dikirim sekali, tidak kami simpan.")
    berlaku_sampai: date


class EventOut(Schema):
    nomor: str
    status: Literal["baru", "dilengkapi", "tetap"]
    bulan: str = Field(examples=["2026-10"])
    tiket: TicketOut | None = Field(description="Ada bila sumber menyerahkan tiket dan layanan ini baru.")


class Fault(Schema):
    field: str
    message: str
    todo: str


class Problem(Schema):
    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] = Field(default_factory=list)


class Intake(NinjaAPI):
    """Says in its description that problems are problems."""

    def get_openapi_schema(self, **kw: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kw)
        for path in schema["paths"].values():
            for operation in path.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400:
                        answer["content"] = {"application/problem+json": answer["content"]["application/json"]}
        return schema


api = Intake(
    title="Teladan: penerimaan layanan",
    version="1",
    description="Mengirim layanan yang diberikan di loket. Kirim ulang dengan nomor yang sama tidak mencatat dua kali.",
    urls_namespace="intake",
    docs_url=None,
    auth=Token(),
)
PROBLEMS: dict[int, Any] = dict.fromkeys((400, 401, 409, 413, 422, 429), Problem)


# --- operations ------------------------------------------------------------------------------------------------------


@api.post("peristiwa", response={200: EventOut, 201: EventOut, **PROBLEMS}, summary="Kirim satu layanan")
def event_send(request: HttpRequest, body: EventIn) -> Status[EventOut]:
    source = _source(request)
    row = _row(body)
    reading = intake.read(row, intake.Directory.for_rows([row]), now=clock.now())
    if body.sidik_tiket and not source.issues_tickets:
        reading.faults.append(intake.Fault("SIDIK TIKET", "Sumber ini tidak menyerahkan tiket.", "Kosongkan."))
    faults = [fault for fault in reading.faults if fault.level == "error"]
    if faults or reading.event is None:
        raise Refused(faults)
    accepted = serving.accept(
        source=source, event=reading.event, fingerprint=reading.fingerprint, by=f"source:{source.code}"
    )
    words: dict[Change | None, Literal["baru", "dilengkapi", "tetap"]] = {
        None: "baru",
        Change.PROGRESS: "dilengkapi",
        Change.SAME: "tetap",
    }
    answer = EventOut(
        nomor=accepted.event.number,
        status=words[accepted.change],
        bulan=f"{accepted.event.month:%Y-%m}",
        tiket=_ticket(accepted.ticket) if accepted.ticket else None,
    )
    return Status(201 if accepted.change is None else 200, answer)


@api.post("tiket", response={200: TicketOut, 404: Problem, **PROBLEMS}, summary="Ganti tiket yang gagal tercetak")
def ticket_replace(request: HttpRequest, body: TicketIn) -> TicketOut:
    """Membuat tiket baru untuk layanan yang baru saja dikirim. Tiket lama langsung mati."""
    source = _source(request)
    event = queries.event_with_number(source, body.nomor) if body.nomor.isprintable() else None
    if event is None:
        raise HttpError(404, "Nomor ini belum pernah dikirim oleh sistem Anda.")
    return _ticket(reprint_ticket(event=event, by=f"source:{source.code}"))


def _source(request: HttpRequest) -> SourceSystem:
    found = request.auth  # type: ignore[attr-defined]
    assert isinstance(found, SourceSystem)
    return found


def _row(body: EventIn) -> dict[str, str]:
    """The same text as one line of a file."""

    def text(moment: datetime | None) -> str:
        return moment.isoformat(timespec="seconds") if moment else ""

    return {
        "NOMOR": body.nomor,
        "KODE LAYANAN": body.kode_layanan,
        "NIP PETUGAS": body.nip_petugas,
        "KODE LOKET": body.kode_loket,
        "SALURAN": body.saluran,
        "WAKTU TEMU": text(body.waktu_temu),
        "BERKAS LENGKAP": text(body.berkas_lengkap),
        "SELESAI": text(body.selesai),
        "HASIL": body.hasil,
        "PETUGAS LAIN": ";".join(f"{helper.nip}:{helper.peran}" for helper in body.petugas_lain),
        "SIDIK TIKET": body.sidik_tiket or "",
    }


def _ticket(issued: IssuedTicket) -> TicketOut:
    return TicketOut(alamat=ticket_address(issued.token), berlaku_sampai=issued.ticket.expires_on)


# --- problems --------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """Faults of a row, to be told by field."""

    def __init__(self, faults: list[intake.Fault]) -> None:
        super().__init__(" ".join(fault.what for fault in faults))
        self.faults = faults


def _problem(status: int, title: str, detail: str, errors: list[Fault] | None = None) -> HttpResponse:
    body = Problem(title=title, status=status, detail=detail, errors=errors or [])
    response = JsonResponse(body.model_dump(), status=status, content_type="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _field(column: str) -> str:
    return column.lower().replace(" ", "_")


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    faults = [Fault(field=_field(fault.column), message=fault.what, todo=fault.todo) for fault in error.faults]
    return _problem(422, "Layanan ditolak", "Perbaiki isian yang disebut, lalu kirim ulang.", faults)


@api.exception_handler(EventRefused)
def _event_refused(request: HttpRequest, error: EventRefused) -> HttpResponse:
    todo = "Perbaiki di sistem sumber, lalu kirim ulang."
    named = [(_field(intake.column_of(name)), sentence) for name, sentence in error.faults]
    faults = [Fault(field=name, message=sentence, todo=todo) for name, sentence in named]
    if isinstance(error, EventConflict):
        return _problem(409, "Nomor sudah dipakai", str(error), faults)
    return _problem(422, "Layanan ditolak", str(error), faults)


@api.exception_handler(MonthSealed)
def _sealed(request: HttpRequest, error: MonthSealed) -> HttpResponse:
    detail = f"Bulan {error.month:%Y-%m} sudah ditutup; layanan baru tidak dapat masuk lagi."
    return _problem(409, "Bulan sudah ditutup", detail)


@api.exception_handler(TicketRefused)
def _ticket_refused(request: HttpRequest, error: TicketRefused) -> HttpResponse:
    field = "sidik_tiket" if isinstance(error, TicketConflict) else "nomor"
    todo = "Periksa sistem sumber; tiket tidak dapat dipindahkan."
    return _problem(409, "Tiket ditolak", str(error), [Fault(field=field, message=str(error), todo=todo)])


@api.exception_handler(AuthenticationError)
def _no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    detail = "Kirim token sumber di kepala Authorization: Bearer. Administrator membuatnya: teladan source-token."
    response = _problem(401, "Token tidak dikenal", detail)
    response.headers["WWW-Authenticate"] = 'Bearer realm="teladan"'
    return response


@api.exception_handler(TooOften)
def _too_often(request: HttpRequest, error: TooOften) -> HttpResponse:
    response = _problem(429, "Terlalu sering", "Tunggu satu menit, lalu kirim lagi.")
    response.headers["Retry-After"] = "60"
    return response


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return _problem(400, "Isi tidak terbaca", "Isi permintaan harus JSON (UTF-8).")
    return _problem(error.status_code, "Tidak ditemukan" if error.status_code == 404 else "Ditolak", str(error))


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return _problem(413, "Terlalu besar", "Kirim satu layanan dalam satu permintaan.")


_MESSAGES = {
    "missing": ("Isian ini wajib.", "Tambahkan isian ini."),
    "extra_forbidden": ("Isian ini tidak dikenal.", "Periksa ejaannya, atau hapus."),
    "string_too_short": ("Isian ini kosong.", "Isi nilainya."),
    "string_too_long": ("Isian ini terlalu panjang.", "Perpendek."),
    "string_pattern_mismatch": ("Bentuk isian ini salah.", "Lihat uraian isian di dokumentasi API."),
    "literal_error": ("Nilai ini tidak dikenal.", "Pakai salah satu nilai di dokumentasi API."),
    "timezone_aware": ("Waktu tanpa zona waktu.", "Tulis misalnya 2026-10-05T09:30:00+07:00."),
    "too_long": ("Terlalu banyak isian.", "Paling banyak 10."),
}
_TIME_FIELDS = {"waktu_temu", "berkas_lengkap", "selesai"}
_OTHER = ("Nilai ini tidak terbaca.", "Lihat uraian isian di dokumentasi API.")
_TIME = ("Waktu tidak terbaca.", "Tulis misalnya 2026-10-05T09:30:00+07:00.")


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = []
    for one in error.errors:
        place = [str(part) for part in one["loc"] if part not in ("body", "body_params")]
        other = _TIME if _TIME_FIELDS & set(place) else _OTHER
        message, todo = _MESSAGES.get(one["type"], other)
        faults.append(Fault(field=".".join(place[:4]) or "isi", message=message, todo=todo))
    return _problem(422, "Isian tidak sah", "Perbaiki isian yang disebut, lalu kirim ulang.", faults)


def _telling_methods(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A method that no operation has is a problem like any other."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kw: Any) -> HttpResponse:
        response = view(request, *args, **kw)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        problem = _problem(405, "Cara tidak dikenal", f"Alamat ini hanya menerima {response.headers['Allow']}.")
        problem.headers["Allow"] = response.headers["Allow"]
        return problem

    return answer


paths: list[Any] = list(api.urls[0])
for _path in paths:
    if _path.name != "api-root":
        _path.callback = login_not_required(_telling_methods(_path.callback))  # a token opens these, not a session
