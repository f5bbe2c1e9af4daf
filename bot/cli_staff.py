"""`python -m bot staff …` and `audit …`: workers' accounts and the proof of the access log, for bot/cli.py.

A password comes from a prompt, or from the first line of standard input where that is no terminal; never from an
argument (it would stand in the process list) and never by default.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from bot.i18n import languages
from bot.requests import access_log, log_report
from bot.routing.places import regions
from bot.settings import Settings
from bot.staff import county_login
from bot.staff.accounts import Account, Accounts, BadAccount, UnknownAccount, normal_login
from bot.staff.rights import ROLES, Forbidden, Worker
from bot.staff.second_step import SecondStep
from bot.storage.crypto import load_box
from bot.storage.database import Database


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `staff` and `audit` to the program's commands; the parsed arguments go to `run`."""
    staff = commands.add_parser("staff", help="workers' accounts").add_subparsers(
        dest="staff_command", required=True, metavar="COMMAND"
    )
    add = staff.add_parser("add", help="add an account; asks for its password")
    add.add_argument("login", metavar="NAME", help="what the worker logs in with")
    add.add_argument(
        "--centre", action="append", default=[], metavar="CODE", help="a family centre whose requests are theirs"
    )
    add.add_argument("--role", choices=list(ROLES), default="worker", help="default: worker")
    add.add_argument("--display", metavar="NAME", help="the name colleagues see; default: the login")
    staff.add_parser("list", help="list the accounts")
    role = staff.add_parser("role", help="give another role, with the family centres that go with it")
    role.add_argument("login", metavar="NAME")
    role.add_argument("role", choices=list(ROLES))
    role.add_argument("--centre", action="append", default=[], metavar="CODE", help="one of the centres from now on")
    centre = staff.add_parser("centre", help="give or take family centres")
    centre.add_argument("login", metavar="NAME")
    centre.add_argument("--add", action="append", default=[], metavar="CODE")
    centre.add_argument("--remove", action="append", default=[], metavar="CODE")
    for word, does in (
        ("disable", "close an account and end its sessions"),
        ("enable", "open a disabled account again"),
        ("password", "give a new password and end the sessions made with the old one"),
        ("totp-reset", "take the second step of the login away (phone and codes lost) and end the sessions"),
        ("sign-out", "end all sessions"),
    ):
        staff.add_parser(word, help=does).add_argument("login", metavar="NAME")
    link = staff.add_parser("link", help="let an account in with the county's account only; its password ends")
    link.add_argument("login", metavar="NAME")
    link.add_argument("subject", metavar="SUBJECT", help="the person's `sub` at the identity provider")
    staff.add_parser("centres", help="list the codes of the family centres")
    audit = commands.add_parser("audit", help="the access log").add_subparsers(
        dest="audit_command", required=True, metavar="COMMAND"
    )
    verify = audit.add_parser("verify", help="prove that no row of the access log was changed, dropped or added")
    verify.add_argument(
        "--known", metavar="NUMBER:HASH", type=_end, help="an end of the log kept elsewhere, which must still be there"
    )
    report = audit.add_parser("report", help="who has handled a request, for the family that asks")
    report.add_argument("reference", metavar="REFERENCE")
    report.add_argument("--by", required=True, metavar="NAME", help="the auditor who makes it; it stands in the log")
    report.add_argument("--language", choices=list(languages()), help="default: the family's own")


async def run(
    args: argparse.Namespace, settings: Settings, *, stdin: TextIO | None = None, out: TextIO | None = None
) -> int:
    """Does what the arguments say; returns the exit status: 0, 1 where it was refused or the log is broken."""
    stdin, out = stdin or sys.stdin, out or sys.stdout
    if args.command == "staff" and args.staff_command == "centres":
        out.writelines(f"{each.code}\t{each.name or each.place_label}\n" for each in regions().centres())
        return 0
    database = Database(settings.database_url, load_box(settings.keys, Path(settings.key_file)))
    try:
        await database.migrate()
        if args.command == "audit" and args.audit_command == "verify":
            return await _verify(database, args.known, out)
        if args.command == "audit":
            return await _report(args, database, out)
        if args.staff_command == "link":
            return await _link(args, settings, database, out)
        out.writelines(f"{line}\n" for line in await _staff(args, database, stdin))
    except BadAccount as error:
        out.write(f"{error}\n")
        return 1
    except UnknownAccount as error:
        out.write(f"There is no account {str(error)!r}; `staff list` lists them.\n")
        return 1
    finally:
        await database.close()
    return 0


