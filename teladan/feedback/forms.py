"""What citizens send, as clean values. Forms are built from the questionnaire; a value outside 1-4 never gets through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from teladan.feedback import leaves, rules, tokens
from teladan.feedback.questionnaire import ProfileQuestion, Questionnaire, version_named

MAX_COMMENT = 1000


_SCALE = {"": None, "1": 1, "2": 2, "3": 3, "4": 4}


def given_answers(data: Mapping[str, Any], names: Sequence[str]) -> dict[str, int | None] | None:
    """What `QuestionsForm` makes of a form with nothing to complain about, at a tenth of the work; None when there is."""
    said = {name: data.get(name, "") for name in names}
    if said.get("overall") == "" or not _SCALE.keys() >= set(said.values()):
        return None
    return {name: _SCALE[value] for name, value in said.items()}


class QuestionsForm(forms.Form):
    """Some questions of a questionnaire in one language, each with its four answers."""

    use_required_attribute = False

    def __init__(self, data: Any = None, *, questionnaire: Questionnaire, names: Sequence[str], language: str) -> None:
        super().__init__(data)
        asked = {name: _asked(questionnaire.version, name, language) for name in names}
        self.names = tuple(asked)
        self.fields = {**asked, **self.fields}

    @property
    def questions(self) -> list[forms.BoundField]:
        """The questions alone, without what else stands on the page."""
        return [self[name] for name in self.names]

    def answers(self) -> dict[str, int | None]:
        """Element to answer, for the elements this page asks."""
        return {name: self.cleaned_data[name] for name in self.names}


@cache
def _asked(version: str, name: str, language: str) -> forms.Field:
    """The field of one question. Fields hold no data, so all forms share them."""
    question = version_named(version).question(name, language)
    return forms.TypedChoiceField(
        label=question.text,
        help_text=question.hint,
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


class CommentForm(forms.Form):
    """The citizen's own words."""

    use_required_attribute = False

    comment = forms.CharField(
        label=_("Ada yang ingin Anda sampaikan?"),
        required=False,
        max_length=MAX_COMMENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("Komentar paling panjang %(limit_value)d huruf. Singkatkan sedikit.")},
    )


class OfficialForm(QuestionsForm, CommentForm):
    """The official form on one page: questions, what respondents say of themselves, their words."""

    def __init__(self, data: Any = None, *, questionnaire: Questionnaire, names: Sequence[str], language: str) -> None:
        super().__init__(data, questionnaire=questionnaire, names=names, language=language)
        said = {one.attribute: _said(one, language) for one in questionnaire.profile}
        self.attributes = tuple(said)
        self.fields = {**self.fields, **said}

    @property
    def respondent(self) -> list[forms.BoundField]:
        """The questions about the respondent."""
        return [self[name] for name in self.attributes]

    def profile(self) -> dict[str, str]:
        """Attribute to code, empty where nothing was said."""
        return {name: self.cleaned_data[name] for name in self.attributes}


def _said(question: ProfileQuestion, language: str) -> forms.Field:
    return forms.ChoiceField(
        label=question.text(language),
        choices=[("", _("Tidak diisi")), *question.choices(language)],
        required=False,
        error_messages={"invalid_choice": _("Pilih salah satu jawaban yang tersedia.")},
    )


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


class ReceiptForm(forms.Form):
    """A receipt: its short code, its whole text, or the file of it."""

    use_required_attribute = False

    text = forms.CharField(
        label=_("Kode atau isi tanda terima"),
        help_text=_("Dua puluh huruf dan angka, atau seluruh isi berkasnya."),
        required=False,
        max_length=rules.RECEIPT_BYTES,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"max_length": _("Terlalu panjang untuk sebuah tanda terima.")},
    )
    file = forms.FileField(label=_("Atau pilih berkasnya"), required=False, allow_empty_file=True)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                self._beginning = leaves.read_receipt(self._content())
            except leaves.MalformedReceipt as error:
                self.add_error("text", self._why(error.changed))
        return data

    def _content(self) -> str:
        file = self.cleaned_data.get("file")
        if file is None:
            return str(self.cleaned_data["text"])
        if file.size > rules.RECEIPT_BYTES:
            raise leaves.MalformedReceipt
        return bytes(file.read()).decode("utf-8", errors="replace")

    def _why(self, changed: bool) -> str:
        if changed:
            return gettext(
                "Isi tanda terima ini berubah: nomornya tidak cocok dengan jawabannya. Pakai berkas aslinya."
            )
        if not self.cleaned_data["text"] and not self.cleaned_data.get("file"):
            return gettext("Tulis kode tanda terima, tempelkan isinya, atau pilih berkasnya.")
        return gettext("Ini bukan kode atau tanda terima. Periksa lagi: kode terdiri dari dua puluh huruf dan angka.")

    def beginning(self) -> bytes:
        """The beginning of the leaf's number, or all of it."""
        return self._beginning
