"""`teladan`: one console script for every command of the product. `teladan --help` is the map."""

from __future__ import annotations

import argparse
import ctypes
import difflib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teladan.config import commands

if TYPE_CHECKING:
    from django.core.management.base import BaseCommand, CommandParser

SUPERVISED = frozenset(command.name for group in commands.SUPERVISED.values() for command in group)
# Commands of Django that never ask the database.
_WITHOUT_DATABASE = {"check", "collectstatic", "compilemessages", "diffsettings", "help", "makemessages", "version"}

# Options of every Django command that say nothing to an operator; they still work.
_NOISE = (
    "--version",
    "--verbosity",
    "--settings",
    "--pythonpath",
    "--traceback",
    "--no-color",
    "--force-color",
    "--skip-checks",
)


def main() -> None:
    """Entry point of the console script."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teladan.config.settings")
    name, rest = (sys.argv[1] if len(sys.argv) > 1 else "--help"), sys.argv[2:]
    try:
        sys.exit(_run(name, rest))
    except BrokenPipeError:
        sys.stderr.close()  # `teladan … | head` is no error


def _run(name: str, rest: list[str]) -> int:
    if name in {"-h", "--help", "help"}:
        print(overview())  # noqa: T201
        return 0
    if name in SUPERVISED:
        return _supervise(name, rest)
    if name == "django":
        return _in_database(["teladan django", *rest], database=not rest or rest[0] not in _WITHOUT_DATABASE)
    command = commands.managed(name)
    if command is None:
        print(unknown(name), file=sys.stderr)  # noqa: T201
        return 2
    helping = {"-h", "--help"} & set(rest)
    return _in_database(["teladan", command.name, *rest], database=command.database and not helping)


def overview() -> str:
    """The map."""
    lines = ["Teladan: kinerja aparatur yang mendengar warga.", "", "  teladan PERINTAH [--help]"]
    for title, group in commands.groups():
        lines += ["", title, *(f"  {command.name:<17} {command.line}" for command in group)]
    lines += ["", "Lain-lain", f"  {'django …':<17} perintah Django, misalnya `teladan django shell`"]
    lines += ["", "Setiap perintah menjelaskan dirinya dengan --help. Pengaturan: docs/settings.md."]
    return "\n".join(lines)


def unknown(name: str) -> str:
    names = [command.name for _, group in commands.groups() for command in group]
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"Maksud Anda `teladan {close[0]}`?" if close else "Lihat daftar: teladan --help"
    return f"Perintah {name!r} tidak ada. {hint}"


def _supervise(name: str, rest: list[str]) -> int:
    options = supervised_parser(name).parse_args(rest)
    if os.environ.get("TELADAN_WITH_PARENT") == "1":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: a killed `make` takes us along
    from django.core.exceptions import ImproperlyConfigured

    from teladan.config import env, supervisor
    from teladan.core.postgres import DatabaseTrouble

    kind = supervisor.Supervisor if name == "serve" else supervisor.Demo
    try:
        run = kind(env.data_folder(), options.host, options.port)
        if isinstance(run, supervisor.Demo) and name == "demo-reset":
            run.reset()
            run.run("--fresh")
        else:
            run.run()
    except supervisor.Stopped:
        supervisor.say("Berhenti.")
    except (supervisor.Trouble, DatabaseTrouble, ImproperlyConfigured) as error:
        supervisor.say(str(error), error=True)
        return 1
    except OSError as error:
        supervisor.say(f"{error.filename or 'Sistem'}: {error.strerror}.", error=True)
        return 1
    return 0


def supervised_parser(name: str) -> argparse.ArgumentParser:
    """The options of `serve`, `demo` and `demo-reset`."""
    lines = {command.name: command.line for group in commands.SUPERVISED.values() for command in group}
    parser = argparse.ArgumentParser(
        f"teladan {name}",
        description=f"{lines[name].capitalize()}. Berhenti dengan Ctrl-C.",
        epilog=f"Contoh: teladan {name} --port 8080",
    )
    host, port = os.environ.get("TELADAN_HOST", "127.0.0.1"), os.environ.get("TELADAN_PORT", "8000")
    parser.add_argument("--host", default=host, help="alamat yang didengarkan (bawaan: 127.0.0.1 atau TELADAN_HOST)")
    parser.add_argument("--port", default=port, type=_port, help="pangkalan (bawaan: 8000 atau TELADAN_PORT)")
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"pangkalan harus bilangan 1 sampai 65535, bukan {text!r}")
    return int(text)


def _in_database(argv: list[str], *, database: bool) -> int:
    """Run a management command, with the database under it when it needs one."""
    from django.core.exceptions import ImproperlyConfigured

    from teladan.config import env, supervisor
    from teladan.core.postgres import DatabaseTrouble

    try:
        if not database:
            _execute(argv)
            return 0
        with supervisor.database_for_command(env.data_folder()) as ours:
            _execute(argv, prepare=ours, guest=not ours and not env.database_url())
    except (DatabaseTrouble, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("Dihentikan.", file=sys.stderr)  # noqa: T201
        return 130
    return 0


def _execute(argv: list[str], *, prepare: bool = False, guest: bool = False) -> None:
    import django
    from django.core.management import ManagementUtility, get_commands, load_command_class

    if argv[0] == "teladan django":
        ManagementUtility(argv).execute()
        return
    django.setup()
    name = argv[1].replace("-", "_")
    if prepare and name != "setup":
        _prepare()
    elif guest and name != "setup":
        _await_tables()
    command = load_command_class(get_commands()[name], name)
    plain_help(command)
    command.run_from_argv(argv)


def _prepare() -> None:
    """Our own database may be new, or older than the code."""
    from teladan.config import install

    if install.migrate():
        install.load_reference_data()


def _await_tables() -> None:
    """Whoever started the server may be making the tables this very moment."""
    from teladan.config import install

    deadline = time.monotonic() + 60
    while install.pending_migrations() and time.monotonic() < deadline:
        time.sleep(0.2)


def plain_help(command: BaseCommand) -> None:
    """Show the example on a line of its own, and not Django's options for its developers."""
    from django.core.management.base import DjangoHelpFormatter

    class Formatter(DjangoHelpFormatter):
        def _fill_text(self, text: str, width: int, indent: str) -> str:
            parts = text.partition("Contoh:")
            filled = super()._fill_text(parts[0], width, indent)
            return f"{filled}\n\n{indent}Contoh: {parts[2].strip()}" if parts[1] else filled

    command.suppressed_base_arguments = set(_NOISE)
    create = command.create_parser

    def create_parser(prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = create(prog_name, subcommand, **kwargs)
        if parser.formatter_class is DjangoHelpFormatter:  # a command may bring its own
            parser.formatter_class = Formatter
        return parser

    command.create_parser = create_parser  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.argv[0] = str(Path(sys.argv[0]).with_name("teladan"))
    main()
