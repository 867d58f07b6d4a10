using System.Globalization;

namespace IntraDistill;

/// <summary>The checkpoints of one run in their folder: <c>update-0000001000.checkpoint</c>, the last two of them.</summary>
internal sealed class CheckpointFolder(string folder)
{
    private const string Prefix = "update-";
    private const string Extension = ".checkpoint";

    private string? _last;
    private string? _previous;

    public string Path { get; } = System.IO.Path.GetFullPath(folder);

    /// <summary>All checkpoints, the newest first.</summary>
    public IReadOnlyList<string> Files()
    {
        if (!Directory.Exists(Path)) return [];
        return [.. Directory.EnumerateFiles(Path, Prefix + "*" + Extension)
            .Where(file => long.TryParse(System.IO.Path.GetFileNameWithoutExtension(file)[Prefix.Length..],
                NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .OrderByDescending(file => file, StringComparer.Ordinal)];
    }

    /// <summary>The path of the checkpoint after an update.</summary>
    public string FileAt(long update) =>
        System.IO.Path.Combine(Path, Prefix + update.ToString("0000000000", CultureInfo.InvariantCulture) + Extension);

    /// <summary>
    /// Takes note of a checkpoint that was written or resumed from. It and the good one before it stay; the others, and what
    /// a killed process left of one, go at the next one written.
    /// </summary>
    public void Accept(string file, bool prune)
    {
        if (file != _last) (_previous, _last) = (_last, file);
        if (!prune) return;
        var old = Files().Where(other => other != _last && other != _previous)
            .Concat(Directory.EnumerateFiles(Path, Prefix + "*" + Extension + ".tmp"));
        foreach (string other in old)
        {
            try
            {
                File.Delete(other);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // A checkpoint too many does no harm; the next call tries again.
            }
        }
    }
}
