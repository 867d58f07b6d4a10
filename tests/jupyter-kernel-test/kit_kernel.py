"""Installs the kit's kernel under a temporary prefix, where no other Jupyter configuration is seen or touched."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
KERNEL_NAME = "intradistill"

_folder = None


def install():
    """Builds and installs the kernel; this process and its children find it from now on."""
    global _folder
    _folder = Path(tempfile.mkdtemp(prefix="kit-jupyter-"))
    for name, place in {
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
    }.items():
        os.environ[name] = str(_folder / place)
    os.environ["JUPYTER_PATH"] = str(_folder / "prefix/share/jupyter")
    subprocess.run(
        ["dotnet", "run", "--project", "environment/kernel", "--", "install", "--prefix", str(_folder / "prefix")],
        cwd=REPOSITORY,
        check=True,
    )


def remove():
    """Takes everything away again."""
    shutil.rmtree(_folder)
