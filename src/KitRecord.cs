using System.Collections;
using System.Globalization;
using System.Reflection;

namespace IntraDistill;

/// <summary>
/// A record that prints what its lists hold where the compiler's own text has the names of their types:
/// <c>LoadedWeights { Files = [model.safetensors], Missing = [a, b, c, d, … 12 in all] }</c>.
/// </summary>
public abstract record KitRecord
{
    private const int Shown = 4;

    /// <summary>Name and value of every property, of a list the first items and how many there are.</summary>
    public sealed override string ToString() => $"{GetType().Name} {{ " + string.Join(", ",
        GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0)
            .Select(property => $"{property.Name} = {Text(property.GetValue(this))}")) + " }";

    private static string Text(object? value) => value switch
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
        string items = string.Join(", ", first.Take(Shown).Select(Text));
        return first.Length <= Shown ? $"[{items}]"
            : FormattableString.Invariant($"[{items}, … {list.Cast<object?>().Count():N0} in all]");
    }
}

/// <summary>A result whose <see cref="object.ToString"/> is one line that says all of it, as notebooks then show it.</summary>
public interface IOneLine;

/// <summary>
/// Marks a property of a settings record on which no number of a run depends: a run's config leaves it out, so that
/// a run stays the same one whatever it is.
/// </summary>
/// <param name="why">Why nothing depends on it.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ChangesNoResultAttribute(string why) : Attribute
{
    /// <summary>Why nothing depends on it.</summary>
    public string Why { get; } = why;
}
