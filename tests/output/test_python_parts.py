"""Packages with parts of the user's own: they keep every law, or their own test says which not."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import black
import pytest
import safetensors.torch as safetensors
import torch

from tests.output.python_support import (
    MEAN,
    PARTS,
    RELU,
    build,
    build_own,
    load,
    run_kit,
    write_spec,
)
from tests.output.train_support import read_log, run, train

ATTENTION = "attention(heads = 2, position = rope, window = 5)"
BOTH = f"cycle({MEAN}, {ATTENTION})"

STACKS: dict[str, dict[str, str]] = {
    "both_parts": {},
    "ffn_only": {"mixer": "none"},
    "mixer_only": {"ffn": "none"},
    "beside_attention": {"mixer": BOTH, "layers": "4 * base"},
    "keys_of_the_layer_before": {
        "mixer": BOTH,
        "layers": "2 * base, 1 * base, 1 * base { mixer = attention(heads = 2, "
        "position = rope, window = 9, kv = from_previous) }",
    },
    "no_norm": {"layers": "2 * base { norm = none, dropout = 0.1 }"},
    "loop": {"mixer": BOTH, "layers": "loop 3 { 2 * base }"},
    "use": {"layers": "door: 1 * base, 1 * base, use door"},
    "share": {
        "layers": "4 * base",
        "after": "share ffn in layers[*]\nshare mixer in layers[*] every 2",
    },
    "share_in_a_loop": {
        "mixer": MEAN,
        "layers": "loop 2 { 3 * base }",
        "after": "share mixer in layers[0..1]",
    },
    "carry": {"layers": "base, 2 * base { width = 16 }, base"},
    "project": {"model": "resize = project", "layers": "base, base { width = 16 }"},
    "experts": {
        "mixer": BOTH,
        "layers": "2 * base { ffn = cycle(moe(experts = 4), mlp) }",
    },
    "learned_positions": {"model": "embedding { position = learned, tie = true }"},
    "own_init": {"model": "init = normal(std = 0.1, residual = plain)"},
    "declared": {
        "ffn": RELU.replace(")", ", parameters = 4 * width**2, flops = 8 * width**2)"),
        "mixer": MEAN.replace(")", ", start = 0.5, parameters = width, flops = 0)"),
    },
    "late": {"layers": "3 * base { ffn.hidden = width * ramp(1, 3), mixer.start = i }"},
}


@pytest.mark.parametrize("name", STACKS)
def test_the_kit_passes_wherever_the_parts_stand(name: str, tmp_path: Path) -> None:
    package = build_own(tmp_path / "spec", **STACKS[name])
    done = run_kit(package)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok  test_cached_decoding_equals_the_full_forward" in done.stdout
    assert "ok  test_parts_of_your_own_keep_their_contract" in done.stdout or (
        name == "experts" and "mixer.python" in done.stdout
    )
    for file in ("model.py", "test_model.py"):
        text = (package / file).read_text("utf-8")
        assert black.format_str(text, mode=black.Mode()) == text


def test_ruff_and_pyright_find_nothing(tmp_path: Path) -> None:
    for name in ("both_parts", "beside_attention", "share"):
        build_own(tmp_path / name, **STACKS[name])
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "basic"}')
    tools = Path(sys.executable).parent
    ruff = [str(tools / "ruff"), "check", "--isolated", "."]
    pyright = [str(tools / "pyright"), "--pythonpath", sys.executable, "-p", "."]
    for command in (ruff, pyright):
        done = run(tmp_path, *command)
        assert done.returncode == 0, done.stdout + done.stderr


# --- the same numbers as a part of the language --------------------------------------------------


def test_a_part_computes_what_the_same_part_of_the_language_does(
    tmp_path: Path,
) -> None:
    """Own attention and own mlp, with the same weights, against the generated ones."""
    own = load(
        build_own(
            tmp_path / "own",
            mixer='python("parts.py:Heads", heads = 4)',
            ffn='python("parts.py:Relu", hidden = 64, bias = true)',
            layers="3 * base",
        )
    ).Model()
    plain = load(
        build_own(
            tmp_path / "plain",
            mixer="attention(heads = 4)",
            ffn="mlp(hidden = 64, activation = relu, bias = true)",
            layers="3 * base",
        )
    ).Model()
    state = {
        k.replace("mixer.python.", "mixer."): v for k, v in own.state_dict().items()
    }
    plain.load_state_dict(state, strict=True)
    tokens = torch.randint(256, (2, 40))
    torch.testing.assert_close(own.eval()(tokens), plain.eval()(tokens))
    losses = [m.train().loss(tokens[:, :-1], tokens[:, 1:]) for m in (own, plain)]
    torch.testing.assert_close(losses[0], losses[1])
    for loss in losses:
        loss.backward()
    gradients = {
        k.replace("mixer.python.", "mixer."): p for k, p in own.named_parameters()
    }
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(gradients[name].grad, parameter.grad)
    greedy = [m.generate(tokens[:, :5], 30, temperature=0.0) for m in (own, plain)]
    assert greedy[0].equal(greedy[1])


# --- start, decay, saving -----------------------------------------------------------------------


def test_parts_start_themselves_and_the_rest_as_planned(tmp_path: Path) -> None:
    package = load(
        build_own(tmp_path / "spec", ffn="mlp", layers="2 * base { mixer.start = i }")
    )
    model = package.Model()
    factors = [layer.mixer.python.factor for layer in model.layers]
    assert [factor.unique().tolist() for factor in factors] == [[0.0], [1.0]]
    with torch.no_grad():
        factors[0].fill_(3.0)
        model.layers[0].ffn.up.weight.fill_(3.0)
    model.init_parameters()
    assert factors[0].unique().tolist() == [3.0]
    assert model.layers[0].ffn.up.weight.std() < 0.05


def test_two_packages_in_one_process_have_each_their_own_file(tmp_path: Path) -> None:
    first = build_own(tmp_path / "first")
    second = build_own(tmp_path / "second", parts=PARTS.replace("7.0", "5.0"))
    for package, start in ((first, 7.0), (second, 5.0), (first, 7.0)):
        factor = load(package).Model().layers[0].mixer.python.factor
        assert factor.unique().tolist() == [start]
    assert not any(module == "parts" for module in sys.modules)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with a finished run."""
    folder = tmp_path_factory.mktemp("train") / "own"
    package = build_own(folder, mixer=BOTH)
    done = train(package)
    assert done.returncode == 0, done.stderr
    return package


