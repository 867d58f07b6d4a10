using System.Text;

namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>
/// A folder as fairseq's <c>prepare-iwslt14.sh</c> leaves it (<c>iwslt14.tokenized.de-en</c>): <c>train</c>, <c>valid</c> and
/// <c>test</c> of a pair, Moses-tokenized and lower-cased, a sentence a line.
/// </summary>
/// <param name="path">The folder.</param>
/// <param name="pair">The languages, source first.</param>
/// <param name="rulesOf">The Moses rules of a language.</param>
public sealed class TokenizedFolder(string path, string pair, Func<string, ITextRules> rulesOf)
{
    private readonly string[] _languages = pair.Split('-');
    private readonly List<ObtainedFile> _files = [];

    /// <summary>Cleans the training text, takes what is tested on out of it, detokenizes all and finishes the data set.</summary>
    /// <param name="folder">Where the three parts go.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="IntraDistillException">
    /// A file is missing or not as it should be, or a test segment is empty; the message names file and line.
    /// </exception>
    public async Task WriteAsync(PreparedFolder folder, CancellationToken cancellation)
    {
        ITextRules source = rulesOf(_languages[0]);
        ITextRules target = rulesOf(_languages[1]);
        List<(string Source, string Target)> allTrain = await ReadAsync("train", cancellation);
        List<(string Source, string Target)> allValid = await ReadAsync("valid", cancellation);
        List<(string Source, string Target)> allTest = await ReadAsync("test", cancellation);
        // A test set with a segment less is another test set, so that is the user's to decide.
        int empty = allTest.FindIndex(HasEmptySide);
        if (empty >= 0)
            throw Bad($"test.{_languages[string.IsNullOrWhiteSpace(allTest[empty].Source) ? 0 : 1]}", empty,
                "an empty line, where a segment of the test set was expected");

        List<(string, string)> test = [.. allTest.Select(Detokenized)];
        List<(string, string)> valid = [.. allValid.Where(one => !HasEmptySide(one)).Select(Detokenized)];
        HashSet<(string, string)> held = [.. test, .. valid];
        List<(string Source, string Target)> full = [.. allTrain.Where(one => !HasEmptySide(one))];
        List<(string, string)> clean = [.. from one in full
                                           let kept = CorpusCleaner.Clean(one.Source, one.Target)
                                           where kept is not null
                                           select Detokenized(kept.Value)];
        List<(string, string)> train = [.. clean.Where(one => !held.Contains(one))];
        folder.Write(Part.Train, train);
        folder.Write(Part.Valid, valid);
        folder.Write(Part.Test, test);
        folder.Finish("iwslt14", _files,
        [
            $"train, valid, test: taken as found, Moses-tokenized and lower-cased ({allTrain.Count}, {allValid.Count} and "
                + $"{allTest.Count} pairs)",
            $"train: pairs with an empty side dropped ({allTrain.Count - full.Count} pairs)",
            $"train: pairs over length ratio 1.5 or outside 1-175 tokens dropped ({full.Count - clean.Count} pairs)",
            $"valid: pairs with an empty side dropped ({allValid.Count - valid.Count} pairs)",
            "train, valid, test: detokenized",
            $"train: pairs that are also in valid or test dropped ({clean.Count - train.Count} pairs)",
        ], cancellation);

        (string, string) Detokenized((string Source, string Target) one)
        {
            cancellation.ThrowIfCancellationRequested();
            return (source.Detokenize(one.Source), target.Detokenize(one.Target));
        }
    }

    private static bool HasEmptySide((string Source, string Target) one) =>
        string.IsNullOrWhiteSpace(one.Source) || string.IsNullOrWhiteSpace(one.Target);

    private async Task<List<(string Source, string Target)>> ReadAsync(string part, CancellationToken cancellation)
    {
        string source = $"{part}.{_languages[0]}", target = $"{part}.{_languages[1]}";
        return TextLines.Pair(await LinesAsync(source, cancellation), await LinesAsync(target, cancellation),
            $"{Path.Combine(path, source)} and {target}");
    }

    private async Task<string[]> LinesAsync(string name, CancellationToken cancellation)
    {
        string file = Path.Combine(path, name);
        _files.Add(await FileCheck.ReadAsync(null, file, null, cancellation));
        byte[] bytes = await File.ReadAllBytesAsync(file, cancellation);
        if (bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble))
            throw Bad(name, 0, "a byte order mark, where plain UTF-8 was expected");
        string[] lines = TextLines.Split(bytes, file);
        int odd = Array.FindIndex(lines, line => line.Contains('\r'));
        return odd < 0 ? lines
            : throw Bad(name, odd, "a carriage return, where lines that end with LF alone were expected");
    }

    private IntraDistillException Bad(string name, int index, string what) =>
        new($"{Path.Combine(path, name)}:{index + 1}: {what}");
}
