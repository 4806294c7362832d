"""The scripts of a package that train and sample: views of the recipe, rendered."""

from __future__ import annotations

from vslmc.plan.nodes import BuiltinText, Moe, Plan, Retrieval, TextFile
from vslmc.plan.tensors import lazy_tables, list_lookups, table_gradients
from vslmc.record import record
from vslmc.render.engine import render, template_folder
from vslmc.render.escape import py_comment, py_num, py_str
from vslmc.render.objective import find_objective
from vslmc.render.retrieval import key_router
from vslmc.render.trained import (
    decay_lines,
    keeps_more,
    list_experts,
    measure_lines,
    render_lazy,
    share_function,
    table_lines,
)
from vslmc.render.words import Words


@record
class TrainView:
    """What `train.py` says of the recipe: literals, and which parts it needs."""

    banner: str
    """First line of the file."""
    name: str
    """Name of the package, for the docstring."""
    name_literal: str
    """The same as a string literal."""
    data_import: str
    """The import of what the loop needs from `data.py`."""
    tokenizer_name: str
    """Name for the tokenizer, `_` if the checkpoints need not hold it."""
    save_tokenizer: str
    """The argument that hands it to `save`, with its comma; empty if not needed."""
    char: bool
    """Whether checkpoints hold the tokenizer's alphabet."""
    evaluates: bool
    """Whether there is a validation split."""
    samples_validation: bool
    """Whether an evaluation takes a part of the split."""
    experts: bool
    """Whether there are routers to watch."""
    mixtures: bool
    """Whether some are those of mixtures of experts."""
    lookups: bool
    """Whether some choose rows of tables."""
    key_routers: str
    """Classes of these routers."""
    model_import: str
    """What is imported from `model.py`."""
    rebalances: bool
    """Whether routers have corrections that follow the load."""
    spreads: bool
    """Whether processes share the experts."""
    keeps: bool
    """Whether a checkpoint holds more than parameters: corrections, statistics of norms."""
    sparse: bool
    """Whether tables have gradients of the chosen rows alone."""
    factored: bool
    """Whether some of these are left in their factors."""
    lazy: str
    """What updates such tables."""
    share: str
    """The function that exchanges their gradients."""
    tables: Words
    """Lines that name those tables."""
    optimizer: str
    """Class of the optimizer."""
    bound: str
    """Largest norm of the gradient, for one with sparse parts."""
    cosine: bool
    """Whether the learning rate falls."""
    warms_up: bool
    """Whether it starts small."""
    clips: bool
    """Whether the gradient norm is bounded."""
    schedule: str
    """The docstring of the schedule."""
    steps: str
    batch: str
    micro_batch: str
    lr: str
    warmup: str
    final: str
    betas: str
    eps: str
    weight_decay: str
    decayed: Words
    """Lines of the loop over parameters, up to whether one decays."""
    batch_names: str
    """What the loss is made of."""
    batch_parameters: str
    """The same as parameters."""
    clip: str
    precision: str
    seed: str
    device: str
    log_every: str
    evaluate_every: str
    evaluate_batches: str
    checkpoint_every: str
    processes: str


@record
class DataView:
    """What `data.py` says of the text and the tokenizer."""

    banner: str
    """First line of the file."""
    summary: str
    """Its docstring."""
    byte: bool
    """Byte tokens."""
    char: bool
    """Character tokens."""
    builtin: bool
    """Whether the text ships with Python."""
    text_file: bool
    """Whether the recipe names a file."""
    evaluates: bool
    """Whether a validation split is held out."""
    masked: bool
    """Whether tokens are hidden."""
    spans: bool
    """Whether runs of tokens are left out."""
    names_vocab: bool
    """Whether the size of the vocabulary is asked for."""
    constants: Words
    """Lines behind the vocabulary."""
    shown: Words
    """Lines that choose what stands for hidden tokens."""
    room: str
    """How many tokens a tokenizer may have."""
    taken: str
    """Why it may not have all of the vocabulary."""
    window: str
    """How many tokens of the text a sequence is made from."""
    window_words: str
    """The same in a message."""
    context: str
    vocab: str
    validation: str
    file: str
    """Literal of the recipe's file."""
    read: str
    """The expression that gives the text."""
    tokenizer: str
    """The expression that gives the tokenizer."""


