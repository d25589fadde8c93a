"""What form tags need to know of a bound field: its hint and errors by id, its choices, its lines in the summary."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy

SummaryLine = tuple[str, str]


def say_it_plainly() -> None:
    """Django's "Bidang ini tidak boleh kosong" reads as if a division were empty: `bidang` is a unit here."""
    forms.Field.default_error_messages["required"] = gettext_lazy("Bagian ini belum diisi.")


def is_group(bound: BoundField) -> bool:
    """Several controls under one question: a fieldset, not a label."""
    return isinstance(bound.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


def described(bound: BoundField, hint: str, bare: bool = False) -> tuple[str, str]:
    """The hint in force, and the ids that tie hint and errors to the control."""
    if bare:
        bound.help_text = ""  # Django would still point to it
    hint = hint or str(bound.help_text)
    ids = [f"{bound.auto_id}_{part}" for part, there in (("helptext", hint), ("error", bound.errors)) if there]
    return hint, " ".join(ids)


def control(bound: BoundField, described_by: str, bare: bool) -> str:
    """The control itself. Django leaves out attributes whose value is False."""
    attributes: dict[str, Any] = {"aria-describedby": described_by or False}
    if bare:
        attributes["placeholder"] = False
    return bound.as_widget(attrs=attributes)


def options(bound: BoundField, *, keep_initial: bool) -> list[dict[str, Any]]:
    """Radio choices. A person's own earlier answer is kept; an initial value only where the caller says so."""
    value = bound.value() if keep_initial or bound.form.is_bound else None
    chosen = "" if value is None else str(value)
    choices = [(str(key), text) for key, text in bound.field.choices if str(key)]  # type: ignore[attr-defined]
    return [
        {"id": f"{bound.auto_id}_{index}", "value": key, "text": text, "checked": key == chosen, "face": index + 1}
        for index, (key, text) in enumerate(choices)
    ]


def summary(form: forms.BaseForm | forms.BaseFormSet[Any] | Iterable[forms.BaseForm]) -> list[SummaryLine]:
    """(id of the control or nothing, what is wrong) for a form, a formset or several forms."""
    lines: list[SummaryLine] = []
    if isinstance(form, forms.BaseFormSet) and form.is_bound:
        lines += [("", str(error)) for error in form.non_form_errors()]
    for one in [form] if isinstance(form, forms.BaseForm) else list(form):
        lines += [("", str(error)) for error in one.non_field_errors()]
        lines += [(_target(bound), _named(bound, str(error))) for bound in one for error in bound.errors]
    return lines


def _target(bound: BoundField) -> str:
    if bound.is_hidden:
        return ""
    identity = bound.field.widget.attrs.get("id") or bound.auto_id
    return f"{identity}_0" if is_group(bound) else identity


def _named(bound: BoundField, error: str) -> str:
    # A question already ends in its own mark.
    label = str(bound.label).rstrip(":")
    return f"{label} {error}" if label.endswith("?") else f"{label}: {error}"
