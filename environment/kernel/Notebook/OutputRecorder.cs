using System.Text.Json.Nodes;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Notebook;

/// <summary>Collects the events of the running cells as nbformat outputs. Safe to call from any thread.</summary>
internal sealed class OutputRecorder
{
    /// <summary>How many values one cell may display; later ones are counted only.</summary>
    public const int MostDisplays = 1_000;

    private readonly Lock _lock = new();
    private readonly List<RunCell> _cells = [];
    private readonly Dictionary<string, Output> _byDisplayId = new(StringComparer.Ordinal);

    /// <summary>What tells how many of a cell's displayed values are not kept; null when all are.</summary>
    public static string? Note(int displays) => displays <= MostDisplays
        ? null
        : FormattableString.Invariant($"… {displays - MostDisplays:N0} displayed values left out …\n");

    /// <summary>From now on outputs belong to this cell.</summary>
    public void Begin(NotebookCell cell, int executionCount)
    {
        lock (_lock)
            _cells.Add(new RunCell(cell, executionCount));
    }

    /// <summary>Takes an event.</summary>
    public void Accept(CellEvent cellEvent)
    {
        lock (_lock)
        {
            if (cellEvent is DisplayUpdated update)
            {
                if (_byDisplayId.TryGetValue(update.DisplayId, out Output? shown))
                    shown.Data = update.Data;
            }
            else if (_cells.Count > 0)
                Append(_cells[^1], cellEvent);
        }
    }

    /// <summary>Writes the outputs so far into the notebook's cells.</summary>
    public void Store()
    {
        lock (_lock)
        {
            foreach (RunCell cell in _cells)
                cell.Cell.SetOutputs([.. cell.Outputs.Select(output => output.ToJson(cell.Number)), .. cell.Note()], cell.Number);
        }
    }

    private void Append(RunCell cell, CellEvent cellEvent)
    {
        if (cellEvent is OutputCleared { Wait: true })
        {
            cell.ClearsNext = true;
            return;
        }
        if (cell.ClearsNext || cellEvent is OutputCleared)
            cell.Clear();
        switch (cellEvent)
        {
            case StreamWritten written:
                cell.StreamOf(written.Name).Write(written.Text);
                break;
            case Displayed or ResultProduced when cell.Displays++ >= MostDisplays:
                break;
            case Displayed displayed:
                cell.Outputs.Add(_byDisplayId[displayed.DisplayId] = new Output("display_data") { Data = displayed.Data });
                break;
            case ResultProduced result:
                cell.Outputs.Add(new Output("execute_result") { Data = result.Data });
                break;
            case CellFailed failed:
                cell.Outputs.Add(new Output("error") { Error = failed.Error });
                break;
        }
    }

    private sealed class RunCell(NotebookCell cell, int number)
    {
        public NotebookCell Cell => cell;

        public int Number => number;

        public List<Output> Outputs { get; } = [];

        public int Displays { get; set; }

        /// <summary>Whether the next output takes the place of all before it.</summary>
        public bool ClearsNext { get; set; }

        public void Clear()
        {
            Outputs.Clear();
            Displays = 0;
            ClearsNext = false;
        }

        // Text between two displays goes into one output per stream, however the two streams alternate.
        public StreamBuffer StreamOf(string name)
        {
            for (int i = Outputs.Count - 1; i >= 0 && Outputs[i].Stream is { } stream; i--)
                if (Outputs[i].Name == name)
                    return stream;
            Outputs.Add(new Output("stream") { Name = name, Stream = new StreamBuffer() });
            return Outputs[^1].Stream!;
        }

        public IEnumerable<JsonNode> Note() => OutputRecorder.Note(Displays) is { } note ? [Text("stderr", note)] : [];
    }

    private sealed class Output(string type)
    {
        public string? Name { get; init; }

        public StreamBuffer? Stream { get; init; }

        public MimeBundle? Data { get; set; }

        public CellError? Error { get; init; }

        public JsonObject ToJson(int number)
        {
            if (Stream is not null)
                return Text(Name!, Stream.ToString());
            var json = new JsonObject { ["output_type"] = type };
            if (Error is not null)
            {
                json["ename"] = Error.Name;
                json["evalue"] = Error.Message;
                json["traceback"] = new JsonArray([.. Error.Describe().Select(line => JsonValue.Create(line))]);
                return json;
            }
            json["data"] = Data!.ToJson(NotebookCell.Lines);
            json["metadata"] = new JsonObject();
            if (type == "execute_result")
                json["execution_count"] = number;
            return json;
        }
    }

    private static JsonObject Text(string stream, string text) =>
        new() { ["name"] = stream, ["output_type"] = "stream", ["text"] = NotebookCell.Lines(text) };
}
