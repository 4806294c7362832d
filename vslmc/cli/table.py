"""The commands, once: the quick parser and the typer application are made from this."""

from __future__ import annotations

from dataclasses import fields
from typing import Literal

from vslmc.record import record
from vslmc.syntax.limits import Limits

Kind = Literal["flag", "text", "number", "many"]


@record
class Option:
    """One option of a command."""

    name: str
    """Long form, such as `--set`."""
    help: str
    kind: Kind = "text"
    """`flag` takes no value; `many` may be repeated."""
    short: str | None = None
    """Short form, such as `-o`."""
    metavar: str = "TEXT"
    """What stands for the value in the help."""
    choices: tuple[str, ...] = ()
    """The only values allowed; empty allows all."""
    panel: str | None = None
    """Heading of the help under which it stands."""

    @property
    def key(self) -> str:
        """Name of its value: `max_layers` for `--max-layers`."""
        return self.name.removeprefix("--").replace("-", "_")


@record
class Argument:
    """One positional argument of a command."""

    key: str
    help: str
    many: bool = False
    """One or more, instead of exactly one."""
    optional: bool = False
    """Whether it may be left out."""


@record
class Command:
    """A command: its words, and the function that runs it."""

    name: str
    help: str
    arguments: tuple[Argument, ...]
    options: tuple[Option, ...]
    run: str
    """`module:function` that takes `Values` and returns the exit code."""


_LIMIT_HELP = {
    "source": "Largest file, in characters.",
    "tokens": "Most tokens of a file.",
    "nesting": "Most brackets open at once.",
    "depth": "Most operations inside one another.",
    "faults": "Most faults before it gives up.",
    "imports": "Deepest chain of imports.",
    "work": "Most steps of evaluation.",
    "layers": "Most layers that a model applies.",
    "experts": "Most experts of a model.",
    "parameters": "Most parameters of a model.",
}

LIMITS = tuple(
    Option(
        f"--max-{field.name}",
        _LIMIT_HELP[field.name],
        "number",
        metavar="N",
        panel="Limits",
    )
    for field in fields(Limits)
)

ROOT = Option(
    "--root", "Folder that imports may not leave [default: found].", metavar="DIR"
)
JSON = Option("--json", "Print JSON instead, in a stable form.", "flag")
VERBOSE = Option("--verbose", "Show where the compiler failed, if it fails.", "flag")
MODEL = Option("--model", "Which model of the file.", metavar="NAME")
VARIANT = Option("--variant", "Which variant of the file.", metavar="NAME")
SET = Option(
    "--set", "Set a parameter or a key of the model.", "many", metavar="NAME=VALUE"
)
SPEC = Argument("spec", "The spec.")

_COMPILES = (ROOT, VERBOSE, *LIMITS)
_CHOOSES = (SET, MODEL, VARIANT)

