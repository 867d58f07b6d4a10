namespace IntraDistill.DataScripts;

/// <summary>A file that a data set is made of, as its publisher serves it: one row of a script's source table.</summary>
/// <param name="Name">The file's name on disk and on a mirror.</param>
/// <param name="Url">Where it is published.</param>
/// <param name="Size">Its size in bytes, or null where it is not known beforehand.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimal digits, or null where it is not known beforehand.</param>
public sealed record DataSource(string Name, string Url, long? Size, string? Sha256)
{
    /// <summary>What the table knows of the file, for the user: never more than was looked up.</summary>
    public string Known => Sha256 is not null ? $"{Size?.ToString("N0") ?? "?"} bytes, SHA-256 {Sha256}"
        : "size and SHA-256 are not known beforehand: recorded in about.json at the first download";

    /// <summary>The address to fetch it from: its own, or the file of the same name below a mirror's base address.</summary>
    public Uri AddressOn(string? mirror)
    {
        string address = mirror is null ? Url : $"{mirror.TrimEnd('/')}/{Name}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
            throw new IntraDistillException($"--mirror {mirror}: expected the http(s) address of a folder that holds {Name}");
        return uri;
    }
}

/// <summary>A file as it was had: what <c>about.json</c> records of it.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Url">The address it came from; null for one that the user had already.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimal digits.</param>
public sealed record ObtainedFile(string Path, string? Url, long Size, string Sha256);

/// <summary>A download that failed, in one line that says what to do.</summary>
public sealed class DownloadException : IntraDistillException
{
    /// <summary>Makes the error from its one-line message.</summary>
    public DownloadException(string message) : base(message) { }

    /// <summary>Makes the error from its one-line message and what lay behind it.</summary>
    public DownloadException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>An archive that is broken, or holds what must not be written: a path outside the target, a link, too much.</summary>
public sealed class ArchiveException : IntraDistillException
{
    /// <summary>Makes the error from its one-line message.</summary>
    public ArchiveException(string message) : base(message) { }

    /// <summary>Makes the error from its one-line message and what lay behind it.</summary>
    public ArchiveException(string message, Exception inner) : base(message, inner) { }
}
