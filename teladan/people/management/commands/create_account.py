"""`teladan create-account`: the first account of an installation, and the way back in when nobody can give a password."""

from __future__ import annotations

import secrets
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from teladan.people import actions
from teladan.people.models import Person, Unit, User
from teladan.people.permissions import ROLES, Role


class Command(BaseCommand):
    help = (
        "Membuat akun dengan peran, biasanya akun administrator pertama; akun berikutnya dibuat di halaman Akun dan peran.\n"
        "Kata sandinya tampil sekali.\n\n"
        "Contoh: teladan create-account admin --name 'Administrator Kota' --role admin\n"
        "        teladan create-account rina --nip 198501012010012001 --role bkpsdm\n"
        "        teladan create-account admin --new-password"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("username", metavar="NAMA_AKUN", help="Nama yang dipakai untuk masuk.")
        parser.add_argument("--name", default="", help="Nama tampilan, untuk akun yang bukan milik pegawai.")
        parser.add_argument("--nip", help="NIP pegawai pemilik akun.")
        parser.add_argument("--role", choices=[role for role in Role if role is not Role.CITIZEN], help="Peran.")
        parser.add_argument("--unit", help="Kode unit tempat peran berlaku; tanpa ini seluruh pemerintah daerah.")
        parser.add_argument("--new-password", action="store_true", help="Kata sandi baru untuk akun yang sudah ada.")

    @transaction.atomic
    def handle(
        self,
        *,
        username: str,
        name: str,
        nip: str | None,
        role: str | None,
        unit: str | None,
        new_password: bool,
        **_: Any,
    ) -> None:
        password = secrets.token_urlsafe(15)
        user = User.objects.filter(username__iexact=username).first()
        try:
            if new_password:
                if user is None:
                    raise CommandError(f"Akun {username} tidak ada.")
                actions.renew_password(user=user, password=password, by="cli")
            elif user is not None:
                raise CommandError(f"Akun {username} sudah ada. Lupa kata sandinya? Tambahkan --new-password.")
            elif role is None:
                raise CommandError("Sebutkan perannya, misalnya --role admin.")
            else:
                user = actions.create_account(
                    person=person_with(nip), username=username, display_name=name, password=password, by="cli"
                )
                actions.grant_role(user=user, role=role, unit=unit_with(unit), by="cli")
                self.stderr.write(f"Akun {username} dibuat dengan peran {ROLES[Role(role)].label}.")
        except actions.Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(password)
        self.stderr.write("Catat kata sandi ini sekarang; ia tidak dapat ditampilkan lagi.")


def person_with(nip: str | None) -> Person | None:
    if nip is None:
        return None
    if found := Person.objects.filter(nip=nip).first():
        return found
    raise CommandError(f"Pegawai dengan NIP {nip} tidak ada. Impor pegawai dulu: teladan import-employees.")


def unit_with(code: str | None) -> Unit | None:
    if code is None:
        return None
    if found := Unit.objects.filter(code=code).first():
        return found
    raise CommandError(f"Unit {code} tidak ada. Impor unit dulu: teladan import-units.")
