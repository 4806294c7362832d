"""The check of generated Python after it is rendered, whatever the spec made of its text.

Escaping keeps texts of a spec where they belong (`render.escape`). Should that fail, a package
still holds no code but what the templates are known to use: a second look at the syntax tree,
against lists of what may be imported, named and reached.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from vslmc.render.kernels.triton import FILE

_STDLIB = frozenset(
    [
        "__future__",
        "argparse",
        "codecs",
        "collections.abc",
        "contextlib",
        "csv",
        "ctypes",
        "dataclasses",
        "functools",
        "hashlib",
        "importlib.util",
        "io",
        "json",
        "logging",
        "math",
        "os",
        "pathlib",
        "platform",
        "pydoc_data.topics",
        "shutil",
        "sys",
        "time",
        "typing",
    ]
)
_TORCH = frozenset(
    [
        "torch",
        "torch.distributed",
        "torch.nn.functional",
        "torch.nn.attention.flex_attention",
        "torch.nn.parallel",
        "torch.testing",
        "torch.utils.flop_counter",
    ]
)
_MODEL = frozenset(
    [
        "__future__",
        "collections.abc",
        "contextlib",
        "dataclasses",
        "functools",
        "importlib.util",
        "logging",
        "math",
        "typing",
        "warnings",
        "flash_attn",
        "flash_attn.cute",
        "flash_attn_interface",
        "scattermoe.parallel_experts",
    ]
)

IMPORTS: dict[str, frozenset[str]] = {
    "model.py": _MODEL | _TORCH,
    "kernels.py": frozenset(["typing", "torch", "triton", "triton.language"]),
    "train.py": _STDLIB
    | _TORCH
    | {"deepspeed", "checkpoint", "data", "expert_parallel", "log", "model"},
    "expert_parallel.py": _STDLIB
    | _TORCH
    | {"deepspeed.moe.layer", "deepspeed.utils", "model"},
    "data.py": _STDLIB | _TORCH,
    "sample.py": _STDLIB | _TORCH | {"checkpoint", "data", "model"},
    "checkpoint.py": _STDLIB | _TORCH | {"safetensors.torch"},
    "log.py": _STDLIB | {"matplotlib.figure", "rich.console", "rich.progress"},
    "test_model.py": _STDLIB | _TORCH,
}
"""Modules that each file of a package may import."""

BESIDE = frozenset({"importlib.util", "pathlib", "sys"})
"""What a model needs to load files beside it."""
LOADER = "load_beside"
"""The function that loads them."""

REACHED: dict[str, frozenset[str]] = {
    "os": frozenset({"environ", "open", "close", "fsync", "replace", "O_RDONLY"}),
    "sys": frozenset({"modules", "stderr"}),
    "shutil": frozenset({"rmtree"}),
    "ctypes": frozenset({"CDLL"}),
    "importlib": frozenset({"util"}),
}
"""What may be reached in modules that can do harm."""

FORBIDDEN = frozenset(
    [
        "exec",
        "eval",
        "compile",
        "open",
        "input",
        "breakpoint",
        "vars",
        "locals",
        "delattr",
        "exit",
        "quit",
        "help",
    ]
)
"""Builtins that no template uses."""
DUNDERS = frozenset(
    [
        "__init__",
        "__new__",
        "__file__",
        "__name__",
        "__torch_function__",
        "__torch_dispatch__",
    ]
)
"""The only names with two leading underscores."""


class UnsafeCode(Exception):
    """Generated code has something that no template has: a fault of the compiler."""


def check_python(name: str, text: str, copied: Collection[str] = ()) -> None:
    """Parse, walk and compile the file `name`; raises `UnsafeCode`, or returns nothing.

    `copied` are files of the user's own in the package, and kernels: the model loads exactly these.
    """
    modules = IMPORTS[name]
    if name == "model.py" and copied:
        modules |= BESIDE
    if name == "model.py" and FILE in copied:
        modules |= {"os"}
    try:
        tree = ast.parse(text, name)
        nodes = list(ast.walk(tree))
        for slip in (*_find_slips(nodes, modules), *_find_loads(nodes, name, copied)):
            raise UnsafeCode(f"{name}: {slip}")
        compile(tree, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnsafeCode(f"{name}: {error}") from error


def _find_slips(nodes: list[ast.AST], modules: frozenset[str]) -> Iterator[str]:
    """What no template has; parents are before their children."""
    guarded: set[ast.expr] = set()
    for node in nodes:
        match node:
            case ast.Name(id=word) if word in FORBIDDEN or _is_hidden(word):
                yield f"line {node.lineno}: the name `{word}`"
            case ast.Name(id=word) if word in REACHED and node not in guarded:
                yield f"line {node.lineno}: `{word}` as a value"
            case ast.Attribute(attr=word) if _is_hidden(word):
                yield f"line {node.lineno}: the attribute `{word}`"
            case ast.Attribute(value=ast.Name(id=owner) as name, attr=word):
                # A walk meets the parent first: a bare name comes without this.
                guarded.add(name)
                if word not in REACHED.get(owner, (word,)):
                    yield f"line {node.lineno}: `{owner}.{word}`"
            case ast.Import() | ast.ImportFrom():
                yield from _find_imports(node, modules)
            case _:
                pass


def _find_loads(
    nodes: list[ast.AST], name: str, copied: Collection[str]
) -> Iterator[str]:
    """Files that are loaded and not copied, or the other way round; loads that are odd."""
    found: set[str] = set()
    plain: set[ast.expr] = set()
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id=word) as called) if word == LOADER:
                plain.add(called)
                match node:
                    case ast.Call(args=[ast.Constant(value=str(stem))], keywords=[]):
                        found.add(f"{stem}.py")
                    case _:
                        yield f"line {node.lineno}: a load of what is no text"
            case ast.Name(id=word) if word == LOADER and node not in plain:
                yield f"line {node.lineno}: `{word}` as a value"
            case _:
                pass
    wanted = set(copied) if name == "model.py" else set[str]()
    for file in sorted(found ^ wanted):
        yield f"`{file}` is loaded and not copied, or copied and not loaded"


def _is_hidden(word: str) -> bool:
    return word.startswith("__") and word not in DUNDERS


def _find_imports(
    node: ast.Import | ast.ImportFrom, modules: frozenset[str]
) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        name = "." * node.level + (node.module or "")
        # What is reached by its own name would not be seen.
        legal = name in modules and name.partition(".")[0] not in REACHED
        names = [] if legal else [name]
    else:
        names = [
            each.name
            for each in node.names
            if each.name not in modules
            or (each.asname and each.name.partition(".")[0] in REACHED)
        ]
    for name in names:
        yield f"line {node.lineno}: the import of `{name}`"
