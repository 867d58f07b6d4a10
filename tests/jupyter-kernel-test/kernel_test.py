"""The jupyter_kernel_test suite with all its optional parts but history.

And what that does not cover: stdin, updates of displays, interrupts, the kernel's end.
"""

import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import jupyter_kernel_test
from jupyter_client.manager import start_new_kernel

import kit_kernel

KIT = kit_kernel.REPOSITORY / "bin/IntraDistill.Kit.dll"
PATIENCE = 30  # seconds: how long a loaded machine may take, not how long the kernel does

CHART = """
using IntraDistill;
display(KitCharts.LearningCurves("Loss", "update", "nats", new[] { CurveSeries.Of("line", 0, 1, x => x) }));
"""


CANCELLATION = "Microsoft.DotNet.Interactive.KernelInvocationContext.Current.CancellationToken"


class CSharpKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = kit_kernel.KERNEL_NAME

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reply = cls.kc.execute_interactive(f'#r "{KIT}"', timeout=PATIENCE)
        assert reply["content"]["status"] == "ok", reply["content"]

    language_name = "C#"
    file_extension = ".cs"
    code_hello_world = 'Console.WriteLine("hello, world");'
    code_stderr = 'Console.Error.WriteLine("oh no");'
    completion_samples = [
        {"text": "Console.WriteL", "matches": ["WriteLine"]},
        {"text": "Math.Floo", "matches": ["Floor"]},
        {"text": "var word = \"\"; word.ToUpp", "matches": ["ToUpper", "ToUpperInvariant"]},
        {"text": "from x in new int[0] sele", "matches": ["select"]},
        {"text": "no.such.thi", "matches": []},
    ]
    complete_code_samples = [
        "1 + 1",
        "var x = 3;",
        "int Twice(int n) => 2 * n;",
        "for (int i = 0; i < 3; i++)\n{\n    Console.WriteLine(i);\n}",
        "// only a comment",
        '#r "nuget: Some.Package, 1.0.0"',
    ]
    incomplete_code_samples = [
        "if (true)\n{",
        "Console.WriteLine(",
        "class Point\n{\n    public int X;",
        'var text = """\n    raw',
        "/* a comment",
    ]
    invalid_code_samples = ["1 + ) 2", "class { }}", "var = ;"]
    code_page_something = "?Console.WriteLine"
    code_generate_error = 'throw new InvalidOperationException("on purpose");'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": '"text"', "result": "text"},
        {"code": "Math.Max(1, 2)", "result": "2"},
        {"code": "true", "result": "True"},
    ]
    code_display_data = [
        {"code": 'display(HTML("<b>bold</b>"));', "mime": "text/html"},
        {"code": '"<svg xmlns=\'http://www.w3.org/2000/svg\'/>".DisplayAs("image/svg+xml");', "mime": "image/svg+xml"},
        {"code": CHART, "mime": "application/vnd.plotly.v1+json"},
        {"code": CHART, "mime": "text/html"},
        {"code": CHART, "mime": "text/plain"},
    ]
    test_history = None  # the kernel keeps none: editors have their own
    code_inspect_sample = "Console.WriteLine"
    code_clear_output = "ClearOutput();"

    def test_inspection_shows_signature_and_documentation(self):
        self.flush_channels()
        self.kc.inspect(self.code_inspect_sample)
        text = self.get_non_kernel_info_reply(timeout=PATIENCE)["content"]["data"]["text/plain"]
        self.assertIn("void Console.WriteLine(", text)
        self.assertIn("standard output stream", text)

    def test_completion_knows_what_cells_declared(self):
        self.run_cell("var aNameOfMyOwn = 1;")
        self.flush_channels()
        self.kc.complete("aNameOf")
        content = self.get_non_kernel_info_reply(timeout=PATIENCE)["content"]
        self.assertEqual(content["matches"], ["aNameOfMyOwn"])
        self.assertEqual((content["cursor_start"], content["cursor_end"]), (0, 7))

    def test_user_expressions_are_evaluated_or_say_why_not(self):
        sent = self.start("var six = 6;", user_expressions={"good": "six * 7", "bad": "no_such_name"})
        expressions = self.finish(sent)["user_expressions"]
        self.assertEqual(expressions["good"]["data"]["text/plain"], "42")
        self.assertEqual(expressions["bad"]["status"], "error")

    def test_silent_code_leaves_no_output_and_no_number(self):
        before = self.run_cell("1")["execution_count"]
        self.flush_channels()
        reply, outputs = self.execute_helper("1 + 1", silent=True)
        self.assertEqual(reply["content"]["status"], "ok")
        self.assertEqual([o["msg_type"] for o in outputs], [])
        self.assertEqual(self.run_cell("1")["execution_count"], before + 1)

    def test_an_error_aborts_the_cells_that_wait_unless_told_otherwise(self):
        for stop, status in ((True, "aborted"), (False, "ok")):
            with self.subTest(stop_on_error=stop):
                first = self.start('await Task.Delay(1000); throw new Exception("first");', stop_on_error=stop)
                second = self.kc.execute("1 + 1")
                self.assertEqual(self.finish(first)["status"], "error")
                self.assertEqual(self.finish(second)["status"], status)

    def test_input_is_asked_for_and_answered(self):
        for code, secret in (
            ("Console.ReadLine()", False),
            ('await GetInputAsync("name? ")', False),
            ('(await GetPasswordAsync("word? ")).GetClearTextPassword()', True),
        ):
            with self.subTest(code=code):
                sent = self.start(code, allow_stdin=True)
                request = self.kc.get_stdin_msg(timeout=PATIENCE)
                self.assertEqual(request["msg_type"], "input_request")
                self.assertIs(request["content"]["password"], secret)
                self.kc.input("Ada")
                self.assertEqual(self.finish(sent)["result"], "Ada")

    def test_input_without_a_front_end_to_ask_is_an_error(self):
        content = self.run_cell("Console.ReadLine()")
        self.assertEqual(content["status"], "error")
        self.assertIn("input", content["evalue"])

    def test_streams_arrive_while_the_cell_runs(self):
        sent = self.start(f'Console.WriteLine("now"); await Task.Delay(-1, {CANCELLATION});')
        self.await_output(sent, "stream", lambda content: "now" in content["text"])
        self.km.interrupt_kernel()
        self.assertEqual(self.finish(sent)["ename"], "KeyboardInterrupt")

    def test_a_display_is_updated_in_place(self):
        sent = self.start('var shown = display("first"); shown.Update("second");')
        first = self.await_output(sent, "display_data")
        second = self.await_output(sent, "update_display_data")
        self.assertEqual(second["data"]["text/plain"], "second")
        self.assertEqual(second["transient"]["display_id"], first["transient"]["display_id"])
        self.assertEqual(self.finish(sent)["status"], "ok")

    def test_an_interrupt_stops_the_cell_and_not_the_kernel(self):
        self.run_cell("var kept = 5;")
        sent = self.start(f'Console.WriteLine("started"); while (true) {CANCELLATION}.ThrowIfCancellationRequested();')
        self.await_output(sent, "stream")
        self.km.interrupt_kernel()
        self.assertEqual(self.finish(sent)["ename"], "KeyboardInterrupt")
        self.assertEqual(self.run_cell("kept * 2")["result"], "10")

    def test_a_cell_that_does_not_listen_is_left_behind_by_a_second_interrupt(self):
        sent = self.start('Console.WriteLine("started"); await Task.Delay(-1);')
        self.await_output(sent, "stream")
        self.km.interrupt_kernel()
        self.await_output(sent, "stream", lambda content: "Interrupt again" in content["text"])
        self.km.interrupt_kernel()
        self.assertEqual(self.finish(sent)["ename"], "KeyboardInterrupt")
        self.assertEqual(self.run_cell("6 * 7")["result"], "42")

    def test_an_interrupt_ends_the_wait_for_input(self):
        sent = self.start("Console.ReadLine()", allow_stdin=True)
        self.kc.get_stdin_msg(timeout=PATIENCE)
        self.km.interrupt_kernel()
        self.assertEqual(self.finish(sent)["ename"], "KeyboardInterrupt")

    def start(self, code, **options):
        """Sends code to be run; the message's id."""
        self.flush_channels()
        return self.kc.execute(code, **options)

    def run_cell(self, code):
        """Runs code to its end."""
        return self.finish(self.start(code, allow_stdin=False))

    def finish(self, sent):
        """Waits for the end; the execute_reply's content, with the text of an execute_result as "result"."""
        reply = self.get_non_kernel_info_reply(timeout=PATIENCE)
        self.assertEqual(reply["parent_header"]["msg_id"], sent)
        content = dict(reply["content"])
        for message in self.outputs(sent):
            if message["msg_type"] == "execute_result":
                content["result"] = message["content"]["data"]["text/plain"]
        return content

    def await_output(self, sent, kind, wanted=lambda content: True):
        """Waits for an output while the code runs; its content."""
        for message in self.outputs(sent):
            if message["msg_type"] == kind and wanted(message["content"]):
                return message["content"]
        self.fail(f"no {kind} came before the cell's end")

    def outputs(self, sent):
        """What comes in answer to a message until the kernel is done with it."""
        while True:
            message = self.kc.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != sent:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return
            yield message


