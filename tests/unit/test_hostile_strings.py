"""No text of a spec leaves its place in a package: each is refused, or is only a text."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.unit.hostile_payloads import CANARY, TEXTS, WORDS, quote
from vslmc.diagnostics.github import render_github
from vslmc.diagnostics.json import render_json
from vslmc.diagnostics.sarif import render_sarif
from vslmc.diagnostics.text import render_text
from vslmc.driver.build import RENDERERS, build_packages, render_packages
from vslmc.driver.compile import Request, compile_spec

MODEL = "vocab = 256, context = 8, width = 8"
SPEC = """
block base {{ mixer = attention(heads = 2, position = rope), ffn = mlp(hidden = 8) }}
recipe r {{ data = text({path}), train {{ batch = 16, steps = 2 }} }}
model m {{ {model}, recipe = r, layers {{ 2 * base }} }}
"""
OWN = """
block base {{ mixer = attention(heads = 2), ffn = python({own}) }}
model m {{ {model}, layers {{ 2 * base }} }}
"""
CLASS = f"""open('{CANARY}', 'w')


class MyFFN:
    def __init__(self, width, mode="x"): ...
"""
NAMES = """
param {param} = 2
block {block} {{ mixer = attention(heads = 2), ffn = mlp(hidden = 8) }}
recipe {recipe} {{ train {{ batch = 16, steps = {param} }} }}
model {model} {{
    {sizes}, recipe = {recipe}
    layers {{ {label}: {param} * {block}, use {label} }}
}}
variant {variant} of {model} {{ {param} = 3 }}
"""
DEVICES = WORDS.index("con")
PLAIN = {
    name: f"plain_{name}"
    for name in ("param", "block", "recipe", "model", "label", "variant")
}


def render(text: str, path: Path, **more: object) -> dict[str, str] | None:
    """Files of the first package, or None where the spec is refused with diagnostics."""
    request = Request(path, root=path.parent, text=text, every=True, **more)  # type: ignore[arg-type]
    outcome = render_packages(request)
    found = outcome.diagnostics
    for written in (render_json(found), render_sarif(found)):
        json.loads(written)
    for written in (render_text(found), render_github(found)):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]", written)
    if outcome.value is None:
        assert any(diagnostic.is_error for diagnostic in found)
        return None
    return dict(outcome.value[0].files)


@cache
def shape(text: str) -> str:
    """The syntax tree without what its texts say."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def verify(files: dict[str, str], plain: dict[str, str]) -> None:
    """The files hold the same code as those of a harmless spec."""
    assert files.keys() == plain.keys()
    for name, text in files.items():
        if text == plain[name]:
            continue
        text.encode("utf-8")
        assert not re.search(
            "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text
        ), name
        if name.endswith(".py"):
            assert shape(text) == shape(plain[name]), name
        elif name.endswith(".json"):
            assert json.loads(text).keys() == json.loads(plain[name]).keys()
        elif name.endswith(".md"):
            verify_markdown(text)
        else:
            assert len(text.splitlines()) == len(plain[name].splitlines()), name


def verify_markdown(text: str) -> None:
    """One comment at the top, and no tag, link or image after it."""
    first, rest = text.split("\n", 1)
    assert first.startswith("<!-- ") and first.endswith(" -->")
    assert "--" not in first[4:-3] and not first[4:].startswith((">", "->"))
    prose = re.sub(r"```.*?```", "", rest, flags=re.DOTALL)
    prose = re.sub(r"`[^`\n]*`", "", prose)
    assert not re.search(r"(?<!\\)(?:\\\\)*<", prose)
    assert not re.search(r"(?<!\\)(?:\\\\)*\]\(", prose)
    assert not re.search(r"^#(?!#? [A-Z\w\\])", rest, re.MULTILINE)


def run_scripts(scripts: list[str], folder: Path) -> None:
    """Run shell scripts where every program is a stub; none may leave anything behind."""
    stubs = folder / "stubs"
    stubs.mkdir()
    for name in (
        "torchrun",
        "deepspeed",
        "python",
        "srun",
        "scontrol",
        "head",
        "dirname",
    ):
        stub = stubs / name
        stub.write_text("#!/bin/sh\nexit 0\n")
        stub.chmod(0o755)
    for script in dict.fromkeys(scripts):
        path = folder / "script.sh"
        path.write_text(script, "utf-8")
        subprocess.run(["bash", "-n", str(path)], check=True)
        environment = {"PATH": f"{stubs}:{os.environ['PATH']}", "SLURM_NODEID": "0"}
        environment |= {"SLURM_JOB_NODELIST": "a", "SLURM_JOB_ID": "1"}
        subprocess.run(
            ["bash", str(path)],
            cwd=folder,
            env=environment,
            check=False,
            timeout=300,
            capture_output=True,
        )
    left = {path.name for path in folder.iterdir()}
    assert left <= {"stubs", "script.sh"}


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def no_canary(folder: Path) -> bool:
    return not any(folder.rglob(f"*{CANARY}*"))


