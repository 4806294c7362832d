class Tokenizer:
    """The bytes of UTF-8: token n is the byte n."""

    size = 256

    def encode(self, text: str) -> Tensor:
        """Tokens of a text, one byte each."""
        data = bytearray(text.encode("utf-8"))
        return torch.frombuffer(data, dtype=torch.uint8)  # (N,)

    def decode(self, tokens: Iterable[int]) -> Iterator[str]:
        """The text, piece by piece; bytes that are no UTF-8 become U+FFFD."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for token in tokens:
            yield decoder.decode(bytes([token]))
        yield decoder.decode(b"", final=True)
