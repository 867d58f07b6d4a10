using System.Security.Cryptography;

namespace IntraDistill.DataScripts;

/// <summary>Size and SHA-256 of a file on disk, held against the source table.</summary>
public static class FileCheck
{
    /// <summary>Reads a file and checks it.</summary>
    /// <param name="source">What it should be; null for a file that no table names.</param>
    /// <param name="path">The file.</param>
    /// <param name="url">The address it came from, if any.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="DownloadException">It cannot be read, or is not what the table says.</exception>
    public static async Task<ObtainedFile> ReadAsync(
        DataSource? source, string path, string? url, CancellationToken cancellation)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            string found = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
            if (source?.Size is { } size && stream.Length != size)
                throw new DownloadException($"{path}: {stream.Length} bytes, expected {size}; delete it to fetch it again");
            if (source?.Sha256 is { } expected && found != expected)
                throw new DownloadException($"{path}: SHA-256 {found}, expected {expected}; delete it to fetch it again");
            return new ObtainedFile(path, url, stream.Length, found);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DownloadException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
