using System.Collections;
using System.Globalization;
using System.Reflection;

namespace IntraDistill;

/// <summary>
/// A record as text, as the compiler would write it, but with what its lists hold in place of the names of their types:
/// <c>LoadedWeights { Files = [model.safetensors], Missing = [a, b, c, d, … 12 in all] }</c>.
/// </summary>
internal static class RecordText
{
    private const int Shown = 4;

    public static string Of(object record) => $"{record.GetType().Name} {{ " + string.Join(", ",
        record.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0)
            .Select(property => $"{property.Name} = {Value(property.GetValue(record))}")) + " }";

    private static string Value(object? value) => value switch
    {
        null => "none",
        string text => text,
        Array { Rank: > 1 } array => $"[{string.Join(" × ", Enumerable.Range(0, array.Rank).Select(array.GetLength))}]",
        IEnumerable list => List([.. list.Cast<object?>().Take(Shown + 1)], list),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string List(object?[] first, IEnumerable list)
    {
        string items = string.Join(", ", first.Take(Shown).Select(Value));
        return first.Length <= Shown ? $"[{items}]"
            : FormattableString.Invariant($"[{items}, … {list.Cast<object?>().Count():N0} in all]");
    }
}
