namespace IntraDistill.Tasks;

/// <summary>A sentence cut into tokens, and what each of them is.</summary>
/// <param name="Tokens">The tokens as the data set has them; one may be empty or hold spaces.</param>
/// <param name="Tags">As many tags, such as <c>B-PER</c>.</param>
public sealed record TaggedSentence(IReadOnlyList<string> Tokens, IReadOnlyList<string> Tags) : KitRecord, ITransferExample
{
    /// <inheritdoc/>
    public IEnumerable<string> Lines() => Tokens.Zip(Tags, (token, tag) => $"{token}\t{tag}").Append("");
}
