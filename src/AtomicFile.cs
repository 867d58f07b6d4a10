using System.Text;

namespace IntraDistill;

/// <summary>Files that are written whole or not at all: beside their place first, flushed to the disk, then renamed.</summary>
internal static class AtomicFile
{
    /// <summary>The end of the name of a file that is being written.</summary>
    public const string Temporary = ".tmp";

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes a file; its folder is made if it is not there, and one of this name replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its bytes.</param>
    /// <param name="error">What is thrown where it cannot be written, made of what the system said; null for that itself.</param>
    /// <param name="held">
    /// Whether a lock keeps others away. The temporary file has one name then, and what a killed process left of it is written over.
    /// </param>
    public static void Write(string path, Action<Stream> write, Func<Exception, IntraDistillException>? error = null, bool held = false)
    {
        string temporary = held ? path + Temporary : $"{path}.{Guid.NewGuid():N}{Temporary}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            try
            {
                File.Delete(temporary);
            }
            catch (Exception again) when (again is IOException or UnauthorizedAccessException)
            {
                // What kept the file from being written keeps it from being deleted; the first error says it.
            }
            if (error is null)
                throw;
            throw error(e);
        }
    }

    /// <summary>Writes a text, in UTF-8 without a mark.</summary>
    public static void Write(string path, string text, Func<Exception, IntraDistillException>? error = null, bool held = false) =>
        Write(path, file => file.Write(s_utf8.GetBytes(text)), error, held);
}
