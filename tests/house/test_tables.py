"""The database knows the rules: every choice has its CHECK, every `*_by` its `*_at`."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

OURS = [
    model
    for model in apps.get_models()
    if model.__module__.startswith("teladan.") and model._meta.managed and not model._meta.proxy
]


def checks_of(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
            [table],
        )
        return [definition for (definition,) in cursor.fetchall()]


def names(definition: str, column: str) -> bool:
    return re.search(rf"\b{re.escape(column)}\b", definition) is not None


def choice_fields() -> list[Any]:
    return [
        pytest.param(model, field, id=f"{model._meta.label}.{field.name}")
        for model in OURS
        for field in model._meta.local_fields
        if field.choices
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "field"), choice_fields())
def test_every_choice_is_checked_by_the_database(model: type[models.Model], field: models.Field[Any, Any]) -> None:
    """Exactly the choices (and the empty text where blank is allowed) pass; nothing else does."""
    wanted = {str(value) for value, _ in field.flatchoices} - {""}
    for definition in checks_of(model._meta.db_table):
        if names(definition, field.column):
            found = set(re.findall(r"'([^']*)'", definition)) | set(re.findall(r"(?<![\w'])\d+(?![\w'])", definition))
            if wanted <= found:
                return
    pytest.fail(f"Tidak ada CHECK yang menyebut semua pilihan {field.column}: {sorted(wanted)}")


def acts() -> list[Any]:
    return [
        pytest.param(model, field.name.removesuffix("_by"), id=f"{model._meta.label}.{field.name}")
        for model in OURS
        for field in model._meta.local_fields
        if field.name.endswith("_by")
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "act"), acts())
def test_every_act_has_both_its_time_and_its_person(model: type[models.Model], act: str) -> None:
    """`*_by` never stands without `*_at`; where the time may be empty, a CHECK keeps them together."""
    fields = {field.name: field for field in model._meta.local_fields}
    at = fields.get(f"{act}_at") or fields.get(f"{act}_on")
    assert at is not None, f"{model._meta.label}.{act}_by tanpa {act}_at"
    by = fields[f"{act}_by"]
    if not at.null:  # always acted upon; an empty person is the system
        return
    assert any(names(check, at.column) and names(check, by.column) for check in checks_of(model._meta.db_table)), (
        f"{model._meta.label}: tidak ada CHECK untuk pasangan {at.column}/{by.column}"
    )
