namespace IntraDistill.Tasks;

/// <summary>Makes a list smaller for quick runs.</summary>
internal static class Thinning
{
    /// <summary>
    /// At most so many of a list's items, taken evenly over its whole length: lists are ordered by origin, so that their
    /// beginnings are of one kind.
    /// </summary>
    public static T[] Evenly<T>(IReadOnlyList<T> items, int most)
    {
        int count = Math.Min(most, items.Count);
        return [.. Enumerable.Range(0, count).Select(i => items[(int)((long)i * items.Count / count)])];
    }
}
