"""The choice of rows after some were added."""

import torch
from torch import Tensor, nn

from templates.leaf.key_choice import KeyChoice
from templates.leaf.product_keys import best_keys, count_rows, find_ranks


class GrownRouter(nn.Module):
    """Chooses rows among the old ones, as before there were others, and as many new ones.

    Keys from `old` on are new, and so are rows with such a key in any part. Rows are
    numbered by their keys, all old ones before all new ones.
    """

    def __init__(
        self,
        size: int,
        old: int,
        factors: int,
        top_k: int,
        weigh: nn.Module,
        sums: type[KeyChoice],
    ):
        super().__init__()
        self.size, self.old = size, old
        self.rows = size**factors
        self.top_k = top_k
        self.ranks = nn.Buffer(find_ranks(top_k, size, factors), persistent=False)
        self.old_ranks = nn.Buffer(find_ranks(top_k, old, factors), persistent=False)
        self.weigh = weigh
        self.sums = sums

    def forward(self, query: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Of queries (F, ..., M, D) the rows that keys (F, ..., n, D) choose, and their
        weights, (..., M, 2 K): K old ones first."""
        key, total = self.sums.apply(query, keys, self.choose, 2 * self.top_k)
        key, new_key = key.chunk(2, dim=-1)
        row = (count_rows(key, self.old), self.count_new(new_key))
        weight = [self.weigh(part) for part in total.chunk(2, dim=-1)]
        return torch.cat(row, dim=-1), torch.cat(weight, dim=-1)

    def choose(self, score: Tensor) -> tuple[Tensor, Tensor]:
        """Of scores (F, M, n) the keys of the best sums, K of old rows before K of new
        ones, and these."""
        key, total = best_keys(score[..., : self.old], self.old_ranks, self.top_k)
        new_key, new_total = self.best_new(score)
        key = torch.cat((key, new_key), dim=-1)
        return key, torch.cat((total, new_total), dim=-1)

    def best_new(self, score: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and sums of the best new rows: the best of those whose first new key is in
        the first part, in the second, ..."""
        keys: list[Tensor] = []
        totals: list[Tensor] = []
        new = torch.arange(self.size, device=score.device) >= self.old
        for part in range(len(score)):
            hidden = torch.zeros_like(new).expand(len(score), -1).clone()
            hidden[:part], hidden[part] = new, ~new
            own = score.masked_fill(hidden[:, None], float("-inf"))
            key, total = best_keys(own, self.ranks, self.top_k)
            keys.append(key)
            totals.append(total)
        key, total = torch.cat(keys, dim=-1), torch.cat(totals, dim=-1)
        total, place = total.topk(self.top_k, dim=-1)
        return key.gather(-1, place.expand(len(key), *place.shape)), total

    def count_new(self, key: Tensor) -> Tensor:
        """Numbers of new rows: behind all old ones, and without those between them."""
        # Before a row in the grid are the old ones with a smaller key in some part, after
        # equal ones: until its first new key, which none of theirs equals.
        before, same = torch.zeros_like(key[0]), torch.ones_like(key[0])
        for part in key:
            before = before * self.old + same * part.clamp(max=self.old)
            same = same * (part < self.old)
        return self.old ** len(key) + count_rows(key, self.size) - before
