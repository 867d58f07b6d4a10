namespace IntraDistill.Tasks;

/// <summary>A message of the SDK with its tags in some of its languages (<see cref="SdkEntities"/>).</summary>
internal sealed record TaggedMessage(SdkMessage Message, IReadOnlyDictionary<string, TaggedSentence> Texts)
{
    /// <summary>Its placeholders, each once, in the order of the English text.</summary>
    public string[] Placeholders { get; } = [.. Texts["en"].Tokens.Where(MessageTokens.IsPlaceholder).Distinct()];

    /// <summary>The kinds of its placeholders, each once; what stands within code has none.</summary>
    public string[] Kinds { get; } = [.. Entities(Texts["en"]).Select(entity => entity.Kind).Distinct()];

    /// <summary>Whether exactly one placeholder is of a kind, however often it stands there.</summary>
    public bool HasOne(string kind) => Entities(Texts["en"]).Count(entity => entity.Kind == kind) == 1;

    private static IEnumerable<(string Placeholder, string Kind)> Entities(TaggedSentence sentence) => sentence.Tokens
        .Zip(sentence.Tags).Where(pair => MessageTokens.IsPlaceholder(pair.First)
            && pair.Second[0] == 'B' && pair.Second != $"B-{SdkEntities.Code}")
        .Select(pair => (pair.First, pair.Second[2..])).Distinct();
}
