"""Pages of docs/ that are written from the code, so that they cannot grow old."""

from __future__ import annotations

import argparse
from pathlib import Path

from django.core.management import get_commands, load_command_class

from teladan.config import cli, commands
from teladan.people.permissions import ROLES, Permission

FOLDER = Path(__file__).resolve().parents[2] / "docs"


def pages() -> dict[str, str]:
    """File name -> text."""
    return {"commands.md": command_page(), "permissions.md": permission_page()}


def command_page() -> str:
    lines = [
        "# Commands",
        "",
        "`teladan --help` prints this map; each command explains itself with `--help`. Without `DATABASE_URL` a command uses",
        "the running installation's database, or starts the embedded server for as long as it needs it.",
        "",
        "This page is written by `make docs`.",
    ]
    for title, group in commands.groups():
        lines += ["", f"## {title}", ""]
        for command in group:
            lines += [f"### teladan {command.name}", "", f"{command.line.capitalize()}.", "", "```"]
            lines += [parser_of(command.name).format_help().rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def parser_of(name: str) -> argparse.ArgumentParser:
    """The argument parser of one of our commands, eighty columns wide wherever it runs."""
    if name in cli.SUPERVISED:
        return cli.supervised_parser(name)
    module = name.replace("-", "_")
    command = load_command_class(get_commands()[module], module)
    cli.plain_help(command)
    return command.create_parser("teladan", name)


def permission_page() -> str:
    lines = [
        "# Roles and permissions",
        "",
        "A role is granted to an account for a unit and everything below it, or for the whole government, from a day until a",
        "day. The source is `teladan/people/permissions.py`; this page is written by `make docs`.",
        "",
        "## Roles",
        "",
        "| code | role | for | permissions |",
        "|---|---|---|---|",
    ]
    for role, info in ROLES.items():
        allowed = ", ".join(f"`{one}`" for one in sorted(info.permissions)) or "none"
        lines.append(f"| `{role}` | {info.label} | {info.purpose} | {allowed} |")
    lines += ["", "## Permissions", "", "| permission | roles |", "|---|---|"]
    for permission in Permission:
        holders = ", ".join(f"`{role}`" for role, info in ROLES.items() if permission in info.permissions)
        lines.append(f"| `{permission}` | {holders or 'none'} |")
    return "\n".join(lines) + "\n"
