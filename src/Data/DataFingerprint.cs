using System.Security.Cryptography;
using System.Text;

namespace IntraDistill.Data;

/// <summary>Tells one state of a data set from another.</summary>
internal static class DataFingerprint
{
    /// <summary>The first 12 hexadecimal digits of a SHA-256 over the lines of all parts, in order.</summary>
    public static string Of(params IEnumerable<IEnumerable<string>> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (IEnumerable<string> part in parts)
        {
            foreach (string line in part)
                hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
            hash.AppendData("\n"u8);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }
}
