using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace IntraDistill;

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
