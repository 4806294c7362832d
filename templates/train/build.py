def share_batch(options: argparse.Namespace, world: World, micro_batch: int) -> int:
    """Settle the sequences of a forward pass; returns the passes of one optimizer step.

    `micro_batch` is the recipe's; a pass takes fewer where a process's share of the
    batch is no multiple of it, and what the command line says where it says so.
    """
    sequences, rest = divmod(options.batch, CONTEXT)
    if rest or not sequences:
        world.stop(
            f"a batch of {options.batch} tokens is no multiple of the context {CONTEXT}"
        )
    share, rest = divmod(sequences, world.size)
    if rest or not share:
        world.stop(
            f"a batch of {sequences} sequences does not divide among {world.size} "
            "processes"
        )
    if options.micro_batch is None:
        options.micro_batch = math.gcd(share, micro_batch)
        if options.micro_batch != micro_batch:
            world.say(f"micro-batches of {options.micro_batch}, not of {micro_batch}")
    passes, rest = divmod(share, options.micro_batch)
    if rest or not passes:
        world.stop(
            f"a batch of {sequences} sequences does not divide into micro-batches of "
            f"{options.micro_batch} on {world.size} processes"
        )
    return passes


def build_engine(options: argparse.Namespace, world: World) -> Engine:
    """The model on its device, with all that trains it."""
    config: dict[str, Any] = {}
    if options.deepspeed:
        config = read_config(options, world)
    else:
        options.batch = options.batch or BATCH
        options.precision = options.precision or PRECISION
        share_batch(options, world, MICRO_BATCH)
    torch.manual_seed(options.seed)
    model = Model()
    if options.weights:
        weights = checkpoint.read_weights(options.weights)
        shapes = {name: list(tensor.shape) for name, tensor in weights.items()}
        difference = checkpoint.compare(shapes, list_shapes(model))
        if difference:
            world.stop(f"{options.weights} is of another model: {difference}", 1)
        model.load_state_dict(weights)
    model = model.to(world.device)
    if options.deepspeed:
        return DeepSpeedEngine(model, options, world, config)
    return TorchEngine(model, options, world)