@record
class SampleView:
    """What `sample.py` needs to know."""

    banner: str
    """First line of the file."""
    name_literal: str
    """Name of the package, as a literal."""
    load_tokenizer: str
    """The expression that gives the tokenizer of a checkpoint."""


@record
class LogView:
    """What the log holds beside the loss."""

    banner: str
    """First line of the file."""
    experts: bool
    """Whether there are layers with experts."""
    measures: Words
    """Lines that name them, and what is measured."""
    evaluates: bool
    """Whether there is a validation split."""
    curve: str
    """The functions that draw the curve."""


@record
class HeaderView:
    """A script without holes."""

    banner: str
    """First line of the file."""
    body: str
    """All the rest."""


def render_train(plan: Plan) -> str:
    """`train.py`: the loop, by PyTorch alone or by DeepSpeed."""
    return render("train/train.py.jinja", _train_view(plan))


def render_data(plan: Plan) -> str:
    """`data.py`: text, tokenizer, splits and batches."""
    return render("train/data.py.jinja", _data_view(plan))


def render_sample(plan: Plan) -> str:
    """`sample.py`: continues a prompt or fills its gaps, from the last good checkpoint."""
    char = plan.training.tokenizer == "char"
    load = "Tokenizer.load(folder)" if char else "Tokenizer()"
    view = SampleView(render_banner(plan), py_str(plan.name), load)
    kind = {"masked": "sample_masked", "span_corruption": "sample_spans"}
    name = kind.get(plan.losses[0].kind, "sample") if plan.losses else "sample"
    return render(f"train/{name}.py.jinja", view)


def render_checkpoint(plan: Plan) -> str:
    """`checkpoint.py`: atomic, verified checkpoints; `train.py` and `sample.py` need it."""
    return _render_plain(plan, "checkpoint")


def render_log(plan: Plan) -> str:
    """`log.py`: the log files, the terminal and the loss curve; `train.py` needs it."""
    curve = (template_folder() / "train" / "curve.py").read_text(encoding="utf-8")
    view = LogView(
        banner=render_banner(plan),
        experts=bool(list_experts(plan)),
        measures=tuple(measure_lines(plan)),
        evaluates=has_validation(plan),
        curve=curve.rstrip("\n"),
    )
    return render("train/log.jinja", view)


def render_banner(plan: Plan) -> str:
    """The first line of every generated file, as a comment of Python and of the shell."""
    return f"# Code generated by vslmc from {py_comment(plan.spec)}. DO NOT EDIT."


def has_validation(plan: Plan) -> bool:
    """Whether the recipe holds out a part of the text and looks at it."""
    return plan.training.validation > 0 and plan.training.evaluate_every > 0


def _render_plain(plan: Plan, *names: str) -> str:
    folder = template_folder() / "train"
    texts = [(folder / f"{name}.py").read_text(encoding="utf-8") for name in names]
    view = HeaderView(render_banner(plan), "\n\n".join(texts))
    return render("train/plain.py.jinja", view)


