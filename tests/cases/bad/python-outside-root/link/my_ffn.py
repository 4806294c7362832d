from torch import nn


class MyFFN(nn.Module):
    def __init__(self, width, hidden, scale=1.0):
        super().__init__()
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        self.scale = scale

    def forward(self, x):
        return self.scale * self.down(self.up(x).relu())


class MyMixer(nn.Module):
    def __init__(self, width, *, mode="slow", **more):
        super().__init__()

    def forward(self, x):
        return x.cumsum(1)
