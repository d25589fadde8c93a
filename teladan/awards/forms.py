"""Forms of the committee: a statement per candidate, the decision with its citations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teladan.core.stepup import StepUpForm

NONE, SOME = "tidak", "ada"


class StatementForm(forms.Form):
    """One member about one candidate; `tied` members can only say that there is a conflict."""

    answer = forms.ChoiceField(
        choices=[(NONE, gettext_lazy("tidak ada")), (SOME, gettext_lazy("ada"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Pilih ada atau tidak ada kepentingan.")},
    )
    explanation = forms.CharField(label=gettext_lazy("Penjelasan"), max_length=500, required=False)

    def __init__(self, *args: Any, tied: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tied = tied
        if tied:
            self.fields["answer"].choices = [(SOME, _("ada"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("answer") == SOME and not cleaned.get("explanation", "").strip():
            self.add_error("explanation", _("Jelaskan kepentingan itu, misalnya satu unit atau keluarga."))
        return cleaned


class DecisionForm(StepUpForm):
    """Winners with the reason that the public reads, the committee's reasoning, and the password."""

    reason = forms.CharField(
        label=gettext_lazy("Pertimbangan tim"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Tulis pertimbangan putusan, juga bila tidak ada yang dipilih.")},
    )
    field_order = ["winners", "reason", "password"]

    def __init__(self, *args: Any, candidates: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.candidates = candidates
        for key, name in candidates:
            self.fields[f"win_{key}"] = forms.BooleanField(label=name, required=False)
            self.fields[f"citation_{key}"] = forms.CharField(
                label=_("Alasan untuk umum: %(name)s") % {"name": name},
                max_length=600,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    @property
    def choices(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Checkbox and citation of each candidate."""
        return [(self[f"win_{key}"], self[f"citation_{key}"]) for key, _name in self.candidates]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for key, _name in self.candidates:
            if cleaned.get(f"win_{key}") and not cleaned.get(f"citation_{key}", "").strip():
                self.add_error(f"citation_{key}", _("Tulis alasan untuk umum bagi yang dipilih."))
        return cleaned

    @property
    def winners(self) -> dict[int, str]:
        """Chosen candidates with their citations."""
        return {
            key: self.cleaned_data[f"citation_{key}"]
            for key, _name in self.candidates
            if self.cleaned_data[f"win_{key}"]
        }
