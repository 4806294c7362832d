def pick_device(name: str) -> torch.device:
    """The device of this name; `auto` is the fastest there is."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def say(text: str) -> None:
    """Print a line beside the text."""
    print(text, file=sys.stderr)
