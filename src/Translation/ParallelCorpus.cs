using System.Text;

namespace IntraDistill.Tasks;

/// <summary>A sentence and its reference translation; the id names the pair in its corpus, and is empty where nothing does.</summary>
public sealed record SentencePair(string Source, string Target, string Id = "");

/// <summary>A translation data set in its fixed parts, with a short name for tables ("SDK de-en") and a line on where it comes from and how
/// it was split: pairs to train on, to choose checkpoints and settings on, of the reported numbers, and those of the latter that have no
/// similar sentence in training (empty where that is not known).</summary>
public sealed record ParallelCorpus(string Name, string Description, IReadOnlyList<SentencePair> Train, IReadOnlyList<SentencePair> Valid,
    IReadOnlyList<SentencePair> Test, IReadOnlyList<SentencePair> HardTest) : KitRecord
{
    /// <summary>The first 12 hexadecimal digits of a SHA-256 over all texts of train, valid, test and the hard part of test in their order:
    /// a run that is stored with it is not taken for one on other data.</summary>
    public string Fingerprint => DataFingerprint.Of(
        new[] { Train, Valid, Test, HardTest }.Select(part => part.SelectMany(pair => new[] { pair.Source, pair.Target })));

    /// <summary>A smaller corpus for quick runs: each part thinned evenly to so many pairs over its whole length (parts are ordered by
    /// origin, so that their beginnings are of one kind), and of <see cref="HardTest"/> what is left in <see cref="Test"/>.</summary>
    public ParallelCorpus Sample(int train = int.MaxValue, int valid = int.MaxValue, int test = int.MaxValue)
    {
        SentencePair[] keptTest = Thinning.Evenly(Test, test);
        return this with
        {
            Train = Thinning.Evenly(Train, train),
            Valid = Thinning.Evenly(Valid, valid),
            Test = keptTest,
            HardTest = [.. HardTest.Where(keptTest.ToHashSet().Contains)],
        };
    }

    /// <summary>The parts: how many pairs, and words of either language.</summary>
    public KitTable Table(string source, string target)
    {
        var table = new KitTable(Name, new("Part", Numeric: false), new("Pairs"), new($"Words, {source}"), new($"Words, {target}"));
        foreach (var (name, part) in new[] { ("train", Train), ("valid", Valid), ("test", Test), ("test, hard part", HardTest) })
            table.Row(name, KitCell.Number(part.Count, 0), Words(part, pair => pair.Source), Words(part, pair => pair.Target));
        return table.Note(Description);

        static KitCell Words(IEnumerable<SentencePair> pairs, Func<SentencePair, string> text) =>
            KitCell.Number(pairs.Sum(pair => text(pair).Split(' ').Length), 0);
    }
}

/// <summary>Reads a translation data set from six text files, <c>{train,valid,test}.{source},{target}</c> in one folder, such as
/// <c>train.de</c> and <c>train.en</c>: UTF-8 without a byte order mark, one sentence a line, no empty line, every line ended by LF. Line n
/// of one language is the translation of line n of the other.</summary>
public static class ParallelFiles
{
    /// <summary>Reads a folder, such as one's own data; <see cref="ParallelCorpus.HardTest"/> is empty. Where the folder has an
    /// <c>about.json</c>, as data scripts write it, the files must hold the number of pairs that it states.</summary>
    /// <exception cref="IntraDistillException">A file is missing or not as it should be; the message names file and line.</exception>
    public static ParallelCorpus Load(string folder, string source, string target)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return Load(full, source, target, Path.GetFileName(full), $"train, valid and test as {full} has them",
            "six files were expected, such as train.de and train.en");
    }

    /// <summary>Reads the folder of a data set that a script of the kit prepares by a command.</summary>
    internal static ParallelCorpus LoadPrepared(
        string folder, string source, string target, string name, string description, string command)
    {
        string remedy = $"make it by '{command}' in the kit's folder";
        if (Directory.Exists(folder) && !File.Exists(Path.Combine(folder, "about.json")))
            throw new IntraDistillException($"{folder}: not finished, about.json is missing; {remedy}");
        return Load(folder, source, target, name, description, remedy);
    }

    private static ParallelCorpus Load(string folder, string source, string target, string name, string description, string remedy)
    {
        if (source == target)
            throw new IntraDistillException($"source and target language are both '{source}'; two different ones are needed");
        PreparedData data = new(folder, remedy);
        ParallelCorpus corpus = new($"{name} {source}-{target}", description, Part("train"), Part("valid"), Part("test"), HardTest: []);
        data.CheckCounts("pairs");
        return corpus;

        SentencePair[] Part(string part)
        {
            IReadOnlyList<string> sources = data.Read(part, $"{part}.{source}", path => Lines(path, remedy));
            IReadOnlyList<string> targets = data.Read(part, $"{part}.{target}", path => Lines(path, remedy));
            if (sources.Count != targets.Count)
                throw new IntraDistillException($"{Path.Combine(folder, $"{part}.{source}")} has {sources.Count} lines and "
                    + $"{part}.{target} {targets.Count}; as many were expected; {remedy}");
            return [.. sources.Select((text, i) => new SentencePair(text, targets[i], $"{part}:{i + 1}"))];
        }
    }

    private static string[] Lines(string path, string remedy)
    {
        byte[] bytes = ReadFile.Bytes(path);
        if (bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble))
            throw Bad(1, "a byte order mark, where plain UTF-8 was expected");
        string[] lines;
        try
        {
            lines = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).Split('\n');
        }
        catch (DecoderFallbackException e)
        {
            throw Bad(bytes.AsSpan(0, e.Index).Count((byte)'\n') + 1, "not UTF-8");
        }
        if (bytes.Length == 0)
            throw Bad(1, "the file is empty; one sentence a line was expected");
        if (lines[^1].Length > 0)
            throw Bad(lines.Length, "the last line has no line end, so the file may be cut off");
        for (int i = 0; i < lines.Length - 1; i++)
            if (lines[i].Contains('\r'))
                throw Bad(i + 1, "a carriage return, where lines that end with LF alone were expected");
            else if (string.IsNullOrWhiteSpace(lines[i]))
                throw Bad(i + 1, "an empty line, where a sentence was expected");
        return lines[..^1];

        IntraDistillException Bad(int line, string what) => new($"{path}:{line}: {what}; {remedy}");
    }
}

