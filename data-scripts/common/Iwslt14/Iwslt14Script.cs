using System.CommandLine;

namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>A row of the source table: an archive, and the pairs that are taken from it.</summary>
/// <param name="File">The archive.</param>
/// <param name="Pairs">The pairs.</param>
public sealed record PairSource(DataSource File, IReadOnlyList<string> Pairs);

/// <summary>What a run is asked for.</summary>
/// <param name="Pairs">The pairs.</param>
/// <param name="Output">The data set's folder.</param>
/// <param name="Mirror">The address of a folder with the same archives, or null.</param>
/// <param name="Archive">An archive that the user has, or null.</param>
/// <param name="Tokenized">A folder that fairseq's script left of the one pair, or null.</param>
public sealed record Iwslt14Request(
    IReadOnlyList<string> Pairs, string Output, string? Mirror, string? Archive, string? Tokenized = null);

/// <summary>IWSLT'14, TED talks to English (Cettolo et al. 2014): gets WIT3's 2014-01 release and prepares it.</summary>
public static class Iwslt14Script
{
    /// <summary>
    /// The command line: <c>[--pairs LIST|all] [--output DIR] [--mirror URL | --archive FILE | --tokenized DIR]</c>.
    /// </summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="sources">The source table.</param>
    /// <param name="rulesOf">The Moses rules of a language.</param>
    /// <param name="errors">Where errors go; null is the console.</param>
    public static Task<int> RunAsync(string[] arguments, IReadOnlyList<PairSource> sources, Func<string, ITextRules> rulesOf,
        TextWriter? errors = null)
    {
        string[] known = [.. sources.SelectMany(source => source.Pairs)];
        var pairs = new Option<string>("--pairs")
        {
            Description = $"Pairs, separated by commas, or 'all': {string.Join(" ", known)}.", HelpName = "PAIRS",
            DefaultValueFactory = _ => "de-en",
        };
        pairs.Validators.Add(result =>
        {
            string[] asked = Listed(result.GetValueOrDefault<string>()!, known);
            if (asked.Length == 0)
                result.AddError("--pairs: expected a pair");
            foreach (string pair in asked.Except(known))
                result.AddError($"--pairs: '{pair}' is not known; expected 'all' or some of {string.Join(", ", known)}");
        });
        Option<string> output = DataScript.Output("data/iwslt14");
        Option<string?> mirror = DataScript.Mirror();
        var archive = new Option<string?>("--archive")
        {
            Description = "Take this archive, 2014-01.tgz or one of a pair, instead of fetching any.", HelpName = "FILE",
        };
        var tokenized = new Option<string?>("--tokenized")
        {
            Description = "Take the files of one pair that fairseq's prepare-iwslt14.sh left: train.de, train.en, valid.de ….",
            HelpName = "DIR",
        };
        var command = new RootCommand("Gets IWSLT'14 and prepares it as the paper's authors did.")
        {
            pairs, output, mirror, archive, tokenized,
        };
        command.Validators.Add(result =>
        {
            if (((Option[])[mirror, archive, tokenized]).Count(option => result.GetResult(option) is not null) > 1)
                result.AddError("--mirror, --archive, --tokenized: expected one of them");
            // Defaults, here that of --pairs, are filled in after this.
            if (result.GetResult(tokenized) is not null && result.GetValue(pairs) is { } asked && Listed(asked, known).Length > 1)
                result.AddError("--tokenized: expected one pair at --pairs");
        });
        return DataScript.RunAsync(command, arguments, (parsed, cancellation) => PrepareAsync(
            new Iwslt14Request(Listed(parsed.GetValue(pairs)!, known), parsed.GetValue(output)!, parsed.GetValue(mirror),
                parsed.GetValue(archive), parsed.GetValue(tokenized)),
            sources, rulesOf, new DownloadSettings(), cancellation), errors);
    }

    /// <summary>Gets what is not there yet and makes <c>OUTPUT/PAIR</c> for each pair.</summary>
    public static async Task PrepareAsync(Iwslt14Request request, IReadOnlyList<PairSource> sources,
        Func<string, ITextRules> rulesOf, DownloadSettings settings, CancellationToken cancellation)
    {
        var progress = new DownloadProgress();
        foreach (string there in request.Pairs.Where(pair => PreparedFolder.IsThere(request.Output, pair)))
            progress.Say($"{Path.Combine(request.Output, there)}: is there already; delete it to make it anew");
        string[] pairs = [.. request.Pairs.Where(pair => !PreparedFolder.IsThere(request.Output, pair))];
        if (pairs.Length == 0)
            return;
        using IDisposable only = DataScript.Lock(request.Output);
        if (request.Tokenized is not null)
        {
            string pair = pairs.Single();
            // A folder without about.json gives way to the data set of its name: the user's own must not.
            if (FullPath(request.Tokenized) == FullPath(Path.Combine(request.Output, pair)))
                throw new IntraDistillException(
                    $"{request.Tokenized}: the data set would take its place; expected another --output");
            using var folder = new PreparedFolder(request.Output, pair);
            await new TokenizedFolder(request.Tokenized, pair, rulesOf).WriteAsync(folder, cancellation);
            progress.Say(folder.ToString());
            return;
        }
        if (request.Archive is not null)
        {
            Prepare(await FileCheck.ReadAsync(null, request.Archive, null, cancellation), pairs);
            return;
        }
        using var downloader = new Downloader(settings, progress);
        foreach (PairSource source in sources)
        {
            string[] wanted = [.. pairs.Intersect(source.Pairs)];
            if (wanted.Length > 0)
                Prepare(await downloader.GetAsync(
                    source.File, Path.Combine(request.Output, "downloads"), request.Mirror, cancellation), wanted);
        }

        void Prepare(ObtainedFile file, string[] wanted)
        {
            var folders = new List<(string Pair, PreparedFolder Folder)>();
            try
            {
                foreach (string pair in wanted)
                    folders.Add((pair, new PreparedFolder(request.Output, pair)));
                progress.Say($"unpacking {string.Join(", ", wanted)} from {file.Path}");
                Wit3Archive.Extract(file.Path, folders.ToDictionary(one => one.Pair, one => Raw(one.Folder)), cancellation);
                foreach ((string pair, PreparedFolder folder) in folders)
                {
                    IReadOnlyList<string> steps = new PairPreparation(Raw(folder), pair, rulesOf).Write(folder, cancellation);
                    folder.Discard("raw");
                    folder.Finish("iwslt14", [file], steps, cancellation);
                    progress.Say(folder.ToString());
                }
            }
            finally
            {
                foreach ((_, PreparedFolder folder) in folders)
                    folder.Dispose();
            }
        }

        static string Raw(PreparedFolder folder) => Path.Combine(folder.Path, "raw");

        static string FullPath(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }

    private static string[] Listed(string pairs, string[] known) => pairs == "all" ? known
        : [.. pairs.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct()];
}
