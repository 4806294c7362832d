"""Imports go one way, nothing heavy comes along, and only the command line prints."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "vslmc"

# From the bottom to the top; parts of one line do not import each other.
LEVELS = (
    ("record",),
    ("source",),
    ("diagnostics", "outcome"),
    ("syntax",),
    ("spec",),
    ("resolve",),
    ("checks",),
    ("plan",),
    ("cost",),
    ("diff",),
    ("render",),
    ("write", "hf"),
    ("experiments",),
    ("settings",),
    ("driver",),
    ("builder", "lsp", "pygments_lexer"),
    ("shrink",),
    ("cli",),
    ("__main__",),
)
RANK = {part: rank for rank, parts in enumerate(LEVELS) for part in parts}

# An outcome carries diagnostics, which know nothing of outcomes.
EXCEPTIONS = {("outcome", "diagnostics")}

# Need torch, and are themselves imported by functions, for `vslmc import --weights` and
# `vslmc warmstart` alone.
TAKES_TORCH = {
    "vslmc/hf/convert.py": {"torch", "safetensors"},
    "vslmc/driver/grown_weights.py": {"torch", "safetensors", "safetensors.torch"},
}

FOREIGN = {
    "torch",
    "deepspeed",
    "transformers",
    "numpy",
    "safetensors",
    "matplotlib",
    "triton",
}


@cache
def modules() -> dict[Path, ast.Module]:
    """The syntax tree of every module of the compiler."""
    return {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


def part_of(path: Path) -> str:
    """The part of the compiler that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module imports, also within functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            assert node.module is not None
            if node.module == "vslmc":
                names = (f"vslmc.{alias.name}" for alias in node.names)
                yield from ((node.lineno, name) for name in names)
            else:
                yield node.lineno, node.module


def is_allowed(part: str, other: str) -> bool:
    """Whether `part` may import `other`."""
    if part == other or other == "__version__" or (part, other) in EXCEPTIONS:
        return True
    return RANK[part] > RANK[other]


def test_every_part_has_its_place() -> None:
    parts = {part_of(path) for path in modules()} - {"__init__"}
    assert parts <= set(RANK), f"no place for {sorted(parts - set(RANK))}"


def test_imports_go_one_way() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {part_of(path)} imports {name}"
        for path, tree in modules().items()
        for line, name in imports_of(tree)
        if name.split(".")[0] == "vslmc" and part_of(path) != "__init__"
        if not is_allowed(part_of(path), name.split(".")[1])
    ]
    assert wrong == []


def test_the_rule_can_tell_wrong_from_right() -> None:
    assert is_allowed("driver", "render")
    assert not is_allowed("render", "driver")
    assert not is_allowed("cost", "diff")
    assert not is_allowed("diagnostics", "outcome")


def test_the_compiler_imports_nothing_that_trains() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path, tree in modules().items()
        for line, name in imports_of(tree)
        if name.split(".")[0] in FOREIGN
        if name not in TAKES_TORCH.get(path.relative_to(ROOT).as_posix(), ())
    ]
    assert wrong == []


@pytest.mark.parametrize("place", TAKES_TORCH)
def test_what_takes_torch_is_imported_by_functions_alone(place: str) -> None:
    module = place.removesuffix(".py").replace("/", ".")
    own = {name for node in modules()[ROOT / place].body for name in tops(node)}
    assert not own & FOREIGN
    wrong = [
        path.relative_to(ROOT).as_posix()
        for path, tree in modules().items()
        if any(name == module for node in tree.body for name in tops(node))
    ]
    assert wrong == []


def tops(statement: ast.stmt) -> list[str]:
    """What a statement of a module itself imports: names of modules."""
    match statement:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names):
            return [str(module), *(f"{module}.{alias.name}" for alias in names)]
        case _:
            return []


def says(node: ast.AST) -> str | None:
    """What a call or a name does that only the command line may do."""
    match node:
        case ast.Call(func=ast.Name(id="print" | "input" | "exit" | "quit" as name)):
            return name
        case ast.Attribute(value=ast.Name(id="sys"), attr=name):
            return name if name in ("exit", "stdout", "stderr", "stdin") else None
        case ast.Name(id="SystemExit"):
            return "SystemExit"
        case ast.Attribute(value=ast.Name(id="os"), attr="_exit" | "abort" as name):
            return name
        case _:
            return None


def test_only_the_command_line_prints_and_exits() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}: {words}"
        for path, tree in modules().items()
        if part_of(path) not in ("cli", "lsp", "__main__")
        for node in ast.walk(tree)
        if (words := says(node)) is not None
    ]
    assert wrong == []


def loaded_by(*words: str) -> set[str]:
    """Top-level modules that one command line has loaded when it ends."""
    script = (
        "import json, sys\n"
        "from vslmc.cli.app import run_cli\n"
        f"assert run_cli({list(words)!r}) == 0\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = {"typer", "click", "rich", "pydantic", "black"}


def test_check_loads_no_torch_and_nothing_heavy() -> None:
    loaded = loaded_by("check", "specs/diamond.vslm")
    assert not loaded & (FOREIGN | HEAVY | {"jinja2"})


@pytest.mark.parametrize("spec", ["diamond", "moe"])
def test_build_loads_no_torch_and_nothing_heavy(spec: str, tmp_path: Path) -> None:
    loaded = loaded_by("build", f"specs/{spec}.vslm", "-o", str(tmp_path))
    assert "jinja2" in loaded
    assert not loaded & (FOREIGN | HEAVY)


def test_import_loads_no_torch_and_nothing_heavy(tmp_path: Path) -> None:
    config = {"model_type": "llama", "num_hidden_layers": 2, "vocab_size": 512}
    (tmp_path / "config.json").write_text(json.dumps(config))
    spec = tmp_path / "spec.vslm"
    loaded = loaded_by("import", str(tmp_path), "-o", str(spec))
    assert spec.exists()
    assert not loaded & (FOREIGN | HEAVY | {"jinja2"})


@pytest.mark.parametrize("command", ["show", "fmt --check"])
def test_other_commands_load_nothing_heavy(command: str) -> None:
    loaded = loaded_by(*command.split(), "specs/diamond.vslm")
    assert not loaded & (FOREIGN | HEAVY | {"jinja2"})
