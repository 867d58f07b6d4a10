using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IntraDistill;

/// <summary>A text, a number or a yes or no, as runs store them. Made by conversion: <c>("alpha", 5.0)</c>. Equal numbers are equal
/// whatever their type: 5 and 5.0 are one value, the text "5" is another.</summary>
public sealed record RunValue
{
    private const double ExactIntegers = 9007199254740992;   // 2^53

    // Readable in any editor: only what JSON itself wants escaped is.
    internal static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private RunValue(string json, string text) => (Json, Text) = (json, text);

    /// <summary>The value as JSON, always written the same way.</summary>
    public string Json { get; }

    /// <summary>The value as text: a string without quotes; a number with as few digits as give it back exactly.</summary>
    public string Text { get; }

    /// <summary>The value as a number. NaN and infinities, which JSON lacks, are stored as texts and are numbers here.</summary>
    /// <exception cref="IntraDistillException">It is none.</exception>
    public double Number => double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
        && (Json[0] != '"' || !double.IsFinite(number)) ? number : throw new IntraDistillException($"{Json} is not a number");

    /// <summary>A text.</summary>
    public static implicit operator RunValue(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(JsonSerializer.Serialize(text, Readable), text);
    }

    /// <summary>A number.</summary>
    public static implicit operator RunValue(double number)
    {
        if (!double.IsFinite(number))
            return number.ToString(CultureInfo.InvariantCulture);
        return Math.Abs(number) < ExactIntegers && Math.Truncate(number) == number
            ? (long)number : Plain(number.ToString("R", CultureInfo.InvariantCulture));
    }

    /// <summary>A number: 0.1f is 0.1, not the double nearest to the float.</summary>
    public static implicit operator RunValue(float number) =>
        double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>A whole number.</summary>
    public static implicit operator RunValue(long number) => Plain(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Yes or no.</summary>
    public static implicit operator RunValue(bool flag) => Plain(flag ? "true" : "false");

    /// <summary>As <see cref="Text"/>.</summary>
    public override string ToString() => Text;

    /// <summary>Reads a value; null where the JSON is another kind of it.</summary>
    internal static RunValue? Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => element.TryGetInt64(out long whole) ? whole : element.GetDouble(),
        _ => null,
    };

    private static RunValue Plain(string text) => new(text, text);
}

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

    private protected static string Json(IEnumerable<KeyValuePair<string, RunValue>> values) => "{" + string.Join(", ",
        values.Select(pair => $"{JsonSerializer.Serialize(pair.Key, RunValue.Readable)}: {pair.Value.Json}")) + "}";

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
