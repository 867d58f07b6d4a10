using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>The tokenizers of <c>../shared/data/vocab</c>, each read once.</summary>
public static class PretrainedVocabularies
{
    public const string BertUncased = "bert-base-uncased", BertCased = "bert-base-multilingual-cased",
        Roberta = "roberta-base", XlmRoberta = "xlm-roberta-base";

    private static readonly Dictionary<string, PretrainedTokenizer> s_loaded = [];

    public static PretrainedTokenizer Get(string name)
    {
        lock (s_loaded)
        {
            if (!s_loaded.TryGetValue(name, out PretrainedTokenizer? tokenizer))
                s_loaded[name] = tokenizer = PretrainedTokenizer.Load(ReferenceData.Path($"data/vocab/{name}"));
            return tokenizer;
        }
    }
}
