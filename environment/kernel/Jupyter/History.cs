using System.IO.Enumeration;
using System.Text.Json.Nodes;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>The cells that this kernel ran and that were to be remembered. Kept in memory: it ends with the kernel.</summary>
internal sealed class History
{
    /// <summary>There is one session, the kernel's own.</summary>
    private const int Session = 1;

    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];

    /// <summary>Remembers a cell before it runs.</summary>
    public void Add(int number, string code)
    {
        lock (_lock)
            _entries.Add(new Entry(number, code));
    }

    /// <summary>Remembers the value of the latest cell.</summary>
    public void SetOutput(string text)
    {
        lock (_lock)
            _entries[^1].Output = text;
    }

    /// <summary>Answers a <c>history_request</c>: by tail, range or search, as the protocol has it.</summary>
    /// <exception cref="MessageException">The request is not one of these.</exception>
    public JsonObject Answer(Request request)
    {
        bool withOutput = request.Flag("output", false);
        int most = request.Number("n", int.MaxValue);
        string kind = request.Text("hist_access_type");
        Entry[] all;
        lock (_lock)
            all = [.. _entries];
        IEnumerable<Entry> found = kind switch
        {
            "tail" => all.TakeLast(most),
            "range" => Range(all, request.Number("session", 0), request.Number("start", 0), request.Number("stop", int.MaxValue)),
            "search" => Search(all, request.Text("pattern", "*"), request.Flag("unique", false)).TakeLast(most),
            _ => throw new MessageException($"{request.Type}: content.hist_access_type: expected tail, range or search"),
        };
        return new JsonObject
        {
            ["status"] = "ok",
            ["history"] = new JsonArray([.. found.Select(entry => entry.ToJson(withOutput))]),
        };
    }

    // Sessions count from 1; 0 is the current one and -1 the one before it, which is not remembered.
    private static IEnumerable<Entry> Range(Entry[] all, int session, int start, int stop) =>
        session is 0 or Session ? all.Where(entry => entry.Number >= start && entry.Number < stop) : [];

    private static IEnumerable<Entry> Search(Entry[] all, string pattern, bool unique)
    {
        IEnumerable<Entry> found = all.Where(
            entry => FileSystemName.MatchesSimpleExpression(pattern, entry.Code, ignoreCase: false));
        return unique ? found.Reverse().DistinctBy(entry => entry.Code).Reverse() : found;
    }

    private sealed class Entry(int number, string code)
    {
        public int Number => number;

        public string Code => code;

        public string? Output { get; set; }

        public JsonNode ToJson(bool withOutput) =>
            new JsonArray(Session, number, withOutput ? new JsonArray(code, Output) : JsonValue.Create(code));
    }
}
