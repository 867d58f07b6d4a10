using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IntraDistill.Kernel.Notebook;

/// <summary>Values for some of a notebook's parameters.</summary>
/// <param name="Assignments">In the order they were given.</param>
internal sealed record ParameterSet(IReadOnlyList<Assignment> Assignments)
{
    /// <summary>The cell that sets them; null where there are none.</summary>
    public string? Code => Assignments.Count == 0 ? null : Parameters.Code(Assignments);

    /// <inheritdoc/>
    public override string ToString() => Assignments.Count == 0 ? "(the defaults)" : string.Join(' ', Assignments);
}

/// <summary>The parameter sets that the command line asks for.</summary>
/// <param name="Sets">In the order they are to run, none twice.</param>
/// <param name="IsGrid">Whether they are to run as a grid: several, or given by a file.</param>
internal sealed record ParameterGrid(IReadOnlyList<ParameterSet> Sets, bool IsGrid)
{
    private const int Most = 100_000, LongestName = 100;

    /// <summary>Reads the sets.</summary>
    /// <param name="parameters">The notebook's.</param>
    /// <param name="assignments">Each <c>-p</c>. One parameter's values are a list; the lists and the file's sets are crossed.</param>
    /// <param name="file">The grid file, or null.</param>
    /// <exception cref="RunnerException">One line that says what is wrong.</exception>
    public static ParameterGrid Read(Parameters parameters, IReadOnlyList<string> assignments, string? file)
    {
        List<IReadOnlyList<Assignment>> lists = [.. assignments.SelectMany(parameters.FromCommandLine)
            .GroupBy(assignment => assignment.Name, (_, values) => (IReadOnlyList<Assignment>)[.. values])];
        IReadOnlyList<IReadOnlyList<Assignment>> sets = [.. CrossProduct("-p", lists)];
        if (file is not null)
        {
            IReadOnlyList<IReadOnlyList<Assignment>> rows = GridFile.Read(file, parameters);
            string? both = lists.Select(list => list[0].Name)
                .FirstOrDefault(name => rows.Any(row => row.Any(assignment => assignment.Name == name)));
            if (both is not null)
                throw new RunnerException($"-p {both}: {file} sets '{both}' as well");
            Check(file, (long)rows.Count * sets.Count);
            sets = [.. rows.SelectMany(row => sets, (row, set) => (IReadOnlyList<Assignment>)[.. row, .. set])];
        }
        return new ParameterGrid([.. sets.Select(set => new ParameterSet(set)).DistinctBy(set => set.Code)],
            file is not null || sets.Count > 1);
    }

    /// <summary>Every choice of one value from each list, the last list going fastest.</summary>
    public static IEnumerable<IReadOnlyList<Assignment>> CrossProduct(
        string origin, IReadOnlyList<IReadOnlyList<Assignment>> lists)
    {
        long count = 1;
        foreach (IReadOnlyList<Assignment> list in lists)
            Check(origin, count *= list.Count);
        IEnumerable<IReadOnlyList<Assignment>> sets = [[]];
        foreach (IReadOnlyList<Assignment> list in lists)
            sets = sets.SelectMany(_ => list, (set, value) => (IReadOnlyList<Assignment>)[.. set, value]);
        return sets;
    }

    /// <summary>A file name for each set, without an ending: readable, and the same for a set in any grid.</summary>
    public IReadOnlyList<string> FileNames() => [.. Sets.Select(FileName)];

    private static string FileName(ParameterSet set)
    {
        if (set.Code is not { } code)
            return "defaults";
        string text = string.Join(',', set.Assignments);
        string name = string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || "=,.-_+".Contains(c) ? c : '_'));
        // Where the name does not tell all, or its case may be lost, a hash does.
        bool tells = name == text && name.Length <= LongestName && !name.Any(char.IsAsciiLetterUpper);
        return tells ? name : $"{name[..Math.Min(name.Length, LongestName)]}-{Hash(code)[..8]}";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static void Check(string origin, long count)
    {
        if (count > Most)
            throw new RunnerException($"{origin}: more than {Most} parameter sets");
    }
}

/// <summary>
/// A file of parameter sets: an array of objects, a set each; or an object of arrays, whose cross product is the sets, the
/// last name going fastest.
/// </summary>
internal static class GridFile
{
    /// <summary>A value and the line it begins in.</summary>
    private sealed record Value(int Line, string Name, JsonElement Json);

    /// <summary>Reads the sets.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parameters">What the values are for.</param>
    /// <exception cref="RunnerException">It is no such file, or a value in it fits no parameter; names file and line.</exception>
    public static IReadOnlyList<IReadOnlyList<Assignment>> Read(string path, Parameters parameters)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunnerException($"{path}: cannot be read: {e.Message}", e);
        }
        try
        {
            return Read(path, bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes, parameters);
        }
        catch (JsonException e)
        {
            throw new RunnerException($"{path}:{e.LineNumber + 1}: not JSON", e);
        }
    }

    private static IReadOnlyList<IReadOnlyList<Assignment>> Read(string path, ReadOnlySpan<byte> text, Parameters parameters)
    {
        var reader = new Utf8JsonReader(text);
        reader.Read();
        Assignment Assign(Value value) => parameters.FromJson($"{path}:{value.Line}", value.Name, value.Json);
        List<IReadOnlyList<Assignment>> sets = [];
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.StartObject)
                    throw Bad(path, Line(text, reader), "expected an object of names and values, a parameter set");
                sets.Add([.. ReadObject(path, text, ref reader).Select(Assign)]);
            }
            if (sets.Count == 0)
                throw Bad(path, 1, "the list of parameter sets is empty");
        }
        else if (reader.TokenType == JsonTokenType.StartObject)
        {
            List<IReadOnlyList<Assignment>> lists = [];
            foreach (Value list in ReadObject(path, text, ref reader))
            {
                if (list.Json.ValueKind != JsonValueKind.Array)
                    throw Bad(path, list.Line, $"\"{list.Name}\" has no list; expected an array of values");
                if (list.Json.GetArrayLength() == 0)
                    throw Bad(path, list.Line, $"the list of \"{list.Name}\" is empty");
                lists.Add([.. list.Json.EnumerateArray().Select(item => Assign(list with { Json = item }))]);
            }
            if (lists.Count == 0)
                throw Bad(path, 1, "no parameter has a list of values");
            sets = [.. ParameterGrid.CrossProduct(path, lists)];
        }
        else
            throw Bad(path, 1, "expected an array of objects (parameter sets) or an object of arrays (lists of values)");
        reader.Read();   // throws if there is more
        return sets;
    }

    private static List<Value> ReadObject(string path, ReadOnlySpan<byte> text, ref Utf8JsonReader reader)
    {
        List<Value> values = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string name = reader.GetString()!;
            int line = Line(text, reader);
            if (values.Exists(value => value.Name == name))
                throw Bad(path, line, $"\"{name}\" comes twice");
            reader.Read();
            values.Add(new Value(line, name, JsonElement.ParseValue(ref reader)));
        }
        return values;
    }

    private static int Line(ReadOnlySpan<byte> text, in Utf8JsonReader reader) =>
        text[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1;

    private static RunnerException Bad(string path, int line, string what) => new($"{path}:{line}: {what}");
}
