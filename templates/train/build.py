def count_accumulation(options: argparse.Namespace, world: World) -> int:
    """Forward passes of each process for one optimizer step."""
    sequences, rest = divmod(options.batch, CONTEXT)
    if rest or not sequences:
        world.stop(
            f"a batch of {options.batch} tokens is no multiple of the context {CONTEXT}"
        )
    accumulation, rest = divmod(sequences, options.micro_batch * world.size)
    if rest or not accumulation:
        world.stop(
            f"a batch of {sequences} sequences does not divide into micro-batches of "
            f"{options.micro_batch} on {world.size} processes"
        )
    return accumulation


def build_engine(options: argparse.Namespace, world: World) -> Engine:
    """The model on its device, with all that trains it."""
    config: dict[str, Any] = {}
    if options.deepspeed:
        config = read_config(options, world)
    else:
        options.batch = options.batch or BATCH
        options.micro_batch = options.micro_batch or MICRO_BATCH
        options.precision = options.precision or PRECISION
        count_accumulation(options, world)
    torch.manual_seed(options.seed)
    model = Model().to(world.device)
    if options.deepspeed:
        return DeepSpeedEngine(model, options, world, config)
    return TorchEngine(model, options, world)
