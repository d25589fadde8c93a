"""The reference catalogue: 31 civil-registry services with their first standards, 27 counters of the service mall.

Loaded for the unit that owns the services and the unit that runs the mall. Only what is missing is added: whatever the
city has changed since then stays.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import transaction

from teladan.core import audit
from teladan.people.models import Unit
from teladan.services import actions, queries, rules
from teladan.services.models import Service

DATA = Path(__file__).parent / "data"
SINCE = date(2025, 1, 1)
HALL = "Mal Pelayanan Publik"
MALL_COUNTER_OF_SERVICES = "DDK"
"""The one counter of the mall that belongs to the owner of the 31 services."""
_LAWS = re.compile(r"((?:UU|PP|Permendagri) \d+/\d{4})( art\. \d+)?(?! exists)")


@dataclass(frozen=True)
class Loaded:
    """What the catalogue holds, and how much of it was missing."""

    services: int
    standards: int
    counters: int
    new_services: int = 0
    new_standards: int = 0
    new_counters: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.new_services or self.new_standards or self.new_counters)


class UnknownUnit(LookupError):
    """A unit that must exist before the catalogue can be loaded."""


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one of the room's data files."""
    with open(DATA / f"{name}.csv", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def legal_basis(source: str) -> str:
    """The laws that a row's source names, as people cite them; nothing where only memory speaks."""
    cited = (f"{law}{article.replace('art.', 'pasal')}" for law, article in _LAWS.findall(source))
    return "; ".join(dict.fromkeys(cited))


@transaction.atomic
def load(*, services_unit: str, mall_unit: str, by: object, since: date = SINCE) -> Loaded:
    """Load services, standards from `since` on, and counters. UnknownUnit says which unit is missing."""
    owner, host = _unit(services_unit), _unit(mall_unit)
    actions.counter_source()
    services, standards = load_services(rows("layanan_disdukcapil"), owner, since)
    counters = [_counter(row, owner, host) for row in rows("loket_mpp_sawahlunto")]
    loaded = Loaded(
        len(services),
        len(standards),
        len(counters),
        sum(changed for _, changed in services),
        sum(standards),
        sum(counters),
    )
    if loaded.changed:
        audit.record(event=audit.Event.CATALOGUE_LOADED, actor=by, subject="catalogue", after=loaded.__dict__)
    return loaded


def load_services(
    given: Iterable[dict[str, str]], owner: Unit, since: date = SINCE
) -> tuple[list[tuple[Service, bool]], list[bool]]:
    """Services and their standards from rows with the columns of `layanan_disdukcapil.csv`, each with "is new"."""
    services, standards = [], []
    for row in given:
        services.append(_service(row, owner))
        standards.append(_standard(services[-1][0], row, since))
    return services, standards


def _unit(code: str) -> Unit:
    found = queries.unit_with_code(code)
    if found is None:
        raise UnknownUnit(f"Unit {code!r} belum ada. Impor unit dulu: teladan import-units BERKAS.")
    return found


def _service(row: dict[str, str], owner: Unit) -> tuple[Service, bool]:
    content = {"name": row["layanan"], "unit_id": owner.pk, "field": row["bidang"], "product": row["produk"]}
    return Service.objects.get_or_create(code=row["kode"], defaults=content)


def _standard(service: Service, row: dict[str, str], since: date) -> bool:
    if service.standards.exists():
        return False
    actions.set_standard(
        service=service,
        valid_from=since,
        promised_minutes=rules.promised_minutes(row["janji_layanan_umum"]),
        legal_limit=row["batas_waktu_undang_undang"],
        requirements=row["persyaratan_ringkas"],
        fee=int(row["biaya_rp"] or 0),
        legal_basis=legal_basis(row["source"]),
    )
    return True


def _counter(row: dict[str, str], owner: Unit, host: Unit) -> bool:
    """City counters belong to their own unit when the tree knows it, else to the unit that runs the mall."""
    prefix, city = row["inisial_antrian"], row["milik_pemko"] == "ya"
    if queries.counter_exists(f"MPP-{prefix}"):
        return False
    own = owner if prefix == MALL_COUNTER_OF_SERVICES else queries.unit_with_code(prefix)
    actions.save_counter(
        code=f"MPP-{prefix}",
        name=row["loket"],
        unit=(own or host) if city else None,
        outside_owner="" if city else row["loket"],
        hall=HALL,
        queue_prefix=prefix,
    )
    return True
