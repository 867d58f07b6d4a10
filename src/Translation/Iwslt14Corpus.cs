namespace IntraDistill.Tasks;

/// <summary>
/// IWSLT'14, the paper's translation benchmark: transcripts of TED talks in eight languages and English, some 160,000
/// training pairs each, as <c>data-scripts/iwslt14.cs</c> prepares them.
/// </summary>
/// <remarks>
/// Texts are lower-cased and detokenized, so scores ignore case. Of the pairs that pass the filters (1–175 tokens, length ratio
/// at most 1.5) every 23rd is valid; test is dev2010, TEDX.dev2012 and tst2010 to tst2012 (paper, section 4.1).
/// </remarks>
public static class Iwslt14Corpus
{
    /// <summary>The paper's eight languages, each paired with English.</summary>
    public static IReadOnlyList<string> Languages { get; } = ["ar", "de", "es", "fa", "he", "it", "nl", "pl"];

    /// <summary>Reads a pair from <c>{folder}/iwslt14/de-en</c> (its six files and <c>about.json</c>).</summary>
    /// <param name="folder">The folder of all prepared data: <c>data</c> in the kit's folder.</param>
    /// <param name="source">One of <see cref="Languages"/>, or "en" for the other direction.</param>
    /// <param name="target">"en", or one of <see cref="Languages"/> where the source is.</param>
    /// <exception cref="IntraDistillException">
    /// There is no such pair; or its folder is missing, unfinished or damaged: the message names file, line and the command that
    /// prepares it.
    /// </exception>
    public static ParallelCorpus Load(string folder, string source, string target)
    {
        string other = source == "en" ? target : source;
        if (!Languages.Contains(other) || source != "en" && target != "en")
            throw new IntraDistillException(
                $"IWSLT'14 has no pair {source}-{target}; one of {string.Join(", ", Languages)} with en was expected");
        return ParallelFiles.LoadPrepared(
            Path.Combine(folder, "iwslt14", $"{other}-en"), source, target, "IWSLT'14",
            "TED talks of the IWSLT 2014 campaign (WIT3; CC BY-NC-ND 3.0), lower-cased, scored without regard to case; every "
            + "23rd pair is valid, test is dev2010, TEDX.dev2012 and tst2010-2012",
            $"dotnet run --file data-scripts/iwslt14.cs -- --pairs {other}-en");
    }
}
