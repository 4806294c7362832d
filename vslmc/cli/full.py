"""The typer application: help, completion, and the words for wrong usage."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, cast

import typer

from vslmc import __version__
from vslmc.cli.app import MISUSE, OK, find_runner
from vslmc.cli.table import COMMANDS, Argument, Command, Option
from vslmc.cli.values import Value, Values


def run_full(words: Sequence[str]) -> int:
    """Run a command line through typer; the exit code is the command's, or 2."""
    application = build_application()
    try:
        result: Any = application(list(words), standalone_mode=False, prog_name="vslmc")
    except typer.Abort:
        # What click makes of an interrupt.
        raise KeyboardInterrupt from None
    except Exception as error:
        # Words for wrong usage, in whatever copy of click typer works with.
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        return MISUSE
    return result if isinstance(result, int) else OK


def build_application() -> typer.Typer:
    """The application, made from the table of commands."""
    application = typer.Typer(
        help="vslmc: from a spec of a few lines to a model in readable PyTorch.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    application.callback()(_version)
    for command in COMMANDS:
        application.command(command.name, help=command.help)(_function(command))
    return application


def _version(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.")
    ] = False,
) -> None:
    if version:
        print(f"vslmc {__version__}")
        raise typer.Exit


def _function(command: Command) -> Callable[..., int]:
    """A function with the signature that typer reads."""

    def run(**given: Any) -> int:
        values: dict[str, Value] = {
            key: tuple(cast("list[str]", value)) if isinstance(value, list) else value
            for key, value in given.items()
        }
        return find_runner(command)(Values(values))

    parameters = [
        *(_argument(argument) for argument in command.arguments),
        *(_option(option) for option in command.options),
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _argument(argument: Argument) -> inspect.Parameter:
    info = typer.Argument(help=argument.help, metavar=argument.key.upper())
    if argument.optional:
        return _parameter(argument.key, Annotated[str | None, info], None)
    kind = list[str] if argument.many else str
    return _parameter(argument.key, Annotated[kind, info], inspect.Parameter.empty)


def _option(option: Option) -> inspect.Parameter:
    names = (option.name, *((option.short,) if option.short else ()))
    info = typer.Option(
        *names,
        help=option.help,
        metavar=None if option.kind == "flag" else _metavar(option),
        rich_help_panel=option.panel,
        callback=_only(option) if option.choices else None,
        min=0 if option.kind == "number" else None,
    )
    match option.kind:
        case "flag":
            return _parameter(option.key, Annotated[bool, info], False)
        case "number":
            return _parameter(option.key, Annotated[int | None, info], None)
        case "many":
            return _parameter(option.key, Annotated[list[str], info], [])
        case "text":
            return _parameter(option.key, Annotated[str | None, info], None)


def _metavar(option: Option) -> str:
    return "[" + "|".join(option.choices) + "]" if option.choices else option.metavar


def _only(option: Option) -> Callable[[str | None], str | None]:
    def check(value: str | None) -> str | None:
        if value is not None and value not in option.choices:
            allowed = ", ".join(option.choices)
            raise typer.BadParameter(f"{value!r} is not one of {allowed}")
        return value

    return check


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, keyword, default=default, annotation=annotation)
