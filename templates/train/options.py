def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Train the model of model.py.")
    add = parser.add_argument
    add("--steps", type=int, default=STEPS, help=f"optimizer steps ({STEPS})")
    add("--batch", type=int, help=f"tokens of one step, all processes ({BATCH})")
    add("--micro-batch", type=int, help=f"sequences of one pass ({MICRO_BATCH})")
    add("--device", choices=["auto", "cpu", "cuda", "mps"], default=DEVICE)
    add("--precision", choices=list(DTYPES), help=f"of the products ({PRECISION})")
    add("--seed", type=int, default=SEED, help=f"of weights, data, dropout ({SEED})")
    add("--data", metavar="FILE", help="a UTF-8 text instead of the recipe's data")
    add("--out", type=Path, default=Path("runs", NAME), help="folder of the run")
    resume_help = "go on from a checkpoint: of --out (auto), or of this folder"
    add("--resume", nargs="?", const="auto", metavar="PATH", help=resume_help)
    weights_help = "start from these weights, a safetensors file of this model"
    add("--weights", type=Path, metavar="FILE", help=weights_help)
    overwrite_help = "start anew although --out holds checkpoints; they are deleted"
    add("--overwrite", action="store_true", help=overwrite_help)
    add("--deepspeed", type=Path, metavar="FILE", help="train by DeepSpeed, set so")
    add("--compile", action="store_true", help="compile the model before training")
    memory_help = "never hand freed memory back: faster, resident memory stays at its"
    memory_help += " peak (glibc alone; by default on the CPU)"
    add("--keep-memory", action=argparse.BooleanOptionalAction, help=memory_help)
    add("--local_rank", type=int, help=argparse.SUPPRESS)  # the launcher's; unused
    options = parser.parse_args()
    for name in ("steps", "batch", "micro_batch"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return options