/// <summary>IWSLT'14, the paper's translation benchmark: transcripts of TED talks in eight languages and English, some 160,000 training
/// pairs each, as <c>data-scripts/iwslt14.cs</c> prepares them.</summary>
/// <remarks>Texts are lower-cased and detokenized, so scores ignore case. Of the pairs that pass the filters (1–175 tokens, length ratio at
/// most 1.5) every 23rd is valid; test is dev2010, TEDX.dev2012 and tst2010 to tst2012 (paper, section 4.1).</remarks>
public static class Iwslt14Corpus
{
    /// <summary>The paper's eight languages, each paired with English.</summary>
    public static IReadOnlyList<string> Languages { get; } = ["ar", "de", "es", "fa", "he", "it", "nl", "pl"];

    /// <summary>Reads a pair from <c>{folder}/iwslt14/de-en</c> (its six files and <c>about.json</c>), in either direction.</summary>
    /// <exception cref="IntraDistillException">There is no such pair; or its folder is missing, unfinished or damaged: the message names
    /// file, line and the command that prepares it.</exception>
    public static ParallelCorpus Load(string folder, string source, string target)
    {
        string other = source == "en" ? target : source;
        if (!Languages.Contains(other) || source != "en" && target != "en")
            throw new IntraDistillException(
                $"IWSLT'14 has no pair {source}-{target}; one of {string.Join(", ", Languages)} with en was expected");
        return ParallelFiles.LoadPrepared(Path.Combine(folder, "iwslt14", $"{other}-en"), source, target, "IWSLT'14",
            "TED talks of the IWSLT 2014 campaign (WIT3; CC BY-NC-ND 3.0), lower-cased, scored without regard to case; every "
            + "23rd pair is valid, test is dev2010, TEDX.dev2012 and tst2010-2012",
            $"dotnet run --file data-scripts/iwslt14.cs -- --pairs {other}-en");
    }
}

/// <summary>Multi30k (Elliott et al. 2016): captions of photographs in English and their German translations, 29,000 training pairs, as
/// <c>data-scripts/multi30k.cs</c> prepares them; a benchmark that a laptop can train whole.</summary>
/// <remarks>Texts keep their case; scores ignore it, as in WMT'16. Valid has 1,014 pairs; test, 1,000, is Flickr 2016.</remarks>
public static class Multi30kCorpus
{
    /// <summary>Reads <c>{folder}/multi30k/de-en</c> (its six files and <c>about.json</c>), in either direction.</summary>
    /// <inheritdoc cref="Iwslt14Corpus.Load"/>
    public static ParallelCorpus Load(string folder, string source, string target)
    {
        if ((source, target) is not (("de", "en") or ("en", "de")))
            throw new IntraDistillException($"Multi30k is read as de-en or en-de; there is no pair {source}-{target}");
        return ParallelFiles.LoadPrepared(Path.Combine(folder, "multi30k", "de-en"), source, target, "Multi30k",
            "image captions of Multi30k (Elliott et al. 2016; licence not stated by its repository), scored without regard to "
            + "case; test is test_2016_flickr",
            "dotnet run --file data-scripts/multi30k.cs");
    }
}
