using System.Text;

namespace IntraDistill.Tasks;

/// <summary>A sentence and its translation.</summary>
/// <param name="Source">The text to translate.</param>
/// <param name="Target">Its reference translation.</param>
/// <param name="Id">What names the pair in its corpus; empty where nothing does.</param>
public sealed record SentencePair(string Source, string Target, string Id = "");

/// <summary>A translation data set in its fixed parts.</summary>
/// <param name="Name">A short name for tables, such as "SDK de-en".</param>
/// <param name="Description">One line: where it comes from and how it was split.</param>
/// <param name="Train">The pairs to train on.</param>
/// <param name="Valid">The pairs to choose checkpoints and settings on.</param>
/// <param name="Test">The pairs of the reported numbers.</param>
/// <param name="HardTest">
/// The pairs of <paramref name="Test"/> that have no similar sentence in <paramref name="Train"/>; empty where that is not known.
/// </param>
public sealed record ParallelCorpus(
    string Name,
    string Description,
    IReadOnlyList<SentencePair> Train,
    IReadOnlyList<SentencePair> Valid,
    IReadOnlyList<SentencePair> Test,
    IReadOnlyList<SentencePair> HardTest) : KitRecord
{
    /// <summary>
    /// The first 12 hexadecimal digits of a SHA-256 over all texts of train, valid, test and the hard part of test in their
    /// order: a run that is stored with it is not taken for one on other data.
    /// </summary>
    public string Fingerprint => DataFingerprint.Of(
        new[] { Train, Valid, Test, HardTest }.Select(part => part.SelectMany(pair => new[] { pair.Source, pair.Target })));

    /// <summary>
    /// A smaller corpus for quick runs: each part thinned evenly over its whole length (parts are ordered by origin, so that
    /// their beginnings are of one kind), and of <see cref="HardTest"/> what is left in <see cref="Test"/>.
    /// </summary>
    /// <param name="train">The most pairs to keep of <see cref="Train"/>.</param>
    /// <param name="valid">The most pairs to keep of <see cref="Valid"/>.</param>
    /// <param name="test">The most pairs to keep of <see cref="Test"/>.</param>
    public ParallelCorpus Sample(int train = int.MaxValue, int valid = int.MaxValue, int test = int.MaxValue)
    {
        SentencePair[] keptTest = Thinning.Evenly(Test, test);
        HashSet<SentencePair> kept = [.. keptTest];
        return this with
        {
            Train = Thinning.Evenly(Train, train),
            Valid = Thinning.Evenly(Valid, valid),
            Test = keptTest,
            HardTest = [.. HardTest.Where(kept.Contains)],
        };
    }

    /// <summary>The parts: how many pairs, and words of either language.</summary>
    /// <param name="source">The source language, for the headings.</param>
    /// <param name="target">The target language.</param>
    public KitTable Table(string source, string target)
    {
        KitCell Words(IEnumerable<string> texts) => KitCell.Number(texts.Sum(text => text.Split(' ').Length), 0);
        var table = new KitTable(Name, new("Part", Numeric: false), new("Pairs"), new($"Words, {source}"), new($"Words, {target}"));
        foreach (var (name, part) in new[] { ("train", Train), ("valid", Valid), ("test", Test), ("test, hard part", HardTest) })
            table.Row(name, KitCell.Number(part.Count, 0), Words(part.Select(pair => pair.Source)), Words(part.Select(pair => pair.Target)));
        return table.Note(Description);
    }
}

