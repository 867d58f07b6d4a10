using System.Text;

namespace IntraDistill.Kernel.Notebook;

/// <summary>Writes a file whole or not at all: beside its place first, then over it.</summary>
internal static class AtomicFile
{
    /// <summary>Writes the file.</summary>
    /// <exception cref="RunnerException">It cannot be written; what was there is untouched.</exception>
    public static void Write(string path, string text) => Guard(path, () =>
    {
        string target = Target(path);
        string temporary = WriteBeside(target, text);
        try
        {
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    });

    /// <summary>Finds out whether a file of about that size could be written there, and leaves nothing behind.</summary>
    /// <exception cref="RunnerException">It could not.</exception>
    public static void Probe(string path, string text) => Guard(path, () => File.Delete(WriteBeside(Target(path), text)));

    private static void Guard(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunnerException($"{path}: cannot be written: {e.Message}", e);
        }
    }

    private static string Target(string path)
    {
        string? linked = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null;
        string target = linked ?? Path.GetFullPath(path);
        if (Directory.Exists(target))
            throw new IOException("it is a folder");
        // Replacing a device such as /dev/full would take it away from the whole machine.
        if (target.StartsWith("/dev/", StringComparison.Ordinal))
            throw new IOException("it is not a regular file");
        return target;
    }

    private static string WriteBeside(string target, string text)
    {
        string folder = Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(folder);
        string temporary = Path.Combine(folder, $".{Path.GetFileName(target)}.{Environment.ProcessId}.tmp");
        try
        {
            using var file = new FileStream(temporary, FileMode.Create, FileAccess.Write);
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        return temporary;
    }
}
