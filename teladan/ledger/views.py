"""Files for everybody who checks: checkpoint, keys, proofs, tiles. Plain text and bytes, no page, no account."""

from __future__ import annotations

import re

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from teladan.ledger import queries

_NUMBER = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_FOREVER = "public, max-age=31536000, immutable"
_MOMENT = "public, max-age=5"


@login_not_required
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The last signed head (c2sp.org/tlog-checkpoint)."""
    last = queries.latest_checkpoint()
    return _text(last.note, _MOMENT) if last else _absent(_("Log ini belum mempunyai titik periksa. Coba lagi nanti."))


@login_not_required
@require_safe
def key_list(request: HttpRequest) -> HttpResponse:
    """The public keys of checkpoints, then those of promises, one a line."""
    lines = [key.as_text() for key in [*queries.log_keys(), *queries.promise_keys()]]
    return _text("".join(f"{line}\n" for line in lines), _MOMENT)


@login_not_required
@require_safe
def proof(request: HttpRequest, leaf: str) -> HttpResponse:
    """That a leaf stands in the log (c2sp.org/tlog-proof), by its hash in 64 small hexadecimal digits."""
    if not re.fullmatch("[0-9a-f]{64}", leaf):
        return _absent(_("Alamat bukti memuat sidik daun: 64 angka heksadesimal dengan huruf kecil."))
    found = queries.prove_inclusion(bytes.fromhex(leaf))
    if found is None:
        return _absent(_("Daun ini tidak ada di log. Daun yang baru diserahkan masuk dalam 24 jam; coba lagi besok."))
    response = _text(found.as_text(), _MOMENT)
    response["Content-Disposition"] = f'attachment; filename="{leaf[:16]}.tlog-proof"'
    return response


@login_not_required
@require_safe
def consistency(request: HttpRequest, old: int, new: int) -> HttpResponse:
    """That the checkpoint of `new` leaves extends the tree of `old`: what a witness is sent (c2sp.org/tlog-witness)."""
    found = queries.prove_consistency(old, new)
    if found is None:
        return _absent(
            _(
                "Tidak ada titik periksa dengan ukuran itu. Ukuran baru harus ukuran sebuah titik periksa, dan tidak lebih kecil dari yang lama."
            )
        )
    return _text(found.as_text(), _MOMENT)


@login_not_required
@require_safe
def tile(request: HttpRequest, level: int, number: str) -> HttpResponse:
    """A tile of the tree, full or begun (c2sp.org/tlog-tiles)."""
    parsed = _NUMBER.fullmatch(number)
    found = None
    if parsed and len(number) < 40:
        digits = parsed[1].replace("x", "").replace("/", "")
        found = queries.tile_bytes(level, int(digits), int(parsed[2] or 256))
    if found is None:
        return _absent(_("Petak pohon ini tidak ada."))
    return _open(HttpResponse(found, content_type="application/octet-stream"), _FOREVER)


def _text(text: str, cache: str) -> HttpResponse:
    return _open(HttpResponse(text, content_type="text/plain; charset=utf-8"), cache)


def _absent(sentence: str) -> HttpResponse:
    return _open(HttpResponse(f"{sentence}\n", status=404, content_type="text/plain; charset=utf-8"), "no-store")


def _open(response: HttpResponse, cache: str) -> HttpResponse:
    """Readable by programs on any site: there is nothing here that not everybody may read."""
    response["Cache-Control"] = cache
    response["Access-Control-Allow-Origin"] = "*"
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response
