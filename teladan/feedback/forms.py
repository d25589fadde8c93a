"""What citizens send, as clean values. Forms are built from the questionnaire; a value outside 1-4 never gets through."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from teladan.core import clock
from teladan.feedback import tokens
from teladan.feedback.questionnaire import Questionnaire, questionnaire_on, version_named

MAX_COMMENT = 1000


class _Questions(forms.Form):
    """A page of questions in one language."""

    use_required_attribute = False

    def __init__(self, data: Any = None, *, language: str, **kw: Any) -> None:
        super().__init__(data, **kw)
        questionnaire = questionnaire_on(clock.today())
        asked = {name: _asked(questionnaire.version, name, language) for name in self._names(questionnaire)}
        self.fields = {**asked, **self.fields}

    def _names(self, questionnaire: Questionnaire) -> Iterable[str]:
        raise NotImplementedError

    def answers(self) -> dict[str, int | None]:
        """Element to answer, for the elements this page asks."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("kunci", "comment")}


@cache
def _asked(version: str, name: str, language: str) -> forms.Field:
    """The field of one question. Fields hold no data, so all forms share them."""
    question = version_named(version).question(name, language)
    return forms.TypedChoiceField(
        label=question.text,
        choices=list(enumerate(question.labels, 1)),
        coerce=int,
        empty_value=None,
        required=name == "overall",
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Pilih satu jawaban untuk pertanyaan ini."),
            "invalid_choice": _("Pilih salah satu dari empat jawaban."),
        },
    )


class RatingForm(_Questions):
    """The first page. `kunci` lets the same form be sent twice without harm."""

    kunci = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def _names(self, questionnaire: Questionnaire) -> Iterable[str]:
        return questionnaire.first_page


class MoreForm(_Questions):
    """The second page; cost is asked only where something is paid."""

    comment = forms.CharField(
        label=_("Ada yang ingin Anda sampaikan?"),
        required=False,
        max_length=MAX_COMMENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("Komentar paling panjang %(limit_value)d huruf. Singkatkan sedikit.")},
    )

    def __init__(self, data: Any = None, *, language: str, asks_cost: bool, **kw: Any) -> None:
        self.asks_cost = asks_cost
        super().__init__(data, language=language, **kw)

    def _names(self, questionnaire: Questionnaire) -> Iterable[str]:
        return [name for name in questionnaire.second_page if name != "biaya" or self.asks_cost]


class TypedForm(forms.Form):
    """Number and code of a printed ticket, as hands type them."""

    use_required_attribute = False

    number = forms.CharField(
        label=_("Nomor tiket"),
        help_text=_("Tujuh angka pada tiket Anda."),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "code"}),
        error_messages={"required": _("Tulis nomor tiket, tujuh angka.")},
    )
    code = forms.CharField(
        label=_("Kode"),
        help_text=_("Delapan huruf dan angka di bawah nomor."),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "class": "code"}),
        error_messages={"required": _("Tulis kode, delapan huruf dan angka.")},
    )

    def clean_number(self) -> str:
        number = tokens.normal(self.cleaned_data["number"])
        if len(number) != 7 or not (number.isascii() and number.isdigit()):
            raise forms.ValidationError(_("Nomor tiket terdiri dari tujuh angka."))
        return number

    def clean_code(self) -> str:
        code = tokens.normal(self.cleaned_data["code"])
        if len(code) != tokens.TYPED_CODE_CHARS:
            raise forms.ValidationError(_("Kode terdiri dari delapan huruf dan angka."))
        return code

    def refuse(self) -> None:
        """Number and code do not belong together; which of them is wrong is not said."""
        self.add_error("number", _("Nomor dan kode tidak cocok. Periksa lagi tiket Anda."))