def test_there_are_payloads_enough() -> None:
    assert len(set(TEXTS)) >= 200
    assert len(set(WORDS) | set(TEXTS)) >= 300


def keep_reached(one: str, other: str, path: Path, patch: pytest.MonkeyPatch) -> None:
    """Let later packages have those files alone that differ between two specs."""
    first, second = render(one, path), render(other, path)
    assert first is not None and second is not None
    for name in list(RENDERERS):
        if first[name] == second[name]:
            patch.delitem(RENDERERS, name)


def test_path_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "spec.vslm"
    one, other = (SPEC.format(path=f'"{name}"', model=MODEL) for name in "xy")
    keep_reached(one, other, path, monkeypatch)
    assert set(RENDERERS) == {"data.py", "README.md"}
    plain = render(one, path)
    assert plain is not None
    built = 0
    for payload in TEXTS:
        files = render(SPEC.format(path=quote(payload), model=MODEL), path)
        if files is not None:
            verify(files, plain)
            # It is still the same text: nothing was lost on the way.
            assert payload in strings(files["data.py"])
            built += 1
    assert built >= 150
    assert no_canary(tmp_path)


def strings(text: str) -> set[str]:
    """All texts that a Python file holds."""
    nodes = ast.walk(ast.parse(text))
    constants = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return {value for value in constants if isinstance(value, str)}


def own(path: str, *arguments: str) -> str:
    """A spec with a class of the user's own."""
    return OWN.format(own=", ".join((path, *arguments)), model=MODEL)


def test_path_of_a_class(tmp_path: Path) -> None:
    """No text but that of a file and a class that are there gets through; none runs the file."""
    path = tmp_path / "spec.vslm"
    (tmp_path / "parts.py").write_text(CLASS)
    plain = render(own('"parts.py:MyFFN"'), path)
    assert plain is not None and plain["parts.py"] == CLASS
    forms = (
        "{}",
        "{}.py:MyFFN",
        "parts.py:{}",
        "{}/parts.py:MyFFN",
        "./{}parts.py:MyFFN",
    )
    built = 0
    for payload in [*TEXTS, *WORDS[::8], "..", "../..", "/", "/etc/passwd", "~", ""]:
        for form in forms:
            files = render(own(quote(form.replace("{}", payload))), path)
            if files is not None:
                verify(files, plain)
                built += 1
    assert built <= 2 * len(forms)
    assert no_canary(tmp_path)


def test_text_for_a_constructor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spec.vslm"
    (tmp_path / "parts.py").write_text(CLASS)
    one, other = (own('"parts.py:MyFFN"', f'mode = "{text}"') for text in "xy")
    keep_reached(one, other, path, monkeypatch)
    assert set(RENDERERS) == {"model.py", "README.md"}
    plain = render(one, path)
    assert plain is not None
    built = 0
    for payload in TEXTS:
        files = render(own('"parts.py:MyFFN"', f"mode = {quote(payload)}"), path)
        if files is not None:
            verify(files, plain)
            assert payload in strings(files["model.py"])
            built += 1
    assert built >= 150
    assert no_canary(tmp_path)


def test_file_of_a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a file holds, it is copied or refused, and never run."""
    path = tmp_path / "spec.vslm"
    for name in set(RENDERERS) - {"model.py"}:  # they see nothing of the file
        monkeypatch.delitem(RENDERERS, name)
    text = own('"parts.py:MyFFN"')
    (tmp_path / "parts.py").write_text(CLASS)
    plain = render(text, path)
    assert plain is not None
    copied = 0
    for payload in [*TEXTS[::2], *WORDS[::8]]:
        for content in (f"{payload}\n{CLASS}", f"{CLASS}\n# {payload}", payload):
            data = content.encode("utf-8", "surrogatepass")
            (tmp_path / "parts.py").write_bytes(data)
            files = render(text, path)
            if files is not None:
                assert files.pop("parts.py").encode() == data
                verify(files, {n: t for n, t in plain.items() if n != "parts.py"})
                copied += 1
    assert copied >= 100
    assert no_canary(tmp_path)


def drop_twins(text: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Of the files that have nothing of a spec's name but the banner, keep one."""
    one, other = (render(text, folder / f"{name}.vslm") for name in ("one", "other"))
    assert one is not None and other is not None
    for name in ("train.py", "data.py", "checkpoint.py", "log.py"):
        for files in (one, other):
            banner = files["sample.py"].split("\n", 1)[0]
            assert files[name].startswith(banner)
        assert one[name].split("\n", 1)[1] == other[name].split("\n", 1)[1]
        patch.delitem(RENDERERS, name)