def test_training_resumes_and_samples(trained: Path) -> None:
    rows = read_log(trained / "runs/own")
    assert rows[-1]["step"] == 3 and rows[-1]["loss"] < 6
    done = train(trained, "--resume", "--steps", "4")
    assert done.returncode == 0, done.stderr
    assert len(read_log(trained / "runs/own")) >= 3
    sampled = run(
        trained, sys.executable, "sample.py", "--prompt", "The", "--tokens", "30"
    )
    assert sampled.returncode == 0, sampled.stderr


LAUNCHERS = {
    "torchrun": ["torchrun", "--nproc-per-node", "2", "--standalone", "own/train.py"],
    "deepspeed": [
        sys.executable,
        "own/train.py",
        "--deepspeed",
        "own/ds_config.json",
    ],
}


@pytest.mark.parametrize("name", LAUNCHERS)
def test_launchers_find_the_file_from_another_folder(name: str, trained: Path) -> None:
    options = ["--out", f"runs/{name}", "--steps", "2"]
    done = run(trained.parent, *LAUNCHERS[name], *options)
    assert done.returncode == 0, done.stderr
    first = read_log(trained / "runs/own")[0]["loss"]
    losses = [row["loss"] for row in read_log(trained.parent / "runs" / name)]
    assert losses[0] == pytest.approx(first, rel=1e-3)


def test_decay_is_that_of_other_parts(trained: Path) -> None:
    code = (
        "import train, model\n"
        "m = model.Model()\n"
        "names = {id(p): n for n, p in m.named_parameters()}\n"
        "for group in train.build_optimizer(m).param_groups:\n"
        "    print(group['weight_decay'], *(names[id(p)] for p in group['params']))\n"
    )
    done = run(trained, sys.executable, "-c", code)
    decayed, others = (line.split() for line in done.stdout.splitlines())
    assert decayed[0] == "0.1" and others[0] == "0.0"
    assert {"layers.0.ffn.up.weight", "layers.0.ffn.down.weight"} <= set(decayed)
    assert "layers.0.mixer.python.factor" in others


