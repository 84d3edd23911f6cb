"""Commands and their typed options: a field of an options class says its argument once.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class SiteOptions(Options):
        out: Path | None = option("--out", "the folder to write to", type=Path, metavar="DIR")
        open: bool = flag("--open", "open the page in a browser")

    COMMAND = Command(SiteOptions, site, "What it does.", "qabot site --open")

`qabot.cli` imports the module of the command that is named, and adds its `COMMAND`.
"""

from __future__ import annotations

import argparse
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qabot.console.reporter import Reporter

EXIT_CODES = """\
exit codes:
  0    done
  1    a question has no answer, or something could not be written, committed or shown
  2    wrong usage, or mistakes in questions/, cdk.json or another file that was named
  3    AWS error (credentials, quota, or the stack is not deployed)
  70   a bug in qabot; QABOT_DEBUG=1 shows where
  130  interrupted; the answers so far are written"""

# argparse has no public name for what add_subparsers returns.
Commands = argparse._SubParsersAction  # noqa: SLF001


def option(name: str, help: str | None, default: Any = None, **settings: Any) -> Any:  # noqa: A002
    """A field of options that is an option of the command line.

    Args:
        name: such as `--out`.
        help: its line in the command's help.
        default: of the field, where the option is not given.
        settings: for `argparse`; an option that is `required` has no default.
    """
    default = MISSING if settings.get("required") else default
    return field(default=default, metadata={"names": (name,), "help": help, **settings})


def flag(name: str, help: str) -> Any:  # noqa: A002
    """A field of options that is true where its option is given."""
    return option(name, help, False, action="store_true")


def positional(help: str | None, default: Any = MISSING, **settings: Any) -> Any:  # noqa: A002
    """A field of options that is a positional argument.

    Args:
        help: its line in the command's help.
        default: of the field, where the argument may be missing.
        settings: for `argparse`.
    """
    return field(default=default, metadata={"names": (), "help": help, **settings})


def group(options: type[Any], title: str = "") -> Any:
    """A field of options that holds other options.

    Args:
        options: their class.
        title: of their section in the command's help; by default they are among the others.
    """
    return field(default_factory=options, metadata={"options": options, "title": title})


def documents(**settings: Any) -> Any:
    """The field for globs of documents; an option that can be repeated."""
    what = "documents: a path below documents/, with * ? and **; can be repeated"
    return option("--documents", what, (), metavar="GLOB", **settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options that every command has; `--root` can be given before or after the command."""

    root: Path | None = option(
        "--root",
        "the repository (default: the nearest folder upwards that has questions/)",
        type=Path,
        metavar="DIR",
    )


_Options = TypeVar("_Options", bound=Options)


@dataclass(frozen=True, slots=True)
class Command(Generic[_Options]):
    """A command.

    Args:
        options: the class of its options.
        run: runs it: takes its options and what prints messages, returns the exit code.
        about: further sentences of its help, after its summary.
        examples: commands as they are typed, one per line.
        without: names of fields of its options that it has no arguments for.
    """

    options: type[_Options]
    run: Callable[[_Options, Reporter], int]
    about: str
    examples: str
    without: tuple[str, ...] = ()

    def add(self, commands: Commands[argparse.ArgumentParser], name: str, summary: str) -> None:
        """Add its parser; the parsed arguments have `command`, which takes them and the reporter.

        Args:
            commands: what `add_subparsers` returned.
            name: of the command.
            summary: its line in the list of commands; without a full stop.
        """
        parser = _add_parser(commands, name, summary, self.about, self.examples)
        add_arguments(parser, self.options, self.without)
        parser.set_defaults(command=self._run)

    def _run(self, args: argparse.Namespace, report: Reporter) -> int:
        return self.run(_read(self.options, vars(args)), report)


@dataclass(frozen=True, slots=True)
class CommandGroup:
    """A command that has commands of its own.

    Args:
        commands: each with its summary, by name.
        about: further sentences of its help, after its summary.
        examples: commands as they are typed, one per line.
    """

    commands: Mapping[str, tuple[str, Command[Any]]]
    about: str
    examples: str

    def add(self, commands: Commands[argparse.ArgumentParser], name: str, summary: str) -> None:
        """Add its parser and those of its commands; see `Command.add`."""
        parser = _add_parser(commands, name, summary, self.about, self.examples)
        add_arguments(parser, Options)
        below = parser.add_subparsers(metavar="COMMAND", required=True)
        for name_below, (summary_below, command) in self.commands.items():
            command.add(below, name_below, summary_below)


def _add_parser(
    commands: Commands[argparse.ArgumentParser], name: str, summary: str, about: str, examples: str
) -> argparse.ArgumentParser:
    shown = "\n".join(f"  {line}" for line in examples.splitlines())
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. {about}",
        epilog=f"examples:\n{shown}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_arguments(
    parser: argparse._ActionsContainer, options: type[Any], without: tuple[str, ...] = ()
) -> None:
    """Add the arguments of an options class.

    Args:
        parser: of the command, or a section of it.
        options: the class.
        without: names of fields to leave out.
    """
    for each in fields(options):
        settings = dict(each.metadata)
        if each.name in without:
            continue
        if "options" in settings:
            title = settings["title"]
            section = parser.add_argument_group(title) if title else parser
            add_arguments(section, settings["options"], without)
            continue
        names = settings.pop("names")
        if names:
            settings["dest"] = each.name
        # What is not given is left out, so that it cannot overwrite a --root before the command.
        parser.add_argument(*(names or [each.name]), default=argparse.SUPPRESS, **settings)


def _read(options: type[Any], given: Mapping[str, Any]) -> Any:
    """The options of a class, from the arguments that were given."""
    values = {}
    for each in fields(options):
        if "options" in each.metadata:
            values[each.name] = _read(each.metadata["options"], given)
        elif each.name in given:
            value = given[each.name]
            values[each.name] = tuple(value) if isinstance(value, list) else value
    return options(**values)


def positive(text: str) -> int:
    """Parse an argument that is a positive integer."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive integer")
    return number
