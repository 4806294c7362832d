class Tokenizer:
    """Characters: token n is the n-th character of a sorted alphabet."""

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self.size = len(characters)
        self.codes = code_points(characters)

    def encode(self, text: str) -> Tensor:
        """Tokens of a text; an unknown character ends the program."""
        unknown = sorted(set(text) - set(self.characters))
        if unknown:
            raise SystemExit(f"characters that the training text lacks: {unknown}")
        return torch.searchsorted(self.codes, code_points(text), out_int32=True)  # (N,)

    def decode(self, tokens: Iterable[int]) -> Iterator[str]:
        """The text, character by character."""
        for token in tokens:
            yield self.characters[token]

    def save(self, folder: Path) -> None:
        """Write the alphabet beside a model's weights."""
        text = json.dumps({"kind": "char", "characters": self.characters})
        (folder / "tokenizer.json").write_text(text + "\n", "utf-8")

    @staticmethod
    def load(folder: Path) -> Tokenizer:
        """The alphabet that `save` wrote."""
        text = (folder / "tokenizer.json").read_text("utf-8")
        return Tokenizer(json.loads(text)["characters"])


def code_points(text: str) -> Tensor:
    """The Unicode numbers of a text's characters."""
    data = bytearray(text.encode("utf-32-le"))
    return torch.frombuffer(data, dtype=torch.int32)  # (N,)
