"""The choice of rows."""

from torch import Tensor, nn

from templates.leaf.product_keys import best_keys, count_rows, find_ranks


class KeyRouter(nn.Module):
    """Chooses rows by the scores of their keys, and gives each a weight."""

    def __init__(self, size: int, factors: int, top_k: int, weigh: nn.Module):
        super().__init__()
        self.size = size
        self.rows = size**factors
        self.top_k = top_k
        self.ranks = nn.Buffer(find_ranks(top_k, size, factors), persistent=False)
        self.weigh = weigh

    def forward(self, score: Tensor) -> tuple[Tensor, Tensor]:
        """Of scores (F, N, H, n) the chosen rows and their weights, (N, H, K)."""
        key, score = best_keys(score, self.ranks, self.top_k)
        return count_rows(key, self.size), self.weigh(score)
