#!/usr/bin/python3
"""How long the kernel takes to be ready, to run its first cell and later ones; beside ipykernel in the same run.

    dotnet build environment/kernel && /usr/bin/python3 bench/kernel_times.py

Wants Debian's python3-jupyter-client and python3-ipykernel; the kit itself needs neither.
"""

import os
import pathlib
import statistics
import sys
import time

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # ipykernel's debugger would warn into the table
ROOT = pathlib.Path(__file__).resolve().parent.parent
KERNEL = ROOT / "environment/kernel/bin/IntraDistill.Kernel.dll"
ROUNDS, CELLS = 5, 30

# name: command, first cell, later cells (another one each time: the same text must be compiled anew)
KERNELS = {
    "IntraDistill.Kernel": (
        ["dotnet", str(KERNEL), "jupyter", "{connection_file}"],
        'var numbers = Enumerable.Range(1, 10).Select(i => i * i).ToList(); numbers.Sum()',
        "numbers[{i} % 10] + {i}",
    ),
    "ipykernel": (
        [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "numbers = [i * i for i in range(1, 11)]; sum(numbers)",
        "numbers[{i} % 10] + {i}",
    ),
}
KIT = '#r "../bin/IntraDistill.Kit.dll"\nTorchSharp.torch.zeros(2).sum().item<float>()'


def timed(action):
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def run(client, code):
    seconds, reply = timed(lambda: client.execute_interactive(code, timeout=60, output_hook=lambda message: None))
    if reply["content"]["status"] != "ok":
        raise SystemExit(f"{code}: {reply['content']}")
    return seconds


def measure(command, first, later, kit):
    manager = KernelManager()
    manager._kernel_spec = KernelSpec(argv=command, display_name="bench", language="bench")

    def start():
        manager.start_kernel(cwd=str(ROOT / "notebooks"))
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        return client

    ready, client = timed(start)
    try:
        times = [run(client, first)] + [run(client, later.format(i=i)) for i in range(CELLS)]
        return ready, times[0], statistics.median(times[1:]), max(times[1:]), run(client, kit) if kit else float("nan")
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


print(f"{'seconds, median of ' + str(ROUNDS):24}{'ready':>8}{'first':>8}{'later':>8}{'slowest':>9}{'#r kit':>8}")
for name, (command, first, later) in KERNELS.items():
    kit = KIT if name.startswith("IntraDistill") else None
    rounds = [measure(command, first, later, kit) for _ in range(ROUNDS)]
    ready, one, more, slowest, loaded = (statistics.median(column) for column in zip(*rounds))
    print(f"{name:24}{ready:8.2f}{one:8.2f}{more:8.3f}{slowest:9.3f}{loaded:8.2f}")
