"""Forms about comments: one decision per text on the moderator's page, and the officer's reply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from teladan.feedback.actions.comments import MAX_REPLY, Decision, problem
from teladan.feedback.models import Moderated
from teladan.feedback.queries.comments import ToRead

PUBLISH, REMOVE, LATER = "publish", "remove", "later"


class DecisionForm(forms.Form):
    """What becomes of one text. Publishing is chosen beforehand; what differs from the original is masked."""

    use_required_attribute = False

    choice = forms.ChoiceField(
        label=_("Keputusan"),
        choices=[(PUBLISH, _("Terbitkan")), (REMOVE, _("Hapus")), (LATER, _("Nanti"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Pilih keputusan.")},
    )
    shown = forms.CharField(
        label=_("Yang tampil"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    reason = forms.ChoiceField(
        label=_("Alasan menghapus"), required=False, choices=[("", _("pilih alasan")), *Moderated.Reason.choices]
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, row: ToRead, **kw: Any) -> None:
        self.row = row
        super().__init__(
            data, prefix=row.pk.hex, initial={"choice": PUBLISH, "shown": row.proposal}, label_suffix="", **kw
        )

    def clean(self) -> dict[str, Any]:
        clean: dict[str, Any] = super().clean() or self.cleaned_data
        choice = clean.get("choice")
        if choice == REMOVE and not clean.get("reason"):
            self.add_error("reason", _("Pilih alasan menghapus."))
        if choice == PUBLISH and "shown" in clean:
            said = problem(Decision(self.row.pk, shown=clean["shown"]), self.row.text)
            if said:
                self.add_error("shown", said)
        return clean

    def decision(self) -> Decision | None:
        """The decision, or nothing for later. Only of a valid form."""
        clean = self.cleaned_data
        if clean["choice"] == LATER:
            return None
        if clean["choice"] == REMOVE:
            return Decision(self.row.pk, reason=clean["reason"])
        return Decision(self.row.pk, shown=clean["shown"])


def decision_forms(rows: Iterable[ToRead], data: Mapping[str, Any] | None = None) -> list[DecisionForm]:
    """A form for each text; of a sent page only for those that stood on it."""
    return [DecisionForm(data, row=row) for row in rows]


class ReplyForm(forms.Form):
    """The officer's one reply."""

    use_required_attribute = False

    text = forms.CharField(
        label=_("Jawaban Anda"),
        max_length=MAX_REPLY,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Tulis jawaban dulu.")},
    )
