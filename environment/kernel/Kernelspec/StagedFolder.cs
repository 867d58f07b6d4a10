namespace IntraDistill.Kernel.Kernelspec;

/// <summary>A folder that is filled beside its place and then moved there: it appears whole or not at all.</summary>
internal sealed class StagedFolder : IDisposable
{
    // '~' cannot be part of a kernel's name, so Jupyter never takes the temporary folder for a kernelspec.
    private readonly string _staging, _old;

    /// <summary>Makes the temporary folder; what a killed process left there is removed.</summary>
    public StagedFolder(string target)
    {
        Target = target;
        string parent = Path.GetDirectoryName(target)!, name = Path.GetFileName(target);
        _staging = Path.Combine(parent, $"~{name}.new");
        _old = Path.Combine(parent, $"~{name}.old");
        foreach (string left in (string[])[_staging, _old])
            if (Directory.Exists(left))
                Directory.Delete(left, recursive: true);
        Directory.CreateDirectory(_staging);
    }

    /// <summary>Where the folder will be.</summary>
    public string Target { get; }

    /// <summary>Adds a file; its folders are made.</summary>
    /// <param name="name">Relative, with <c>/</c>.</param>
    /// <param name="write">Writes the content.</param>
    public void Add(string name, Action<Stream> write)
    {
        string path = Path.Combine(_staging, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = File.Create(path);
        write(file);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Puts the folder in its place; one that is there goes away.</summary>
    public void Commit()
    {
        if (!Directory.Exists(Target))
        {
            Directory.Move(_staging, Target);
            return;
        }
        Directory.Move(Target, _old);
        try
        {
            Directory.Move(_staging, Target);
        }
        catch
        {
            Directory.Move(_old, Target);
            throw;
        }
        Directory.Delete(_old, recursive: true);
    }

    /// <summary>Removes what was not committed.</summary>
    public void Dispose()
    {
        if (Directory.Exists(_staging))
            Directory.Delete(_staging, recursive: true);
    }
}
