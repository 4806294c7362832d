"""The choice of rows."""

from torch import Tensor, nn

from templates.leaf.key_choice import KeyChoice
from templates.leaf.product_keys import best_keys, count_rows, find_ranks


class KeyRouter(nn.Module):
    """Chooses rows by the scores of their keys, and gives each a weight."""

    def __init__(
        self,
        size: int,
        factors: int,
        top_k: int,
        weigh: nn.Module,
        sums: type[KeyChoice],
    ):
        super().__init__()
        self.size = size
        self.rows = size**factors
        self.top_k = top_k
        self.ranks = nn.Buffer(find_ranks(top_k, size, factors), persistent=False)
        self.weigh = weigh
        self.sums = sums

    def forward(self, query: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Of queries (F, ..., M, D) the rows that keys (F, ..., n, D) choose, and their
        weights, (..., M, K)."""
        key, total = self.sums.apply(query, keys, self.choose, self.top_k)
        return count_rows(key, self.size), self.weigh(total)

    def choose(self, score: Tensor) -> tuple[Tensor, Tensor]:
        """Of scores (F, M, n) the keys of the best sums, and these."""
        return best_keys(score, self.ranks, self.top_k)
