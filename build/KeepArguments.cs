#nullable disable
using System;
using System.IO;
using Microsoft.Build.Framework;

namespace IntraDistill.Build
{
    /// <summary>
    /// Sets DisableOptimizations in an assembly's DebuggableAttribute, which a release build has as
    /// IgnoreSymbolStoreSequencePoints alone. A file that has it is left untouched.
    /// (C# 7.3: MSBuild compiles this file itself, against netstandard 2.0.)
    /// </summary>
    public sealed class KeepArguments : Microsoft.Build.Utilities.Task
    {
        // An attribute's value in the blob heap (ECMA-335 II.23.3): its length, the prolog 0x0001, the argument (a
        // DebuggingModes, int32), the number of named arguments.
        private static readonly byte[] s_release = { 8, 1, 0, 0x02, 0x00, 0, 0, 0, 0 };
        private static readonly byte[] s_kept = { 8, 1, 0, 0x03, 0x01, 0, 0, 0, 0 };   // Default | DisableOptimizations besides

        /// <summary>The assembly, in the build's own output folder.</summary>
        [Required]
        public string Assembly { get; set; }

        /// <inheritdoc/>
        public override bool Execute()
        {
            try
            {
                byte[] image = File.ReadAllBytes(Assembly);
                if (!Mark(image))
                    return true;
                // The output may be a hard link to the package cache: replace the name, never write through it.
                string temporary = Assembly + "." + Guid.NewGuid().ToString("N");   // two builds at once do not meet
                File.WriteAllBytes(temporary, image);
                // Of the original's time (and size) it is up to date for the next build (see WeakenGlibcxx).
                File.SetLastWriteTimeUtc(temporary, File.GetLastWriteTimeUtc(Assembly));
                File.Replace(temporary, Assembly, null);
                Log.LogMessage(MessageImportance.Normal, "{0}: its methods keep their arguments now", Assembly);
                return true;
            }
            catch (Exception e) when (e is IOException || e is UnauthorizedAccessException || e is InvalidDataException)
            {
                Log.LogError("{0}: cannot set DisableOptimizations in its DebuggableAttribute: {1}", Assembly, e.Message);
                return false;
            }
        }

        /// <summary>Sets the flag in the image of an assembly.</summary>
        /// <returns>Whether the bytes were changed.</returns>
        public static bool Mark(byte[] image)
        {
            if (Find(image, s_kept, 0) >= 0)
                return false;
            int at = Find(image, s_release, 0);
            if (at < 0 || Find(image, s_release, at + 1) >= 0)
                throw new InvalidDataException("the value that a release build gives it was expected once in the file");
            s_kept.CopyTo(image, at);
            return true;
        }

        private static int Find(byte[] image, byte[] bytes, int from)
        {
            for (int at = from; (at = Array.IndexOf(image, bytes[0], at)) >= 0 && at <= image.Length - bytes.Length; at++)
            {
                int same = 1;
                while (same < bytes.Length && image[at + same] == bytes[same])
                    same++;
                if (same == bytes.Length)
                    return at;
            }
            return -1;
        }
    }
}
