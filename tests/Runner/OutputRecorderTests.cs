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
        _recorder.Accept(new OutputCleared(Wait: false));
        Assert.Empty(Texts());
        Print("two\n");
        Assert.Equal(["two\n"], Texts());
    }

    [Fact]
    public void Clearing_that_waits_takes_effect_with_the_next_output()
    {
        Print("one\n");
        _recorder.Accept(new OutputCleared(Wait: true));
        Assert.Equal(["one\n"], Texts());
        Print("two\n");
        Print("three\n");
        Assert.Equal(["two\nthree\n"], Texts());
    }

    private void Print(string text) => _recorder.Accept(new StreamWritten("stdout", text));

    private IEnumerable<string> Texts()
    {
        _recorder.Store();
        return _cell.Outputs.Select(output => NotebookCell.Join(output!["text"]));
    }
}
