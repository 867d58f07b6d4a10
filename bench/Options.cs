using System.Globalization;

namespace IntraDistill.Bench;

/// <summary>The <c>--name value</c> pairs of a command.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, string> _values;

    /// <summary>Reads them.</summary>
    /// <param name="given">Pairs, nothing else.</param>
    /// <param name="known">Each option with what it is if not given.</param>
    /// <exception cref="IntraDistillException">An option is unknown or has no value.</exception>
    public Options(IReadOnlyList<string> given, params (string Name, string Default)[] known)
    {
        _values = known.ToDictionary(option => option.Name, option => option.Default);
        for (int i = 0; i < given.Count; i += 2)
        {
            string name = given[i].StartsWith("--", StringComparison.Ordinal) ? given[i][2..] : "";
            if (!_values.ContainsKey(name) || i + 1 == given.Count)
                throw new IntraDistillException($"'{given[i]}': expected "
                    + string.Join(", ", known.Select(option => $"--{option.Name} {option.Default}")));
            _values[name] = given[i + 1];
        }
    }

    public string this[string name] => _values[name];

    /// <summary>A whole number, 0 or more.</summary>
    public int Count(string name) => int.TryParse(_values[name], NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count
        : throw new IntraDistillException($"--{name} {_values[name]}: a whole number was expected");

    /// <summary>One of several words.</summary>
    public string OneOf(string name, params string[] words) => words.Contains(_values[name]) ? _values[name]
        : throw new IntraDistillException($"--{name} {_values[name]}: {string.Join(" or ", words)} was expected");
}