def test_name_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SPEC.format(path='"x"', model=MODEL)
    drop_twins(text, tmp_path, monkeypatch)
    plain = render(text, tmp_path / "spec.vslm")
    assert plain is not None
    scripts: list[str] = []
    for payload in [*TEXTS, *WORDS[::4], "math", "Any", "F", "torch"]:
        name = re.sub("[\ud800-\udfff]", "\udcff", payload)  # a byte that is no UTF-8
        name = name.replace("/", "\u2044").replace("\x00", "\x01")[:80]
        files = render(text, tmp_path / f"{name}.vslm")
        if files is not None:
            verify(files, plain)
            scripts += [files["launch.sh"], files["launch.slurm"]]
    assert len(scripts) >= 300
    (tmp_path / "run").mkdir()
    run_scripts(scripts[::9], tmp_path / "run")
    assert no_canary(tmp_path)


def test_settings_of_the_command_line(tmp_path: Path) -> None:
    text = SPEC.format(path='"x"', model=MODEL)
    path = tmp_path / "spec.vslm"
    plain = render(text, path, sets=(("recipe.data", 'text("x")'),))
    assert plain is not None
    for payload in TEXTS[::2]:
        for sets in (
            (("recipe.data", f"text({quote(payload)})"),),
            (("recipe.data", payload),),
            ((payload, "3"),),
        ):
            files = render(text, path, sets=sets)
            if files is not None:
                verify(files, plain)
    assert no_canary(tmp_path)


@pytest.mark.parametrize("slot", PLAIN)
def test_names_are_taken_or_refused(slot: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.vslm"
    taken = 0
    for payload in [*WORDS, *TEXTS]:
        text = NAMES.format(sizes=MODEL, **{**PLAIN, slot: payload})
        outcome = compile_spec(Request(path, text=text, every=True))
        assert (outcome.value is None) == any(d.is_error for d in outcome.diagnostics)
        render_text(outcome.diagnostics)
        taken += outcome.value is not None
    assert taken >= 15


def test_names_in_the_package(tmp_path: Path) -> None:
    path = tmp_path / "spec.vslm"
    plain = render(NAMES.format(sizes=MODEL, **PLAIN), path)
    assert plain is not None
    built = 0
    for payload in WORDS[::2]:
        names = {**dict.fromkeys(PLAIN, payload), "param": "p"}
        names["variant"] = f"{payload[:40]}_v"  # models and variants share their names
        files = render(NAMES.format(sizes=MODEL, **names), path)
        if files is not None:
            verify(files, plain)
            built += 1
    assert built >= 30
    assert no_canary(tmp_path)


def test_names_that_differ_in_case_alone(tmp_path: Path) -> None:
    text = "\n".join(
        f"block {name} {{ mixer = attention(heads = {heads}), ffn = {ffn} }}"
        for name, heads, ffn in [
            ("base", 1, "mlp"),
            ("Base", 2, "swiglu"),
            ("BASE", 4, "moe(experts = 2)"),
            ("Block", 8, "moe(experts = 4, expert = mlp)"),
            ("Attention", 8, "mlp(bias = true)"),
        ]
    )
    text += f"\nmodel m {{ {MODEL}, layers {{ base, Base, BASE, Block, Attention }} }}"
    files = render(text, tmp_path / "spec.vslm")
    assert files is not None
    tree = ast.parse(files["model.py"])
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    imported = [
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    ]
    defined = [*classes, *functions, *imported]
    assert len(set(defined)) == len(defined)
    assert len({name.lower() for name in classes}) == len(classes)


def test_imports(tmp_path: Path) -> None:
    model = f"model m {{ {MODEL}, layers {{ base }} }}"
    (tmp_path / "lib.vslm").write_text("block base { mixer = none, ffn = mlp }")
    root = tmp_path / "root"
    root.mkdir()
    for payload in [*TEXTS, "../lib.vslm", "/dev/zero", "/dev/stdin", "/proc/self/mem"]:
        text = f"import {quote(payload)}\n{model}"
        assert render(text, root / "spec.vslm") is None, payload
    assert no_canary(tmp_path)


@pytest.mark.parametrize("slot", ["model", "variant"])
def test_names_on_the_disk(slot: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.vslm"
    output = tmp_path / "generated"
    for payload in [*WORDS[::12], *WORDS[DEVICES : DEVICES + 12]]:
        text = NAMES.format(sizes=MODEL, **{**PLAIN, slot: payload})
        if not payload.isascii():
            continue
        outcome = build_packages(Request(spec, text=text, every=True), output)
        if outcome.value is None:
            assert outcome.diagnostics
    folders = [path.name for path in output.iterdir()]
    assert len(folders) >= 10
    stems = {name.split(".")[0].split("-")[0].lower() for name in folders}
    devices = {"con", "nul", "aux", "prn", "com1", "lpt1"}
    assert slot == "variant" or not stems & devices
    assert {path.name for path in tmp_path.iterdir()} <= {"generated", "spec.vslm"}
