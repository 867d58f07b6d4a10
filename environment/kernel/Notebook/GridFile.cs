using System.Text.Json;

namespace IntraDistill.Kernel.Notebook;

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