/// <summary>
/// Reads a translation data set from six text files, <c>{train,valid,test}.{source},{target}</c> in one folder, such as
/// <c>train.de</c> and <c>train.en</c>: UTF-8 without a byte order mark, one sentence a line, no empty line, every line
/// ended by LF. Line n of one language is the translation of line n of the other.
/// </summary>
/// <remarks>
/// The kit's own data scripts write <c>about.json</c> beside the files, last of all; where it is there, the number of pairs
/// that it states must be what the files hold. In a folder of one's own it may be missing.
/// </remarks>
public static class ParallelFiles
{
    private const string AboutName = "about.json";
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a folder, such as one's own data; <see cref="ParallelCorpus.HardTest"/> is empty.</summary>
    /// <param name="folder">The folder that holds the six files.</param>
    /// <param name="source">The language to translate from, as the files' names end: "de".</param>
    /// <param name="target">The language to translate to.</param>
    /// <exception cref="IntraDistillException">
    /// A file is missing or not as it should be; the message names file and line.
    /// </exception>
    public static ParallelCorpus Load(string folder, string source, string target)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return Read(full, source, target, $"{Path.GetFileName(full)} {source}-{target}",
            $"train, valid and test as {full} has them", "six files were expected, such as train.de and train.en");
    }

    /// <summary>Reads the folder of a data set that a script of the kit prepared.</summary>
    /// <param name="folder">The folder of the pair, such as <c>data/iwslt14/de-en</c>.</param>
    /// <param name="source">The language to translate from.</param>
    /// <param name="target">The language to translate to.</param>
    /// <param name="name">The data set's name, without languages.</param>
    /// <param name="description">What <see cref="ParallelCorpus.Description"/> says.</param>
    /// <param name="command">The command that prepares the folder.</param>
    internal static ParallelCorpus LoadPrepared(
        string folder, string source, string target, string name, string description, string command)
    {
        string remedy = $"make it by '{command}' in the kit's folder";
        if (Directory.Exists(folder) && !File.Exists(Path.Combine(folder, AboutName)))
            throw new IntraDistillException($"{folder}: not finished, {AboutName} is missing; {remedy}");
        return Read(folder, source, target, $"{name} {source}-{target}", description, remedy);
    }

    private static ParallelCorpus Read(
        string folder, string source, string target, string name, string description, string remedy)
    {
        if (source == target)
            throw new IntraDistillException(
                $"source and target language are both '{source}'; two different ones are needed");
        if (!Directory.Exists(folder))
            throw new IntraDistillException($"{folder}: there is no such folder; {remedy}");
        ParallelCorpus corpus = new(name, description, Part("train"), Part("valid"), Part("test"), HardTest: []);
        PreparedCounts.Check(Path.Combine(folder, AboutName),
            [("train", corpus.Train.Count), ("valid", corpus.Valid.Count), ("test", corpus.Test.Count)], "pairs", remedy);
        return corpus;

        SentencePair[] Part(string part)
        {
            string sourcePath = Path.Combine(folder, $"{part}.{source}"), targetPath = Path.Combine(folder, $"{part}.{target}");
            string[] sources = Lines(sourcePath, remedy), targets = Lines(targetPath, remedy);
            if (sources.Length != targets.Length)
                throw new IntraDistillException(
                    $"{sourcePath} has {sources.Length} lines and {Path.GetFileName(targetPath)} {targets.Length}; as many were "
                    + $"expected; {remedy}");
            return [.. sources.Select((text, i) => new SentencePair(text, targets[i], $"{part}:{i + 1}"))];
        }
    }

    private static string[] Lines(string path, string remedy)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IntraDistillException($"{path}: there is no such file; {remedy}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IntraDistillException($"{path}: cannot be read: {e.Message}", e);
        }

        if (bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble))
            throw Bad(1, "a byte order mark, where plain UTF-8 was expected");
        List<string> lines = [];
        for (int start = 0; start < bytes.Length;)
        {
            int number = lines.Count + 1;
            int length = bytes.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0)
                throw Bad(number, "the last line has no line end, so the file may be cut off");
            string line;
            try
            {
                line = s_strict.GetString(bytes, start, length);
            }
            catch (DecoderFallbackException e)
            {
                throw Bad(number, "not UTF-8", e);
            }
            if (line.Contains('\r'))
                throw Bad(number, "a carriage return, where lines that end with LF alone were expected");
            if (string.IsNullOrWhiteSpace(line))
                throw Bad(number, "an empty line, where a sentence was expected");
            lines.Add(line);
            start += length + 1;
        }
        return lines.Count > 0 ? [.. lines] : throw Bad(1, "the file is empty; one sentence a line was expected");

        IntraDistillException Bad(int line, string what, Exception? inner = null) =>
            inner is null ? new($"{path}:{line}: {what}; {remedy}") : new($"{path}:{line}: {what}; {remedy}", inner);
    }
}

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

/// <summary>
/// Multi30k (Elliott et al. 2016): captions of photographs in English and their German translations, 29,000 training pairs,
/// as <c>data-scripts/multi30k.cs</c> prepares them; a benchmark that a laptop can train whole.
/// </summary>
/// <remarks>Texts keep their case; scores ignore it, as in WMT'16. Valid has 1,014 pairs; test, 1,000, is Flickr 2016.</remarks>
public static class Multi30kCorpus
{
    /// <summary>Reads <c>{folder}/multi30k/de-en</c> (its six files and <c>about.json</c>).</summary>
    /// <param name="folder">The folder of all prepared data: <c>data</c> in the kit's folder.</param>
    /// <param name="source">"de" or "en".</param>
    /// <param name="target">The other of the two.</param>
    /// <exception cref="IntraDistillException">
    /// There is no such pair; or its folder is missing, unfinished or damaged: the message names file, line and the command that
    /// prepares it.
    /// </exception>
    public static ParallelCorpus Load(string folder, string source, string target)
    {
        if ((source, target) is not (("de", "en") or ("en", "de")))
            throw new IntraDistillException($"Multi30k is read as de-en or en-de; there is no pair {source}-{target}");
        return ParallelFiles.LoadPrepared(
            Path.Combine(folder, "multi30k", "de-en"), source, target, "Multi30k",
            "image captions of Multi30k (Elliott et al. 2016; licence not stated by its repository), scored without regard to "
            + "case; test is test_2016_flickr",
            "dotnet run --file data-scripts/multi30k.cs");
    }
}
