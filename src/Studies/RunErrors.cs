namespace IntraDistill;

/// <summary>A file of a stored run is not what was written; the message begins with <c>file:line:</c>.</summary>
public sealed class RunFileException : IntraDistillException
{
    internal RunFileException(string path, long line, string message, Exception? inner = null)
        : base(line > 0 ? $"{path}:{line}: {message}" : $"{path}: {message}", inner!) => (Path, Line) = (path, line);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The line at fault, from 1; 0 where the file cannot be read at all.</summary>
    public long Line { get; }
}

/// <summary>A run is under way in another process, or elsewhere in this one.</summary>
public sealed class RunInUseException : IntraDistillException
{
    internal RunInUseException(string folder, string message, bool willEnd) : base($"{folder}: {message}") =>
        (Folder, WillEnd) = (folder, willEnd);

    /// <summary>The run's folder.</summary>
    public string Folder { get; }

    /// <summary>Whether it is a live process that has it, and not this one: some time it will be free.</summary>
    internal bool WillEnd { get; }
}