def _train_view(plan: Plan) -> TrainView:
    recipe = plan.training
    char = recipe.tokenizer == "char"
    evaluates = has_validation(plan)
    adam, schedule = recipe.optimizer, recipe.schedule
    objective = find_objective(plan)
    kinds = set(map(type, list_experts(plan).values()))
    tables = tuple(py_str(name) for name in lazy_tables(plan))
    gradients = table_gradients(plan)
    return TrainView(
        banner=render_banner(plan),
        name=plan.name,
        name_literal=py_str(plan.name),
        data_import=_data_import(char, evaluates),
        tokenizer_name="tokenizer" if char else "_",
        save_tokenizer="tokenizer, " if char else "",
        char=char,
        evaluates=evaluates,
        samples_validation=evaluates and recipe.evaluate_batches > 0,
        experts=bool(kinds),
        mixtures=Moe in kinds,
        lookups=Retrieval in kinds,
        key_routers=" | ".join(_list_routers(plan)),
        model_import=_model_import(plan),
        rebalances=any(not tensor.trained for tensor in plan.tensors),
        spreads=recipe.deepspeed.expert_parallel > 1,
        sparse=bool(tables),
        factored="factored" in gradients,
        lazy=render_lazy(gradients),
        share=share_function(gradients),
        tables=table_lines(tables),
        optimizer="LazyAdamW" if tables else "torch.optim.AdamW",
        bound='float("inf")' if recipe.clip is None else "CLIP",
        keeps=keeps_more(plan),
        cosine=schedule.kind == "cosine",
        warms_up=schedule.warmup > 0,
        clips=recipe.clip is not None,
        schedule=_schedule_summary(plan),
        steps=py_num(recipe.steps),
        batch=py_num(recipe.batch),
        micro_batch=py_num(recipe.micro_batch),
        lr=py_num(adam.lr),
        warmup=py_num(schedule.warmup),
        final=py_num(schedule.final),
        betas=f"({py_num(adam.betas[0])}, {py_num(adam.betas[1])})",
        eps=py_num(adam.eps),
        weight_decay=py_num(adam.weight_decay),
        decayed=decay_lines(plan),
        batch_names=objective.names,
        batch_parameters=objective.parameters,
        clip="" if recipe.clip is None else py_num(recipe.clip),
        precision=py_str(recipe.precision),
        seed=py_num(recipe.seed),
        device=py_str(recipe.device),
        log_every=py_num(max(1, recipe.log_every)),
        evaluate_every=py_num(recipe.evaluate_every),
        evaluate_batches=py_num(recipe.evaluate_batches),
        checkpoint_every=py_num(recipe.checkpoint_every or recipe.steps),
        processes=py_num(recipe.deepspeed.processes),
    )


def _list_routers(plan: Plan) -> list[str]:
    """Classes of the routers that choose rows."""
    return sorted(set(map(key_router, list_lookups(plan))))


def _model_import(plan: Plan) -> str:
    factored = ("FactoredSlope",) if "factored" in table_gradients(plan) else ()
    return ", ".join((*factored, *_list_routers(plan), "Model"))


def _data_import(char: bool, evaluates: bool) -> str:
    names = ["CONTEXT", "derive_seed", "draw_batch", "load_data"]
    if char:
        names.insert(1, "Tokenizer")
    if evaluates:
        names.insert(-3, "cut_windows")
    line = f"from data import {', '.join(names)}"
    if len(line) <= 88:
        return line
    return "from data import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _schedule_summary(plan: Plan) -> str:
    schedule = plan.training.schedule
    after = (
        "a cosine from the peak to FINAL of it at the last step"
        if schedule.kind == "cosine"
        else "the peak to the end"
    )
    text = f"Linear warm-up, then {after}." if schedule.warmup else f"{after}."
    return text[0].upper() + text[1:]


def _data_view(plan: Plan) -> DataView:
    recipe = plan.training
    char = recipe.tokenizer == "char"
    objective = find_objective(plan)
    match recipe.data:
        case BuiltinText():
            file, read = "", "load_text(file)"
        case TextFile(path=path):
            file, read = py_str(path), "read_text(file or FILE)"
    unit = "characters" if char else "bytes"
    return DataView(
        banner=render_banner(plan),
        summary=f"The text as {unit}: tokenizer, splits and the batch of every step.",
        byte=not char,
        char=char,
        builtin=isinstance(recipe.data, BuiltinText),
        text_file=isinstance(recipe.data, TextFile),
        evaluates=has_validation(plan),
        masked=objective.masked,
        spans=objective.spans,
        names_vocab=char or objective.masked or objective.spans,
        constants=objective.constants,
        shown=objective.shown,
        room=objective.room,
        taken=objective.taken,
        window=objective.window,
        window_words=objective.window_words,
        context=py_num(plan.context),
        vocab=py_num(plan.vocab),
        validation=py_num(recipe.validation),
        file=file,
        read=read,
        tokenizer='Tokenizer("".join(sorted(set(text))))' if char else "Tokenizer()",
    )
