#!/usr/bin/env python3
"""The training step of StepSize.cs in eager PyTorch, for the table of `bench step`.

The same model and batch, the loss as the paper's authors write it (K softmaxes, autograd), fused AdamW, autocast for bf16.
Prints a line for each setting: precision, K, milliseconds of a step, target tokens a second, peak memory in bytes. And one for
each precision with K = 0, whose milliseconds are those until the call of a small matrix product returns.
"""

import argparse
import math
import os
import statistics
import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

PAD, FIRST_WORD, SMOOTHING = 0, 4, 0.1


@dataclass(frozen=True)
class Size:
    layers: int
    d: int
    feed_forward: int
    dropout: float
    norm_first: bool
    shared: bool  # one matrix for both embeddings and the output projection
    vocabulary: int
    rows: int
    source: int
    target: int
    alpha: float
    heads: int = 4
    attention_dropout: float = 0.1


SIZES = {
    "paper": Size(6, 512, 1024, 0.3, False, False, 12_000, 152, 27, 27, 5.0),
    "small": Size(2, 128, 256, 0.1, True, True, 4_000, 27, 29, 28, 0.5),
}


class Attention(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size
        self.query, self.key, self.value, self.output = (nn.Linear(size.d, size.d) for _ in range(4))

    def heads(self, x):  # (B, T, d) -> (B, h, T, d/h)
        return x.unflatten(-1, (self.size.heads, -1)).transpose(1, 2)

    def forward(self, x, memory, mask=None, causal=False):
        context = F.scaled_dot_product_attention(
            self.heads(self.query(x)), self.heads(self.key(memory)), self.heads(self.value(memory)),
            attn_mask=mask, is_causal=causal, dropout_p=self.size.attention_dropout if self.training else 0.0)
        return self.output(context.transpose(1, 2).flatten(-2))


class Block(nn.Module):
    """A residual branch with its dropout and its norm, before or after it."""

    def __init__(self, size, inner):
        super().__init__()
        self.inner, self.norm, self.dropout, self.norm_first = inner, nn.LayerNorm(size.d), nn.Dropout(size.dropout), size.norm_first

    def forward(self, x, *rest):
        if self.norm_first:
            return x + self.dropout(self.inner(self.norm(x), *rest))
        return self.norm(x + self.dropout(self.inner(x, *rest)))


class OnItself(Attention):
    def forward(self, x, mask=None, causal=False):
        return super().forward(x, x, mask, causal)


def feed_forward(size):
    return nn.Sequential(nn.Linear(size.d, size.feed_forward), nn.ReLU(), nn.Linear(size.feed_forward, size.d))


class Transformer(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size
        self.source = nn.Embedding(size.vocabulary, size.d, padding_idx=PAD)
        self.target = self.source if size.shared else nn.Embedding(size.vocabulary, size.d, padding_idx=PAD)
        self.projection = nn.Linear(size.d, size.vocabulary, bias=False)
        if size.shared:
            self.projection.weight = self.source.weight
        for weight in {self.source.weight, self.target.weight, self.projection.weight}:
            nn.init.normal_(weight, std=size.d**-0.5)
        self.encoder = nn.ModuleList(
            nn.ModuleList([Block(size, OnItself(size)), Block(size, feed_forward(size))]) for _ in range(size.layers))
        self.decoder = nn.ModuleList(
            nn.ModuleList([Block(size, OnItself(size)), Block(size, Attention(size)), Block(size, feed_forward(size))])
            for _ in range(size.layers))
        self.encoder_norm, self.decoder_norm = (nn.LayerNorm(size.d) if size.norm_first else nn.Identity() for _ in range(2))
        self.dropout = nn.Dropout(size.dropout)
        angles = torch.arange(1024)[:, None] * torch.exp(torch.arange(size.d // 2) * (-math.log(10_000) / (size.d // 2 - 1)))
        self.register_buffer("positions", torch.cat([angles.sin(), angles.cos()], 1))

    def embed(self, embedding, ids):
        return self.dropout(embedding(ids) * math.sqrt(self.size.d) + self.positions[: ids.shape[1]])

    def forward(self, source, inputs):
        mask = source.ne(PAD)[:, None, None, :]
        memory = self.embed(self.source, source)
        for attention, forward in self.encoder:
            memory = forward(attention(memory, mask))
        memory = self.encoder_norm(memory)
        x = self.embed(self.target, inputs)
        for attention, cross, forward in self.decoder:
            x = forward(cross(attention(x, None, True), memory, mask))
        return self.projection(self.decoder_norm(x))


def loss_of(logits, target, alpha):
    """The authors' criterion on logits (K, N, V) and targets (N)."""
    vocabulary = logits.shape[-1]
    each = SMOOTHING / (vocabulary - 1)
    logs = [F.log_softmax(one.float(), -1) for one in logits]
    task = sum((1 - SMOOTHING - each) * F.nll_loss(log, target) - each * log.sum(-1).mean() for log in logs) / len(logs)
    if len(logs) == 1:
        return task
    probabilities = [log.exp() for log in logs]
    mean = sum(probabilities) / len(logs)
    log_mean = mean.log()
    divergence = sum(((p - mean) * (log - log_mean)).sum(-1).mean() for p, log in zip(probabilities, logs)) / len(logs)
    return task + alpha * divergence


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Step:
    """One setting with its model and optimizer, and the memory that its first steps took."""

    def __init__(self, size, device, precision, passes):
        self.size, self.device, self.precision, self.passes = size, device, precision, passes
        self.seconds = []
        cuda = device == "cuda"
        if cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_reserved()
        else:
            before = resident()
        self.model = Transformer(size).to(device).train()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=5e-4, betas=(0.9, 0.98), eps=1e-6, weight_decay=1e-4, fused=True)
        for _ in range(3):
            self.run()
        # The peak of the whole process: settings are made in the order of what they take, each on top of those before.
        self.memory = (torch.cuda.max_memory_reserved() if cuda else peak_resident()) - before

    def ids(self, length):
        return torch.randint(FIRST_WORD, self.size.vocabulary, (self.size.rows, length), device=self.device)

    def run(self):
        torch.set_float32_matmul_precision("high" if self.precision == "tf32" else "highest")
        source, inputs, target = self.ids(self.size.source), self.ids(self.size.target), self.ids(self.size.target)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bf16"):
            logits = self.model(source.repeat(self.passes, 1), inputs.repeat(self.passes, 1))
        loss_of(logits.view(self.passes, -1, self.size.vocabulary), target.view(-1), self.size.alpha).backward()
        self.optimizer.step()

    def turn(self, steps):
        self.run()  # not counted, as in the kit's turns
        self.finish()
        start = time.perf_counter()
        for _ in range(steps):
            self.run()
        self.finish()
        self.seconds.append((time.perf_counter() - start) / steps)

    def finish(self):
        if self.device == "cuda":
            torch.cuda.synchronize()


def launch(device, precision, count=100):
    a, b = (torch.randn(rows, 512, device=device, dtype=torch.bfloat16 if precision == "bf16" else None) for rows in (64, 512))
    seconds = []
    for _ in range(7):
        if device == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(count):
            a.matmul(b)
        seconds.append((time.perf_counter() - start) / count)
    return statistics.median(seconds)


def peak_resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--size", choices=SIZES, default="paper")
    parser.add_argument("--precision", choices=["fp32", "tf32", "bf16"], nargs="+", help="default: all on a GPU, fp32 on a CPU")
    options = parser.parse_args()
    torch.manual_seed(1)
    size = SIZES[options.size]
    precisions = options.precision or (["fp32", "tf32", "bf16"] if options.device == "cuda" else ["fp32"])
    steps = [Step(size, options.device, precision, passes) for precision in precisions for passes in (1, 3)]
    slow = options.device == "cpu" and options.size == "paper"
    for _ in range(3 if slow else 7):
        for step in steps:
            step.turn(1 if slow else 5)
    for step in steps:
        seconds = statistics.median(step.seconds)
        rate = size.rows * size.target / seconds
        print(f"{step.precision} {step.passes} {1e3 * seconds:.3f} {rate:.1f} {step.memory}")
    for precision in precisions:
        print(f"{precision} 0 {1e3 * launch(options.device, precision):.4f} 0 0")


if __name__ == "__main__":
    main()