class LifeTests(unittest.TestCase):
    """A kernel of its own for each test: these end it."""

    CLIENT = """
import sys, time
from jupyter_client.manager import start_new_kernel
km, kc = start_new_kernel(kernel_name=sys.argv[1])
kc.execute("while (true) System.Threading.Thread.Sleep(100);")
print(km.provisioner.pid, km.connection_file, flush=True)
time.sleep(600)
"""

    def test_shutdown_leaves_no_process_and_no_connection_file(self):
        km, kc = start_new_kernel(kernel_name=kit_kernel.KERNEL_NAME)
        processes, connection = descendants(km.provisioner.pid), km.connection_file
        self.assertTrue(Path(connection).exists())
        kc.stop_channels()
        km.shutdown_kernel()
        self.assert_gone(processes, connection)

    def test_shutdown_ends_a_cell_that_does_not_listen(self):
        km, kc = start_new_kernel(kernel_name=kit_kernel.KERNEL_NAME)
        processes, connection = descendants(km.provisioner.pid), km.connection_file
        kc.execute("while (true) { }")
        time.sleep(1)
        kc.stop_channels()
        km.shutdown_kernel()
        self.assert_gone(processes, connection)

    def test_restart_gives_a_fresh_kernel_on_the_same_connection(self):
        km, kc = start_new_kernel(kernel_name=kit_kernel.KERNEL_NAME)
        processes, connection = descendants(km.provisioner.pid), km.connection_file
        try:
            self.assertEqual(kc.execute_interactive("var old = 1;", timeout=PATIENCE)["content"]["status"], "ok")
            km.restart_kernel()
            kc.wait_for_ready(timeout=PATIENCE)
            reply = kc.execute_interactive("old", timeout=PATIENCE, output_hook=lambda message: None)
            self.assertEqual(reply["content"]["status"], "error")
            self.assertEqual(kc.execute_interactive("1 + 1", timeout=PATIENCE)["content"]["status"], "ok")
            self.assertEqual(km.connection_file, connection)
            self.assert_gone(processes)
        finally:
            kc.stop_channels()
            km.shutdown_kernel()

    def test_a_killed_client_takes_its_kernel_along(self):
        with subprocess.Popen(
            [sys.executable, "-c", self.CLIENT, kit_kernel.KERNEL_NAME], stdout=subprocess.PIPE, text=True
        ) as client:
            pid, connection = client.stdout.readline().split()
            processes = descendants(int(pid))
            client.send_signal(signal.SIGKILL)
        self.assert_gone(processes, connection)

    def assert_gone(self, processes, connection=None):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            left = [pid for pid in processes if is_alive(pid)]
            if not left and not (connection and os.path.exists(connection)):
                return
            time.sleep(0.1)
        self.fail(f"left behind: processes {left}, {connection} exists: {connection and os.path.exists(connection)}")


def descendants(pid):
    """A process and all it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [found for child in children for found in descendants(int(child))]


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
