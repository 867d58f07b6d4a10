namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>Makes train, valid and test of a pair from WIT3's files, as the authors' <c>preprocess_iwslt14.sh</c> does.</summary>
/// <param name="raw">The folder with the pair's files.</param>
/// <param name="pair">The languages, source first.</param>
/// <param name="rulesOf">The Moses rules of a language.</param>
public sealed class PairPreparation(string raw, string pair, Func<string, ITextRules> rulesOf)
{
    /// <summary>Every how manieth kept pair is for validation.</summary>
    public const int ValidEvery = 23;

    // TEDX.dev2012 was published for German alone; the authors' script goes on without it for the other pairs.
    private static readonly (string Set, bool Optional)[] s_tests =
        [("TED.dev2010", false), ("TEDX.dev2012", true), ("TED.tst2010", false), ("TED.tst2011", false), ("TED.tst2012", false)];

    private readonly string _source = pair.Split('-')[0];
    private readonly string _target = pair.Split('-')[1];

    /// <summary>Does it.</summary>
    /// <param name="folder">Where the three parts go.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>What was done, step by step, for <c>about.json</c>.</returns>
    public IReadOnlyList<string> Write(PreparedFolder folder, CancellationToken cancellation)
    {
        ITextRules source = rulesOf(_source);
        ITextRules target = rulesOf(_target);
        List<(string Source, string Target)> all =
            Read($"train.tags.{pair}.{_source}", $"train.tags.{pair}.{_target}", TalkText.Train);
        var train = new List<(string, string)>();
        var valid = new List<(string, string)>();
        int kept = 0;
        foreach ((string s, string t) in all)
        {
            cancellation.ThrowIfCancellationRequested();
            if (CorpusCleaner.Clean(source.Tokenize(s), target.Tokenize(t)) is not { } clean)
                continue;
            (++kept % ValidEvery == 0 ? valid : train).Add(
                (source.Detokenize(source.Lower(clean.Source)), target.Detokenize(target.Lower(clean.Target))));
        }
        folder.Write(Part.Train, train);
        folder.Write(Part.Valid, valid);
        string[] sets = [.. from test in s_tests
                            where !test.Optional || File.Exists(Path.Combine(raw, XmlName(test.Set, _source)))
                            select test.Set];
        folder.Write(Part.Test, [.. sets.SelectMany(set => Read(XmlName(set, _source), XmlName(set, _target), TalkText.Segments))
            .Select(test => (source.Lower(test.Source), target.Lower(test.Target)))]);
        return
        [
            "train, valid: talk tags stripped; Moses-tokenized; pairs over length ratio 1.5 or outside 1-175 tokens dropped "
                + $"({kept} of {all.Count} kept); lower-cased; detokenized; every {ValidEvery}rd kept pair is valid",
            $"test: segments of {string.Join(", ", sets)}; ’ as '; lower-cased; never tokenized",
        ];
    }

    private List<(string Source, string Target)> Read(
        string source, string target, Func<IEnumerable<string>, string[]> sentences) =>
        TextLines.Pair(sentences(Lines(source)), sentences(Lines(target)), $"{pair}: {source}");

    private string[] Lines(string name)
    {
        string path = Path.Combine(raw, name);
        return File.Exists(path) ? TextLines.Split(File.ReadAllBytes(path), name)
            : throw new IntraDistillException($"{pair}: the archive holds no {name}");
    }

    private string XmlName(string set, string language) => $"IWSLT14.{set}.{pair}.{language}.xml";
}
