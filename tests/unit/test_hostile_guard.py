"""The second look at generated Python refuses what no template has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from vslmc.driver.build import RENDERERS, SPREADING, render_packages
from vslmc.driver.compile import Request
from vslmc.render.engine import template_folder
from vslmc.render.guard import IMPORTS, UnsafeCode, check_python
from vslmc.render.kernels.triton import FILE
from vslmc.spec.reserved import GENERATED, owner_of_module

SPECS = sorted(Path(__file__).parents[2].joinpath("specs").glob("*.vslm"))

HOSTILE = [
    "import subprocess",
    "import os.path",
    "from os import system",
    "from . import other",
    "from .. import other",
    "import builtins",
    "import socket",
    "from ctypes.util import find_library",
    "import os\nos.system('touch x')",
    "import os\nos.popen('x')",
    "import os\nos.execv('x', [])",
    "import os\nx = os.remove",
    "import os as o\no.system('x')",
    "import os\no = os\no.system('x')",
    "import os\ngetattr(os, 'system')('x')",
    "import sys\nsys.modules['os'].system('x') if sys else 0",
    "from importlib.util import find_spec",
    "import shutil\nshutil.move('a', 'b')",
    "import sys\nsys.exit()",
    "import sys\nsys.path.append('x')",
    "import ctypes\nctypes.PyDLL(None)",
    "import importlib.util\nimportlib.import_module('os')",
    "exec('x')",
    "eval('x')",
    "run = eval",
    "compile('x', 'x', 'exec')",
    "open('x', 'w')",
    "__import__('os')",
    "__builtins__",
    "__loader__",
    "().__class__.__bases__",
    "x = (1).__class__",
    "def f(a):\n    return a.__globals__",
    "breakpoint()",
    "input()",
    "vars()",
    "lambda: exec('x')",
    "x: eval('x') = 1",
    "class A(eval('x')):\n    pass",
    "@eval\ndef f():\n    pass",
    "def f(x=eval('1')):\n    pass",
    "f'{eval(1)}'",
    "[eval(x) for x in ()]",
    "match 1:\n    case _ if eval('1'):\n        pass",
    # What does not parse, or does not compile, is refused as well.
    "x = (",
    "return 1",
    "x = 'a\nb'",
    "def f():\n    nonlocal x",
    "break",
    "x = '\x00'",
    "x = 1\n  y = 2",
    "(" * 300 + ")" * 300,
    "-" * 100_000 + "1",
    "a = \ud800",
]


@pytest.mark.parametrize("code", HOSTILE)
def test_refused(code: str) -> None:
    with pytest.raises(UnsafeCode):
        check_python("train.py", code)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_package_passes(path: Path) -> None:
    # Rendering checks the files; this holds that it does, and that every file has its list.
    packages = render_packages(Request(path, every=True)).value
    assert packages
    for package in packages:
        copied = {source.name for source in package.sources}
        for name, text in package.files.items():
            if name.endswith(".py") and name not in copied:
                beside = copied | ({FILE} & package.files.keys())
                check_python(name, text, beside)
                with pytest.raises(UnsafeCode, match=name):
                    check_python(name, text + "\neval('1')\n", beside)
    written = {**RENDERERS, **SPREADING}
    always = {name for name in written if name.endswith(".py")}
    assert set(IMPORTS) == {*always, FILE}


def test_rendering_looks_at_what_it_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RENDERERS, "log.py", lambda plan: "import socket\n")
    with pytest.raises(UnsafeCode, match=r"log\.py: line 1: the import of `socket`"):
        render_packages(Request(SPECS[0]))


def test_nothing_is_allowed_that_no_template_has() -> None:
    """The lists of imports do not grow beyond what is used."""
    used: dict[str, set[str]] = {name: set() for name in IMPORTS}
    for path in SPECS:
        for package in render_packages(Request(path, every=True)).value or ():
            for name in used.keys() & package.files.keys():
                used[name] |= list_imports(package.files[name])
    everything = set[str]().union(*used.values())
    flex = {"torch.nn.attention.flex_attention", "functools", "warnings"}
    kernels = {"scattermoe.parallel_experts"}
    rare = {"deepspeed", "safetensors.torch", *flex, *kernels}
    assert set[str]().union(*IMPORTS.values()) <= everything | rare


def list_imports(text: str) -> set[str]:
    """Modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


LOADS = [
    "load_beside('other')",
    "load_beside('os')",
    "load_beside('own' + '_parts')",
    "load_beside(name='own_parts')",
    "load_beside('own_parts', 'x')",
    "load_beside(*['own_parts'])",
    "load = load_beside",
    "getattr(load_beside, 'x')",
    "import os",
    "sys.exit()",
    "importlib.import_module('os')",
    "import importlib as i",
    "from importlib import import_module",
]


def test_a_model_loads_the_files_that_are_copied_and_no_others() -> None:
    path = next(path for path in SPECS if path.stem == "own_parts")
    packages = render_packages(Request(path)).value
    assert packages is not None
    text = packages[0].files["model.py"]
    check_python("model.py", text, ["own_parts.py"])
    for copied in ([], ["other.py"], ["own_parts.py", "other.py"]):
        with pytest.raises(UnsafeCode):
            check_python("model.py", text, copied)
    for line in LOADS:
        with pytest.raises(UnsafeCode):
            check_python("model.py", f"{text}\n{line}\n", ["own_parts.py"])


def test_a_model_loads_kernels_where_the_package_has_them() -> None:
    path = next(path for path in SPECS if path.stem == "peer")
    packages = render_packages(Request(path)).value
    assert packages is not None
    text = packages[0].files["model.py"]
    check_python("model.py", text, [FILE])
    for beside in ([], ["other.py"]):
        with pytest.raises(UnsafeCode):
            check_python("model.py", text, beside)
    for line in ("os.remove('x')", "os.system('x')", "reach = os"):
        with pytest.raises(UnsafeCode, match="`os"):
            check_python("model.py", f"{text}\n{line}\n", [FILE])


def test_names_of_copied_files_are_not_those_of_the_package() -> None:
    stems = {name.removesuffix(".py") for name in IMPORTS}
    assert stems | {"conftest"} == GENERATED
    imported = {name.partition(".")[0] for names in IMPORTS.values() for name in names}
    others = {name for name in imported - stems if owner_of_module(name) is None}
    assert others == set()


def test_nothing_else_in_a_model_begins_as_the_modules_of_copied_files_do() -> None:
    for folder in ("leaf", "model"):
        for path in (template_folder() / folder).iterdir():
            assert not re.search(r"\bpython_", path.read_text("utf-8")), path
