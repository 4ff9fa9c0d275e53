"""`huiyin users add` and `huiyin tokens add`: who may sign in, and programs that act for staff."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from eventlog.transaction import Transaction
from matters.terms import STAFF
from server.command_line.folders import data_option, opened
from server.county.county_registers import CountyRegisters, read_all
from server.folder.addresses import BadAddress, parse_email
from server.people import accounts, passwords
from server.people.new_accounts import unknown_places


def _bindings(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, metavar, text in (
        ("deputy", "ID", "the deputy that a deputy's account is"),
        ("unit", "ID", "the unit that a unit's account answers for"),
        ("station", "ID", "the station that a liaison officer keeps"),
    ):
        command = click.option(f"--{name}", default="", metavar=metavar, help=text)(command)
    return click.option("--role", required=True, type=click.Choice([role.value for role in STAFF]))(
        command
    )


@click.group()
def users() -> None:
    """People who sign in at the console."""


@users.command("add")
@click.argument("name")
@_bindings
@click.option("--body", default="", metavar="ID", help="the body that an office acts for")
@click.option("--area", default="", metavar="CODE", help="the area that an office acts for")
@click.option("--email", default="", metavar="ADDRESS", help="where the daily digest goes")
@data_option
def users_add(data: Path, name: str, role: str, email: str, **bound: str) -> None:
    """Add a person and print a one-time password, to be replaced at the first sign-in.

    Example: huiyin users add 王主任 --role office
    """
    password = passwords.new_password()
    try:
        address = parse_email(email) if email else ""
    except BadAddress as error:
        raise click.ClickException(
            f"--email {email!r}: 不是邮箱地址 / not an e-mail address"
        ) from error
    _add(data, name, role, bound, password=password, token=False, email=address)
    click.echo(password)


@click.group()
def tokens() -> None:
    """Bearer tokens for the interface."""


@tokens.command("add")
@click.argument("name")
@_bindings
@data_option
def tokens_add(data: Path, name: str, role: str, **bound: str) -> None:
    """Add a program that acts in a role, and print its bearer token; it is shown only now.

    Example: huiyin tokens add hotline --role office
    """
    click.echo(_add(data, name, role, bound, password="", token=True))


def _add(
    data: Path,
    name: str,
    role: str,
    bound: dict[str, str],
    *,
    password: str,
    token: bool,
    email: str = "",
) -> str:
    with opened(data) as log:
        with log.reading() as connection:
            _refuse_unknown(read_all(connection), bound)

        def job(transaction: Transaction) -> str:
            account = accounts.add_account(
                transaction, name, role, password, bound=accounts.Bound(**bound)
            )
            if email:
                accounts.set_email(transaction, account.id, email)
            return accounts.add_token(transaction, account.id) if token else ""

        try:
            return log.write(job).result
        except accounts.NameTaken as error:
            raise click.ClickException(
                f"{name}: 这个名字已经有了 / there is an account of that name"
            ) from error
        except accounts.BadAccount as error:
            raise click.ClickException(str(error)) from error


def _refuse_unknown(registers: CountyRegisters, bound: dict[str, str]) -> None:
    for name in unknown_places(registers, bound):
        raise click.ClickException(f"--{name} {bound[name]}: 名册里没有 / not on the register")