async def _staff(args: argparse.Namespace, database: Database, stdin: TextIO) -> Sequence[str]:
    accounts = Accounts(database)
    match args.staff_command:
        case "add":
            password = await asyncio.to_thread(_read_password, stdin)
            worker = await accounts.add(args.login, password, role=args.role, centres=args.centre, name=args.display)
            return ["Added " + _now(worker)]
        case "password":
            await accounts.set_password(args.login, await asyncio.to_thread(_read_password, stdin))
            return [f"New password for {args.login}; the sessions made with the old one are ended."]
        case "role":
            return [_now(await accounts.set_role(args.login, args.role, args.centre))]
        case "centre":
            return [_now(await accounts.change_centres(args.login, add=args.add, remove=args.remove))]
        case "totp-reset":
            await SecondStep(database).reset(args.login)
            return [f"{args.login} logs in with the password alone now; the sessions are ended."]
        case "sign-out":
            await accounts.sign_out(args.login)
            return [f"The sessions of {args.login} are ended."]
        case "disable":
            await accounts.disable(args.login)
            return [f"Disabled {args.login}; its sessions are ended."]
        case "enable":
            await accounts.enable(args.login)
            return [f"Enabled {args.login}."]
    return [_line(each) for each in await accounts.list()]


async def _link(args: argparse.Namespace, settings: Settings, database: Database, out: TextIO) -> int:
    if not settings.oidc_issuer:
        out.write("BOT_OIDC_ISSUER is not set, so there is no identity provider to link to.\n")
        return 1
    await county_login.link(database, args.login, settings.oidc_issuer, args.subject)
    out.write(f"{args.login} logs in with the county's account only from now on; the sessions are ended.\n")
    return 0


def _now(worker: Worker) -> str:
    return f"{worker.login} ({worker.role}) {' '.join(sorted(worker.centres))}".rstrip()


def _line(account: Account) -> str:
    worker = account.worker
    centres = ",".join(sorted(worker.centres)) or "-"
    password = "password+totp" if account.totp else "password"
    ways = "+".join(([password] if account.password else []) + (["county"] if account.external else []))
    return "\t".join(
        (worker.login, worker.role, "active" if account.active else "disabled", centres, ways, worker.name)
    )


def _end(text: str) -> tuple[int, str]:
    number, _colon, head = text.partition(":")
    if not number.isdigit() or len(head) != len(access_log.FIRST):
        raise argparse.ArgumentTypeError("it looks like 12:0f3a…, as `audit verify` and the server's journal write it")
    return int(number), head


async def _verify(database: Database, known: tuple[int, str] | None, out: TextIO) -> int:
    chain = await access_log.verify(database, known)
    if chain.ok:
        out.write(f"The access log is whole: {chain.rows} rows, end {chain.rows}:{chain.head}\n")
        return 0
    out.write(f"The access log is broken at row {chain.broken_at}: it has been changed.\n")
    return 1


async def _report(args: argparse.Namespace, database: Database, out: TextIO) -> int:
    login = normal_login(args.by)
    auditor = next((each for each in await Accounts(database).list() if each.worker.login == login), None)
    if auditor is None:
        raise UnknownAccount(args.by)
    try:
        if not auditor.active:
            raise Forbidden
        report = await log_report.make(database, auditor.worker, args.reference, args.language)
    except Forbidden:
        out.write(f"{args.by} is no auditor.\n")
        return 1
    except log_report.UnknownReference:
        out.write("No request has this reference.\n")
        return 1
    out.writelines(f"{line}\n" for line in log_report.as_text(report))
    return 0


def _read_password(stdin: TextIO) -> str:
    if not stdin.isatty():
        return stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password (at least 12 characters): ")
    if getpass.getpass("The same again: ") != password:
        raise BadAccount("The two passwords differ.")
    return password
