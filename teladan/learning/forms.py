"""Forms of a lesson's check and of the pulse, built from data."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from teladan.learning.models import PulseCount
from teladan.learning.rules import Lesson

PULSE_TEXT = {
    PulseCount.Question.USEFUL: _("Seberapa berguna sistem ini bagi pekerjaan Anda?"),
    PulseCount.Question.EASY: _("Seberapa mudah sistem ini dipakai?"),
    PulseCount.Question.BURDENSOME: _("Seberapa besar sistem ini membebani Anda?"),
}
PULSE_SCALE = {
    PulseCount.Question.USEFUL: (_("tidak berguna"), _("sangat berguna")),
    PulseCount.Question.EASY: (_("sulit"), _("sangat mudah")),
    PulseCount.Question.BURDENSOME: (_("tidak membebani"), _("sangat membebani")),
}


class CheckForm(forms.Form):
    """One radio group per question of the lesson."""

    def __init__(self, lesson: Lesson, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        for index, question in enumerate(lesson.questions):
            self.fields[f"q{index}"] = forms.TypedChoiceField(
                label=question.text,
                choices=[(str(i), choice.text) for i, choice in enumerate(question.choices)],
                coerce=int,
                widget=forms.RadioSelect,
                error_messages={"required": _("Pilih satu jawaban.")},
            )

    def answers(self) -> list[int | None]:
        return [self.cleaned_data[name] for name in self.fields]


class PulseForm(forms.Form):
    """Three questions on 1-5, none preselected."""

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        for question, text in PULSE_TEXT.items():
            low, high = PULSE_SCALE[question]
            self.fields[question.value] = forms.TypedChoiceField(
                label=text,
                help_text=gettext("1 = %(low)s, 5 = %(high)s") % {"low": low, "high": high},
                choices=[(str(mark), str(mark)) for mark in range(1, 6)],
                coerce=int,
                widget=forms.RadioSelect,
                error_messages={"required": _("Pilih satu jawaban.")},
            )
