def resume(options: argparse.Namespace, world: World, engine: Engine) -> int:
    """Load the checkpoint that --resume asks for; returns the steps done so far."""
    if options.resume is None:
        clear(options, world)
        return 0
    where = options.out if options.resume == "auto" else Path(options.resume)
    found = None
    if world.rank == 0:
        found = checkpoint.last_good(where, world.say)
    found = world.share(found)
    if found is None:
        if options.resume != "auto" or checkpoint.candidates(where):
            world.stop(f"there is no whole checkpoint in {where}", 1)
        world.say(f"no checkpoint in {where} yet: starting anew")
        return 0
    folder, manifest = found
    check_fit(folder, manifest, world, engine)
    engine.load(folder)
    world.say(f"going on from {folder}")
    return manifest["step"]


def clear(options: argparse.Namespace, world: World) -> None:
    """Make room for a new run; an old one goes only if --overwrite says so."""
    held = checkpoint.candidates(options.out)
    if held and not options.overwrite:
        world.stop(f"{options.out} holds a run: give --resume, --overwrite or --out")
    world.wait()
    if world.rank == 0:
        for folder in held:
            shutil.rmtree(folder)


def check_fit(
    folder: Path, manifest: dict[str, Any], world: World, engine: Engine
) -> None:
    """End the program if this model or this launch cannot take the checkpoint."""
    if manifest["model"] != NAME:
        world.stop(f"{folder} is of another model: {manifest['model']}", 1)
    difference = checkpoint.compare(manifest["tensors"], engine.shapes)
    if difference:
        world.stop(f"{folder} is of another model: {difference}", 1)
    if manifest["engine"] != engine.kind:
        world.stop(f"{folder} was written by {manifest['engine']} training", 1)
    if engine.kind == "deepspeed" and manifest["processes"] != world.size:
        world.stop(f"{folder} needs {manifest['processes']} processes", 1)
