using System.Text;

namespace IntraDistill.Tasks;

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
