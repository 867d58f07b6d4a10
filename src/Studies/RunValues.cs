using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IntraDistill;

/// <summary>
/// A text, a number or a yes or no, as runs store them. Made by conversion: <c>("alpha", 5.0)</c>. Equal numbers are equal
/// whatever their type: 5 and 5.0 are one value, the text "5" is another.
/// </summary>
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
        && (Json[0] != '"' || !double.IsFinite(number))
            ? number : throw new IntraDistillException($"{Json} is not a number");

    /// <summary>The value as yes or no.</summary>
    /// <exception cref="IntraDistillException">It is neither.</exception>
    public bool Flag => Json switch
    {
        "true" => true,
        "false" => false,
        _ => throw new IntraDistillException($"{Json} is not true or false"),
    };

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
        if (Math.Abs(number) < ExactIntegers && Math.Truncate(number) == number)
            return (long)number;
        string text = number.ToString("R", CultureInfo.InvariantCulture);
        return new(text, text);
    }

    /// <summary>A number: 0.1f is 0.1, not the double nearest to the float.</summary>
    public static implicit operator RunValue(float number) =>
        double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>A whole number.</summary>
    public static implicit operator RunValue(long number)
    {
        string text = number.ToString(CultureInfo.InvariantCulture);
        return new(text, text);
    }

    /// <summary>A whole number.</summary>
    public static implicit operator RunValue(int number) => (long)number;

    /// <summary>Yes or no.</summary>
    public static implicit operator RunValue(bool flag) => flag ? new("true", "true") : new("false", "false");

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

/// <summary>Writes out a settings record: every property that a result may depend on, by name.</summary>
internal static class SettingsValues
{
    private const string None = "none",
        Expected = "expected numbers, texts, true or false, enums, tuples and lists of these, and records of them";

    public static List<(string Name, RunValue Value)> Of(string name, object settings)
    {
        if (!IsRecord(settings.GetType()))
            throw new IntraDistillException($"{name}: {settings.GetType().Name} was given; expected a settings record");
        var values = new List<(string, RunValue)>();
        Add(name, settings, values);
        return values;
    }

    public static List<(string Name, RunValue Value)> OfParts(object parts)
    {
        var values = new List<(string, RunValue)>();
        foreach (PropertyInfo property in parts.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            object? value = property.GetValue(parts);
            if (value is not null && IsRecord(value.GetType()))
                Add(property.Name, value, values);
            else if (value is not null)
                values.Add((property.Name, Value(value, property.Name)));
        }
        return values;
    }

    private static void Add(string name, object record, List<(string, RunValue)> values)
    {
        Type type = record.GetType();
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.IsDefined(typeof(ChangesNoResultAttribute)))
                continue;
            string path = $"{name}.{property.Name}", where = $"{path}: {type.Name}.{property.Name}";
            if (property.GetIndexParameters().Length > 0)
                throw new IntraDistillException($"{where} is an indexer; {Expected}");
            object? value = property.GetValue(record);
            if (value is not null && IsRecord(value.GetType()))
                Add(path, value, values);
            else
                values.Add((path, value is null ? None : Value(value, where)));
        }
    }

    private static RunValue Value(object value, string where) => value switch
    {
        None => throw new IntraDistillException($"{where} is the text \"{None}\", which stands for no value; expected another text"),
        // Texts in quotes: two lists never look the same.
        ITuple tuple => $"({string.Join(", ", Enumerable.Range(0, tuple.Length).Select(i => Scalar(tuple[i], where).Json))})",
        string or IConvertible => Scalar(value, where),
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(item => Scalar(item, where).Json))}]",
        _ => Scalar(value, where),
    };

    private static RunValue Scalar(object? value, string where)
    {
        RunValue written = value switch
        {
            string text => text,
            bool flag => flag,
            Enum name => name.ToString(),
            double number => number,
            float number => number,
            long or int or short or sbyte or byte or ushort or uint => Convert.ToInt64(value, CultureInfo.InvariantCulture),
            _ => throw new IntraDistillException($"{where} is, or holds, {value?.GetType().Name ?? "null"}; {Expected}"),
        };
        return value is double or float && written.Json[0] == '"'
            ? throw new IntraDistillException($"{where} is {written.Text}; a run's settings are finite numbers") : written;
    }

    // The compiler gives every record class this method, and no other type may have one.
    private static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;
}
