def choose(logits: Tensor, options: argparse.Namespace, dice: torch.Generator) -> int:
    """One token from its logits (V,)."""
    if options.temperature <= 0:
        return int(logits.argmax())
    ordered, tokens = (logits.float() / options.temperature).sort(descending=True)
    shares = ordered.softmax(-1)
    if options.top_k is not None:
        shares[options.top_k :] = 0
    if options.top_p is not None:
        # A token stays if those before it do not reach the total yet.
        shares[shares.cumsum(-1) - shares >= options.top_p] = 0
    return int(tokens[torch.multinomial(shares, 1, generator=dice)])