# --- what the kit says of parts that break the contract ------------------------------------------

BROKEN: dict[str, tuple[dict[str, str], str, str, str]] = {
    "sees_later_tokens": (
        {},
        "x.cumsum(dim=1) / count",
        "x.mean(dim=1, keepdim=True).expand_as(x)",
        "layers.0.mixer.python is not causal, decoding cannot be",
    ),
    "depends_on_the_length": (
        {},
        "x.cumsum(dim=1) / count",
        "x.cumsum(dim=1) / x.size(1)",
        "layers.0.mixer.python is not causal, decoding cannot be",
    ),
    "ffn_mixes_tokens": (
        {},
        "self.up(x).relu()",
        "self.up(x).cumsum(dim=1).relu()",
        "layers.0.ffn looks at other tokens, which is for mixers",
    ),
    "other_width": (
        {},
        "nn.Linear(hidden, width, bias=bias)",
        "nn.Linear(hidden, width + 1, bias=bias)",
        "layers.0.ffn makes (2, 40, 33) of (2, 40, 32)",
    ),
    "declared_wrongly": (
        {"ffn": RELU.replace(")", ", parameters = 5000)")},
        "",
        "",
        "layers.0.ffn has 4096, declared: 5000",
    ),
    "keeps_a_buffer": (
        {},
        "self.factor = ",
        'self.register_buffer("table", torch.ones(3))\n        self.factor = ',
        "layers.0.mixer.python keeps more than parameters",
    ),
    "unused_parameter": (
        {},
        "return self.factor * x.cumsum",
        "return x.cumsum",
        "layers.0.mixer.python.factor",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_kit_names_the_part_and_what_is_wrong(name: str, tmp_path: Path) -> None:
    holes, right, wrong, message = BROKEN[name]
    assert right in PARTS
    parts = PARTS.replace(right, wrong) if right else PARTS
    done = run_kit(build_own(tmp_path / "spec", parts=parts, **holes))
    assert done.returncode == 1
    assert message in done.stderr, done.stderr


# --- the package --------------------------------------------------------------------------------


def test_the_file_is_copied_to_the_byte_and_listed(tmp_path: Path) -> None:
    spec = write_spec(tmp_path)
    data = b"\xef\xbb\xbf# BOM, CRLF, \xc3\xa9\r\n" + PARTS.encode() + b"\r\n# no end"
    (tmp_path / "parts.py").write_bytes(data)
    package = build(spec, tmp_path / "generated")
    assert (package / "parts.py").read_bytes() == data
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    digest = hashlib.sha256(data).hexdigest()
    assert manifest["files"]["parts.py"] == digest
    assert manifest["plan"]["stacks"][0]["layers"][0]["ffn"]["digest"] == digest
    assert manifest["python"]["layers.1.ffn"] == {
        "slot": "ffn",
        "file": "parts.py",
        "class": "Relu",
        "width": 32,
        "parameters": None,
        "flops": None,
    }
    assert run_kit(package).returncode == 0


def test_nothing_of_the_file_is_run_until_the_model_is(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    touch = f"import pathlib\npathlib.Path({str(canary)!r}).touch()\n"
    spec = write_spec(tmp_path, touch + PARTS)
    for command in ("check", "show", "build", "fmt", "why"):
        more = {"build": ["-o", str(tmp_path / "out")], "why": ["layers[0].ffn.hidden"]}
        words = [command, str(spec), *more.get(command, [])]
        done = run(tmp_path, sys.executable, "-m", "vslmc", *words)
        assert done.returncode == 0, done.stderr
    assert not canary.exists()
    load(tmp_path / "out" / "own")
    assert canary.exists()


def values(model: Any) -> list[float]:
    return [parameter.sum().item() for parameter in model.parameters()]


def test_a_checkpoint_loads_strictly(trained: Path) -> None:
    newest = sorted((trained / "runs/own/checkpoints").iterdir())[-1]
    library: Any = safetensors
    state = library.load_file(newest / "model.safetensors")
    model = load(trained).Model()
    before = values(model)
    model.load_state_dict(state, strict=True)
    assert values(model) != before
