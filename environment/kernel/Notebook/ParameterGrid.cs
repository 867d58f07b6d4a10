using System.Security.Cryptography;
using System.Text;

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
