using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntraDistill.DataScripts;

/// <summary>The three parts of a prepared data set.</summary>
public enum Part
{
    /// <summary>What models learn from.</summary>
    Train,

    /// <summary>What the best weights are chosen on.</summary>
    Valid,

    /// <summary>What results are reported on.</summary>
    Test,
}

/// <summary>
/// Makes <c>OUTPUT/NAME</c> with <c>about.json</c>, for a pair of languages <c>OUTPUT/PAIR/{train,valid,test}.{languages}</c>. It
/// grows in a folder of its own beside and takes its name when it is whole, so that whatever happens no half data set is taken
/// for one.
/// </summary>
public sealed class PreparedFolder : IDisposable
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };
    private readonly string _target;
    private readonly string _name, _kind, _unit;
    private readonly Dictionary<string, int> _counts = [];

    /// <summary>Starts a folder; what an earlier run left unfinished is removed.</summary>
    /// <param name="output">The data set's folder, e.g. <c>data/iwslt14</c>.</param>
    /// <param name="name">The folder's name; for a pair of languages these, source first: <c>de-en</c>.</param>
    /// <param name="kind">What the name is, a key of <c>about.json</c>.</param>
    /// <param name="unit">What is counted.</param>
    public PreparedFolder(string output, string name, string kind = "pair", string unit = "sentence pairs")
    {
        _target = System.IO.Path.Combine(output, name);
        (_name, _kind, _unit) = (name, kind, unit);
        Path = System.IO.Path.Combine(output, $".{name}.unfinished");
        Guard(() =>
        {
            Remove();
            Directory.CreateDirectory(Path);
        });
    }

    /// <summary>The unfinished folder; what is put in it besides the data set goes with <see cref="Discard"/>.</summary>
    public string Path { get; }

    /// <summary>Whether a folder is prepared already.</summary>
    public static bool IsThere(string output, string name) =>
        File.Exists(System.IO.Path.Combine(output, name, "about.json"));

    /// <summary>Writes one part of a pair of languages: UTF-8, LF, a sentence a line.</summary>
    /// <param name="part">Which.</param>
    /// <param name="pairs">Source and target sentences.</param>
    public void Write(Part part, IReadOnlyList<(string Source, string Target)> pairs)
    {
        if (pairs.Count == 0)
            throw new IntraDistillException($"{_name}: no sentence pair is left for {Name(part)}");
        string[] languages = _name.Split('-');
        WriteLines($"{Name(part)}.{languages[0]}", pairs.Select(pair => pair.Source));
        WriteLines($"{Name(part)}.{languages[1]}", pairs.Select(pair => pair.Target));
        Count(Name(part), pairs.Count);
    }

    /// <summary>Writes a file: UTF-8, each line ended by LF.</summary>
    /// <param name="file">Its name.</param>
    /// <param name="lines">Its lines.</param>
    public void WriteLines(string file, IEnumerable<string> lines) => Guard(() =>
    {
        using var writer = new StreamWriter(System.IO.Path.Combine(Path, file), false, new UTF8Encoding(false));
        foreach (string line in lines)
        {
            writer.Write(line);
            writer.Write('\n');
        }
    });

    /// <summary>States in <c>about.json</c> how much a part holds.</summary>
    public void Count(string part, int count) => _counts[part] = count;

    /// <summary>Removes a file or folder that was put beside the data set on the way.</summary>
    public void Discard(string name) => Guard(() => Directory.Delete(System.IO.Path.Combine(Path, name), recursive: true));

    /// <summary>Writes <c>about.json</c> and gives the folder its name.</summary>
    /// <param name="dataset">The data set's name.</param>
    /// <param name="sources">The files that it was made of.</param>
    /// <param name="steps">What was done to them, in order.</param>
    /// <param name="cancellation">Stops before the last step; after it the data set is there.</param>
    public void Finish(string dataset, IEnumerable<ObtainedFile> sources, IReadOnlyList<string> steps,
        CancellationToken cancellation)
    {
        var about = new JsonObject
        {
            ["dataset"] = dataset,
            [_kind] = _name,
            ["sources"] = new JsonArray([.. sources.Select(source => (JsonNode)new JsonObject
            {
                ["url"] = source.Url, ["file"] = System.IO.Path.GetFileName(source.Path),
                ["size"] = source.Size, ["sha256"] = source.Sha256,
            })]),
            ["counts"] = new JsonObject(_counts.Select(count => KeyValuePair.Create(count.Key, (JsonNode?)count.Value))),
            ["toolVersion"] = typeof(PreparedFolder).Assembly.GetName().Version!.ToString(3),
            ["steps"] = new JsonArray([.. steps.Select(step => (JsonNode)step)]),
        };
        Guard(() =>
        {
            File.WriteAllText(System.IO.Path.Combine(Path, "about.json"), about.ToJsonString(s_json) + "\n");
            cancellation.ThrowIfCancellationRequested();
            // A folder without about.json is unfinished by the kit's rule: it gives way, unless it holds anything else.
            if (Directory.Exists(_target))
            {
                foreach (string file in Directory.GetFiles(Path))
                    File.Delete(System.IO.Path.Combine(_target, System.IO.Path.GetFileName(file)));
                Directory.Delete(_target);
            }
            Directory.Move(Path, _target);
        });
    }

    /// <summary>What was made, in a line.</summary>
    public override string ToString() =>
        $"{_target}: {string.Join(", ", _counts.Select(count => $"{count.Key} {count.Value:N0}"))} {_unit}";

    /// <summary>Removes what did not become a data set.</summary>
    public void Dispose() => Remove();

    private void Remove()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    private void Guard(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IntraDistillException($"{_target}: cannot be written: {e.Message}", e);
        }
    }

    private static string Name(Part part) => part.ToString().ToLowerInvariant();
}
