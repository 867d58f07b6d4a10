"""Runs the Jupyter tests: /usr/bin/python3 tests/jupyter-kernel-test. A test that is skipped counts as failed: none may be."""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left behind in the clone
import kit_kernel  # noqa: E402


def main():
    kit_kernel.install()
    try:
        suite = unittest.defaultTestLoader.discover(str(Path(__file__).parent), pattern="*_test.py")
        result = unittest.TextTestRunner(verbosity=2).run(suite)
    finally:
        kit_kernel.remove()
    # A test with several failed subtests is one failed test; an error in setUpClass is none that ran.
    failed = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors + result.skipped}
    ran = {name for name in failed if not name.startswith(("setUpClass", "tearDownClass"))}
    print(f"jupyter_kernel_test: {result.testsRun - len(ran)} passed, {len(failed)} failed")
    return 1 if failed or result.testsRun == 0 else 0


sys.exit(main())
