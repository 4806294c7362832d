def list_precision(precision: str, stage: int) -> dict[str, Any]:
    """DeepSpeed's keys for a precision, as ds_config.json has them for the recipe's."""
    if precision == "fp32":
        return {}
    if precision == "fp16" and stage > 0:
        # Under autocast with fp16, ZeRO clips the gradient before it unscales it.
        return {"fp16": {"enabled": True, "initial_scale_power": 16}}
    dtype = str(DTYPES[precision]).removeprefix("torch.")
    return {"torch_autocast": {"enabled": True, "dtype": dtype}}


def read_config(options: argparse.Namespace, world: World) -> dict[str, Any]:
    """DeepSpeed's JSON, with what the command line sets in its place."""
    config = json.loads(options.deepspeed.read_text("utf-8"))
    for name in ("optimizer", "scheduler"):
        if name in config:
            world.stop(f"{options.deepspeed}: train.py sets the {name} itself")
    micro = config["train_micro_batch_size_per_gpu"]
    accumulation = config["gradient_accumulation_steps"]
    if options.batch is None:
        options.batch = CONTEXT * micro * accumulation * PROCESSES
    if options.precision is not None:
        for name in ("bf16", "fp16", "torch_autocast"):
            config.pop(name, None)
        stage = config.get("zero_optimization", {}).get("stage", 0)
        config |= list_precision(options.precision, stage)
    now = share_batch(options, world, micro)
    if now != accumulation:
        world.say(
            f"gradient accumulation {now} instead of {accumulation}: a batch of "
            f"{options.batch} tokens on {world.size} processes"
        )
    batch = {
        "train_micro_batch_size_per_gpu": options.micro_batch,
        "gradient_accumulation_steps": now,
    }
    return config | batch
