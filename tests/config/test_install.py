"""A new installation has its rules; loading them again changes nothing."""

import json

import pytest

from teladan.config import install
from teladan.core.models import AuditEvent, PolicyRow


@pytest.mark.django_db
def test_reference_data_is_there() -> None:
    pack = json.loads(install.POLICY_PACK.read_text(encoding="utf-8"))
    assert {row["key"] for row in pack} <= set(PolicyRow.objects.values_list("key", flat=True))


@pytest.mark.django_db
def test_reference_data_loaded_again_changes_nothing() -> None:
    before = PolicyRow.objects.count(), AuditEvent.objects.count()
    install.load_reference_data()
    assert (PolicyRow.objects.count(), AuditEvent.objects.count()) == before


@pytest.mark.django_db(transaction=True)
def test_reference_data_returns_after_a_transactional_test() -> None:
    PolicyRow.objects.all().delete()
