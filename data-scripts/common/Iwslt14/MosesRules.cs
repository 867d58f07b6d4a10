namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>Moses' rules.</summary>
/// <param name="language">Two letters.</param>
public sealed class MosesRules(string language) : ITextRules
{
    private readonly MosesTokenizer _tokenizer = new(language);
    private readonly MosesDetokenizer _detokenizer = new(language);

    /// <inheritdoc/>
    public string Tokenize(string text) => _tokenizer.Tokenize(text);

    /// <inheritdoc/>
    public string Detokenize(string tokenized) => _detokenizer.Detokenize(tokenized);

    /// <inheritdoc/>
    public string Lower(string text) => MosesLowercase.Lower(text);
}
