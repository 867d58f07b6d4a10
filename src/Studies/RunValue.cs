using System.Globalization;
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
