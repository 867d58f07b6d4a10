namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>The Moses rules of one language, a line at a time.</summary>
public interface ITextRules
{
    /// <summary>Tokens joined by one space, as <c>tokenizer.perl</c>.</summary>
    string Tokenize(string text);

    /// <summary>Running text again, as <c>detokenizer.perl</c>.</summary>
    string Detokenize(string tokenized);

    /// <summary>Lower case, as <c>lowercase.perl</c>.</summary>
    string Lower(string text);
}
