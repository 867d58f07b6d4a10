namespace IntraDistill.Tasks;

/// <summary>Translations without a model, to stand beside a model's: what a data set gives away by repeating itself.</summary>
public static class TranslationBaselines
{
    /// <summary>
    /// For each source, the translation of the training pair whose source is nearest to it by character 4-gram cosine (case,
    /// digits and white space count as equal); of equally near ones the first, and the first pair of all where nothing is near.
    /// </summary>
    /// <param name="train">The pairs to copy from.</param>
    /// <param name="sources">The texts to translate.</param>
    /// <exception cref="IntraDistillException">There is nothing to copy from.</exception>
    public static IReadOnlyList<string> NearestNeighbour(IReadOnlyList<SentencePair> train, IReadOnlyList<string> sources)
    {
        if (train.Count == 0)
            throw new IntraDistillException("the nearest-neighbour baseline needs at least one training pair; there is none");
        CharacterGramIndex index = new([.. train.Select(pair => pair.Source)]);
        return [.. sources.Select(source => train[index.Nearest(source).Index].Target)];
    }
}