COMMANDS: tuple[Command, ...] = (
    Command(
        "new",
        "Write a first spec, with comments.",
        (Argument("name", "Name of the model; the file is NAME.vslm."),),
        (VERBOSE,),
        "vslmc.cli.new:run_new",
    ),
    Command(
        "check",
        "Report every fault of one or more specs.",
        (Argument("specs", "Specs to check; `-` reads from the input.", many=True),),
        (
            Option(
                "--format",
                "How faults are written.",
                metavar="FORMAT",
                choices=("text", "json", "sarif", "github"),
            ),
            Option("--strict", "Exit 1 on warnings too.", "flag"),
            Option("--fix", "Apply safe fixes, such as names put right.", "flag"),
            Option("--diff", "Write nothing; show what --fix would change.", "flag"),
            *_COMPILES,
        ),
        "vslmc.cli.check:run_check",
    ),
    Command(
        "fmt",
        "Bring specs into the one canonical layout; comments are kept.",
        (Argument("specs", "Specs; `-` formats the input.", many=True),),
        (
            Option("--check", "Write nothing; exit 1 if a file would change.", "flag"),
            Option("--diff", "Write nothing; show what would change.", "flag"),
            VERBOSE,
            *LIMITS,
        ),
        "vslmc.cli.fmt:run_fmt",
    ),
    Command(
        "explain",
        "Say what a diagnostic means, with an example; all of them without a name.",
        (Argument("name", "Name of a diagnostic.", optional=True),),
        (VERBOSE,),
        "vslmc.cli.explain:run_explain",
    ),
    Command(
        "show",
        "Print the expanded stack, layer by layer.",
        (SPEC,),
        (
            JSON,
            Option(
                "--emit",
                "Print a stage of the compilation as JSON instead.",
                metavar="STAGE",
                choices=("tree", "spec", "resolved", "plan"),
            ),
            *_CHOOSES,
            *_COMPILES,
        ),
        "vslmc.cli.show:run_show",
    ),
    Command(
        "cost",
        "Say what each layer costs: parameters, total and active, and FLOPs.",
        (SPEC,),
        (
            JSON,
            Option(
                "--solve",
                "Choose this number of the spec for the budget, and show that model.",
                metavar="NAME",
            ),
            Option("--flops", "Budget: forward FLOPs of a token.", metavar="N"),
            Option("--parameters", "Budget: parameters.", metavar="N"),
            Option("--active", "Budget: active parameters.", metavar="N"),
            Option("--multiple", "The number is a multiple of this.", metavar="N"),
            *_CHOOSES,
            *_COMPILES,
        ),
        "vslmc.cli.cost:run_cost",
    ),
    Command(
        "why",
        "Say where a value comes from: `vslmc why tiny.vslm layers[3].ffn.hidden`.",
        (SPEC, Argument("path", "A parameter, or the path of a key.")),
        (JSON, *_CHOOSES, *_COMPILES),
        "vslmc.cli.why:run_why",
    ),
    Command(
        "build",
        "Write the package of a spec: model, training script, launch files.",
        (SPEC,),
        (
            Option(
                "--output",
                "Folder of packages [default: generated].",
                short="-o",
                metavar="DIR",
            ),
            *_CHOOSES,
            Option("--all", "Build all models and variants of the file.", "flag"),
            Option("--check", "Write nothing; exit 1 if a file would change.", "flag"),
            Option("--force", "Overwrite files that somebody edited.", "flag"),
            *_COMPILES,
        ),
        "vslmc.cli.build:run_build",
    ),
    Command(
        "import",
        "Write the spec of a Hugging Face model, and its weights for what is built from it.",
        (Argument("folder", "Folder of the model: `config.json`, safetensors."),),
        (
            Option(
                "--output",
                "The spec [default: the folder's name].",
                short="-o",
                metavar="FILE",
            ),
            Option(
                "--weights",
                "Convert the weights too, into this safetensors file.",
                metavar="FILE",
            ),
            Option("--force", "Replace files that are there.", "flag"),
            VERBOSE,
        ),
        "vslmc.cli.importing:run_import",
    ),
    Command(
        "warmstart",
        "Write the weights of a model whose expert tables have grown (`grow_from`).",
        (
            Argument("old", "The model before: a spec, `spec@variant`, or a package."),
            Argument("checkpoint", "Its run, a checkpoint, or a safetensors file."),
            Argument("new", "The model that has grown, as the first."),
        ),
        (
            Option(
                "--output",
                "A new safetensors file [default: grown.safetensors].",
                short="-o",
                metavar="FILE",
            ),
            Option("--seed", "Of new rows and keys [default: 0].", metavar="N"),
            *_COMPILES,
        ),
        "vslmc.cli.warmstart:run_warmstart",
    ),
    Command(
        "shrink",
        "Write a tiny twin of a model: one layer of every kind, small sizes.",
        (SPEC,),
        (
            Option(
                "--output",
                "A new file for the twin's spec [default: it is printed].",
                short="-o",
                metavar="FILE",
            ),
            *_CHOOSES,
            *_COMPILES,
        ),
        "vslmc.cli.shrink:run_shrink",
    ),
    Command(
        "diff",
        "Compare two models: layers, tensors, parameters, costs.",
        (
            Argument(
                "a", "A spec, one model or variant of it (`spec@name`), or a package."
            ),
            Argument("b", "What to compare it with."),
        ),
        (
            Option("--code", "Compare the generated files too.", "flag"),
            JSON,
            *_COMPILES,
        ),
        "vslmc.cli.diff:run_diff",
    ),
    Command(
        "lsp",
        "Serve an editor: the language server over the standard streams.",
        (),
        (),
        "vslmc.cli.lsp:run_lsp",
    ),
)
