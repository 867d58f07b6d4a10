namespace IntraDistill;

/// <summary>Neighbouring columns of one group in a table or a heat map; some groups have no name.</summary>
internal readonly record struct ColumnGroup(string Name, int First, int Count)
{
    public bool HasName => Name.Length > 0;

    /// <summary>The groups, from that of each column; a column of none (null) stands alone.</summary>
    public static IEnumerable<ColumnGroup> Of(IReadOnlyList<string?> columns)
    {
        for (int first = 0, end; first < columns.Count; first = end)
        {
            for (end = first + 1; end < columns.Count && columns[first] is { } name && columns[end] == name;)
                end++;
            yield return new(columns[first] ?? "", first, end - first);
        }
    }
}
