using System.Text.Json.Nodes;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Notebook;

/// <summary>Collects what the running cells show as nbformat outputs. Safe to call from any thread.</summary>
internal sealed class OutputRecorder
{
    private readonly Lock _lock = new();
    private readonly List<RunCell> _cells = [];

    /// <summary>Takes what the cells put out.</summary>
    public CellSink Sink { get; } = new(live: false);

    /// <summary>From now on outputs belong to this cell.</summary>
    public void Begin(NotebookCell cell, int executionCount)
    {
        var run = new RunCell(cell, executionCount);
        lock (_lock)
            _cells.Add(run);
        Sink.Begin(shown => Append(run, shown));
    }

    /// <summary>Writes the outputs so far into the notebook's cells.</summary>
    public void Store()
    {
        Sink.Complete();
        lock (_lock)
        {
            foreach (RunCell cell in _cells)
                cell.Cell.SetOutputs([.. cell.Outputs.Select(output => ToJson(output, cell.Number))], cell.Number);
        }
    }

    private void Append(RunCell cell, CellEvent shown)
    {
        lock (_lock)
        {
            if (shown is DisplayUpdated update)
            {
                Replace(update);
                return;
            }
            if (cell.ClearsNext || shown is OutputCleared { Wait: false })
                cell.Outputs.Clear();
            cell.ClearsNext = shown is OutputCleared { Wait: true };
            if (shown is not OutputCleared)
                cell.Outputs.Add(shown);
        }
    }

    // In whichever cell it was displayed.
    private void Replace(DisplayUpdated update)
    {
        foreach (RunCell cell in _cells)
            if (cell.Outputs.FindIndex(output => output is Displayed shown && shown.DisplayId == update.DisplayId) is var at and >= 0)
                cell.Outputs[at] = new Displayed(update.Data, update.DisplayId);
    }

    private static JsonObject ToJson(CellEvent output, int number) => output switch
    {
        StreamWritten text => new()
        {
            ["name"] = text.Name, ["output_type"] = "stream", ["text"] = NotebookCell.Lines(text.Text),
        },
        Displayed shown => Data("display_data", shown.Data),
        ResultProduced result => Data("execute_result", result.Data, number),
        CellFailed { Error: var error } => new()
        {
            ["output_type"] = "error",
            ["ename"] = error.Name,
            ["evalue"] = error.Message,
            ["traceback"] = new JsonArray([.. error.Describe().Select(line => JsonValue.Create(line))]),
        },
        _ => throw new ArgumentOutOfRangeException(nameof(output)),
    };

    private static JsonObject Data(string type, MimeBundle data, int? number = null)
    {
        var json = new JsonObject
        {
            ["output_type"] = type, ["data"] = data.ToJson(NotebookCell.Lines), ["metadata"] = new JsonObject(),
        };
        if (number is not null)
            json["execution_count"] = number;
        return json;
    }

    private sealed record RunCell(NotebookCell Cell, int Number)
    {
        public List<CellEvent> Outputs { get; } = [];

        /// <summary>Whether the next output takes the place of all before it.</summary>
        public bool ClearsNext { get; set; }
    }
}
