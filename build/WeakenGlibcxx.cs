#nullable disable
using System;
using System.IO;
using Microsoft.Build.Framework;

namespace IntraDistill.Build
{
    /// <summary>
    /// Marks the reference of an ELF library to symbol version GLIBCXX_3.4.32 weak. Where libstdc++ has that version it is
    /// bound as before. Not only where this machine lacks it: the kit may be packed for one that does. A file without the
    /// reference, or mended before, is left untouched.
    /// (C# 7.3: MSBuild compiles this file itself, against netstandard 2.0.)
    /// </summary>
    public sealed class WeakenGlibcxx : Microsoft.Build.Utilities.Task
    {
        private const string VersionName = "GLIBCXX_3.4.32";
        private const uint VersionHash = 0x0297f842;      // the ELF hash of VersionName
        private const ushort WeakFlag = 2;                // VER_FLG_WEAK

        /// <summary>The library to mend, in the build's own output folder.</summary>
        [Required]
        public string Library { get; set; }

        /// <inheritdoc/>
        public override bool Execute()
        {
            try
            {
                byte[] elf = File.ReadAllBytes(Library);
                if (!Weaken(elf))
                    return true;
                // The output may be a hard link to the package cache: replace the name, never write through it.
                string temporary = Library + ".weakened";
                File.WriteAllBytes(temporary, elf);
                // Of the original's time (and size) it is up to date for the next build, which would otherwise copy the original
                // over it for a moment, while a notebook may be loading it.
                File.SetLastWriteTimeUtc(temporary, File.GetLastWriteTimeUtc(Library));
                File.Replace(temporary, Library, null);
                Log.LogMessage(MessageImportance.Normal, "{0}: the reference to {1} is weak now", Library, VersionName);
                return true;
            }
            catch (Exception e) when (e is IOException || e is UnauthorizedAccessException || e is InvalidDataException)
            {
                Log.LogError("{0}: cannot mark its reference to {1} weak: {2}", Library, VersionName, e.Message);
                return false;
            }
        }

        /// <summary>Sets the weak flag in the .gnu.version_r entry of <see cref="VersionName"/>.</summary>
        /// <returns>Whether the bytes were changed.</returns>
        public static bool Weaken(byte[] elf)
        {
            if (elf.Length < 64 || elf[0] != 0x7f || elf[1] != 'E' || elf[2] != 'L' || elf[3] != 'F' || elf[4] != 2 || elf[5] != 1)
                throw new InvalidDataException("not a 64-bit little-endian ELF file");
            const uint versionNeeds = 0x6ffffffe;         // SHT_GNU_verneed
            long sections = (long)BitConverter.ToUInt64(elf, 0x28);
            int entrySize = BitConverter.ToUInt16(elf, 0x3a), count = BitConverter.ToUInt16(elf, 0x3c);
            for (int i = 0; i < count; i++)
            {
                int header = Offset(elf, sections + (long)i * entrySize, 64);
                if (BitConverter.ToUInt32(elf, header + 4) == versionNeeds)
                    return WeakenIn(elf, (long)BitConverter.ToUInt64(elf, header + 0x18), (int)BitConverter.ToUInt32(elf, header + 0x2c));
            }
            return false;
        }

        // Verneed: version u16, count u16, file u32, aux u32, next u32.
        // Vernaux: hash u32, flags u16, other u16, name u32, next u32.
        private static bool WeakenIn(byte[] elf, long need, int needs)
        {
            for (int i = 0; i < needs; i++)
            {
                int at = Offset(elf, need, 16);
                long aux = need + BitConverter.ToUInt32(elf, at + 8);
                for (int j = BitConverter.ToUInt16(elf, at + 2); j > 0; j--)
                {
                    int entry = Offset(elf, aux, 16);
                    if (BitConverter.ToUInt32(elf, entry) == VersionHash)
                    {
                        bool wasWeak = (elf[entry + 4] & WeakFlag) != 0;
                        elf[entry + 4] |= (byte)WeakFlag;
                        return !wasWeak;
                    }
                    aux += BitConverter.ToUInt32(elf, entry + 12);
                }
                need += BitConverter.ToUInt32(elf, at + 12);
            }
            return false;
        }

        private static int Offset(byte[] elf, long offset, int size)
        {
            if (offset < 0 || offset + size > elf.Length)
                throw new InvalidDataException("truncated: a table lies at " + offset + " of " + elf.Length + " bytes");
            return (int)offset;
        }
    }
}
