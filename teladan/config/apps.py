"""Registers the checks and commands of the whole product."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "teladan.config"
    verbose_name = "Teladan"

    def ready(self) -> None:
        from teladan.config import checks  # noqa: F401  registers itself
        from teladan.ui import fields

        fields.say_it_plainly()
