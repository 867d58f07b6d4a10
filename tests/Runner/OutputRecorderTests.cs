using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Tests.RunnerTests;

public sealed class OutputRecorderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recorder-").FullName;
    private readonly OutputRecorder _recorder = new();
    private readonly NotebookCell _cell;

    public OutputRecorderTests()
    {
        _cell = NotebookDocument.Load(TestNotebook.Write(Path.Combine(_folder, "n.ipynb"), "1")).CodeCells[0];
        _recorder.Begin(_cell, 1);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Clearing_takes_away_what_was_put_out_before()
    {
        Print("one\n");
        _recorder.Sink.Accept(new OutputCleared(Wait: false));
        Assert.Empty(Texts());
        Print("two\n");
        Assert.Equal(["two\n"], Texts());
    }

    [Fact]
    public void Clearing_that_waits_takes_effect_with_the_next_output()
    {
        Print("one\n");
        _recorder.Sink.Accept(new OutputCleared(Wait: true));
        Assert.Equal(["one\n"], Texts());
        Print("two\n");
        Print("three\n");
        Assert.Equal(["two\nthree\n"], Texts());
    }

    [Fact]
    public void Each_stream_is_one_text_between_displays_and_an_update_changes_what_was_displayed()
    {
        Print("a\n");
        _recorder.Sink.Accept(new StreamWritten("stderr", "10 %"));
        Print("b\n");
        _recorder.Sink.Accept(new StreamWritten("stderr", "\r9 %"));
        _recorder.Sink.Accept(new Displayed(MimeBundle.Of("text/html", "old"), "id"));
        Print("c\n");
        _recorder.Sink.Accept(new DisplayUpdated(MimeBundle.Of("text/html", "new"), "id"));
        Assert.Equal(["a\nb\n", "9 %%", "", "c\n"], Texts());
        Assert.Equal("new", NotebookCell.Join(_cell.Outputs[2]!["data"]!["text/html"]));
    }

    private void Print(string text) => _recorder.Sink.Accept(new StreamWritten("stdout", text));

    private IEnumerable<string> Texts()
    {
        _recorder.Store();
        return _cell.Outputs.Select(output => NotebookCell.Join(output!["text"]));
    }
}
