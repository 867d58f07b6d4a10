using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace IntraDistill;

/// <summary>Values by name, in an order: a run's settings, a line of its metrics, its result. Does not change.</summary>
public class RunValues : IEnumerable<KeyValuePair<string, RunValue>>
{
    private readonly OrderedDictionary<string, RunValue> _values = new(StringComparer.Ordinal);

    /// <summary>Takes the values: <c>new(("update", 100), ("loss", 2.3))</c>.</summary>
    /// <exception cref="IntraDistillException">A name is empty or comes twice.</exception>
    public RunValues(params IEnumerable<(string Name, RunValue Value)> values)
    {
        foreach (var (name, value) in values)
        {
            ArgumentNullException.ThrowIfNull(value, name);
            if (string.IsNullOrWhiteSpace(name))
                throw new IntraDistillException($"a value of a run has no name: {value.Json}");
            if (!_values.TryAdd(name, value))
                throw new IntraDistillException($"\"{name}\" comes twice among the values of a run");
        }
    }

    /// <summary>The names in order.</summary>
    public IReadOnlyList<string> Names => _values.Keys;

    /// <summary>The value of that name.</summary>
    /// <exception cref="IntraDistillException">There is none.</exception>
    public RunValue this[string name] => _values.TryGetValue(name, out var value) ? value
        : throw new IntraDistillException($"there is no value \"{name}\"; there are {string.Join(", ", Names)}");

    /// <summary>Finds a value that may not be there.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out RunValue? value) => _values.TryGetValue(name, out value);

    /// <summary>The values as one line of JSON, in their order.</summary>
    public string ToJson() => Json(_values);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, RunValue>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary><c>name=value</c> in order, for people.</summary>
    public override string ToString() => string.Join(' ', _values.Select(pair => $"{pair.Key}={pair.Value}"));

    private protected static string Json(IEnumerable<KeyValuePair<string, RunValue>> values) =>
        "{" + string.Join(", ", values.Select(pair =>
            $"{JsonSerializer.Serialize(pair.Key, RunValue.Readable)}: {pair.Value.Json}")) + "}";

    /// <summary>The pairs of a JSON object.</summary>
    /// <exception cref="FormatException">It is none, or a value in it is not a string, number or boolean.</exception>
    internal static List<(string Name, RunValue Value)> Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new FormatException("expected an object of names and values");
        return [.. element.EnumerateObject().Select(pair => (pair.Name, RunValue.Read(pair.Value)
            ?? throw new FormatException($"\"{pair.Name}\" is not a string, a number, true or false")))];
    }
}
