"""The counter's one form: which service, which queue number, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from teladan.core import clock
from teladan.feedback.actions.delivering import channels
from teladan.services.models import Service, ServiceEvent


class ServeForm(forms.Form):
    """The buttons carry the outcome; day and queue number make the form its own nonce."""

    use_required_attribute = False

    service = forms.ChoiceField(label=_("Layanan"), error_messages={"required": _("Pilih layanan dulu.")})
    number = forms.CharField(
        label=_("Nomor antrean"),
        max_length=12,
        validators=[RegexValidator(r"^[0-9A-Za-z.-]+$", _("Nomor antrean hanya huruf, angka, titik dan garis."))],
        error_messages={"required": _("Isi nomor antrean.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "short"}),
    )
    day = forms.DateField(widget=forms.HiddenInput)
    channel = forms.ChoiceField(
        label=_("Tempat melayani"), choices=ServiceEvent.Channel.choices[:2], widget=forms.RadioSelect
    )
    send_to = forms.CharField(
        label=_("Kirim tautan ke telepon atau surel"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    outcome = forms.ChoiceField(choices=ServiceEvent.Outcome.choices, widget=forms.HiddenInput)

    def __init__(self, *args: Any, services: Iterable[Service], **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.services = {service.code: service for service in services}
        if not channels():
            del self.fields["send_to"]
        field = self.fields["service"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(service.code, service.name) for service in self.services.values()]

    def clean_number(self) -> str:
        return str(self.cleaned_data["number"]).upper()

    def clean_service(self) -> Service:
        return self.services[self.cleaned_data["service"]]

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day != clock.today():
            raise forms.ValidationError(_("Halaman ini dibuka pada hari lain."))
        return day
