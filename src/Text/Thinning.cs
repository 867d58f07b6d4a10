namespace IntraDistill.Tasks;

internal static class Thinning
{
    /// <summary>At most so many of a list's items, for quick runs: taken evenly over its whole length, as lists are ordered by
    /// origin.</summary>
    public static T[] Evenly<T>(IReadOnlyList<T> items, int most)
    {
        int count = Math.Min(most, items.Count);
        return [.. Enumerable.Range(0, count).Select(i => items[(int)((long)i * items.Count / count)])];
    }
}
