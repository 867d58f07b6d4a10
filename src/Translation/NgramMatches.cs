namespace IntraDistill.Tasks;

/// <summary>Clipped n-gram matches of two sequences, of words (BLEU) or of characters (chrF).</summary>
internal static class NgramMatches
{
    /// <summary>
    /// For each order n = 1 … <c>matches.Length</c>, how many n-grams of the hypothesis are in the reference, each
    /// counted at most as often as the reference has it.
    /// </summary>
    public static void Count(ReadOnlySpan<int> hypothesis, ReadOnlySpan<int> reference, Span<int> matches)
    {
        // An n-gram's number is found from the number of its first n − 1 items and its last item.
        Dictionary<(int Prefix, int Item), int> numbers = new(reference.Length * matches.Length);
        List<int> unmatched = new(numbers.Capacity);
        for (int start = 0; start < reference.Length; start++)
            for (int n = 0, prefix = -1; n < matches.Length && start + n < reference.Length; n++)
            {
                if (!numbers.TryGetValue((prefix, reference[start + n]), out int number))
                {
                    number = unmatched.Count;
                    numbers.Add((prefix, reference[start + n]), number);
                    unmatched.Add(0);
                }
                unmatched[number]++;
                prefix = number;
            }

        matches.Clear();
        for (int start = 0; start < hypothesis.Length; start++)
            for (int n = 0, prefix = -1; n < matches.Length && start + n < hypothesis.Length; n++)
            {
                if (!numbers.TryGetValue((prefix, hypothesis[start + n]), out int number))
                    break;
                if (unmatched[number] > 0)
                {
                    unmatched[number]--;
                    matches[n]++;
                }
                prefix = number;
            }
    }
}
