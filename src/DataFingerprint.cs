using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IntraDistill;

/// <summary>
/// Tells one state of a data set from another. The kit's corpora have their own <c>Fingerprint</c>; this is for texts that are none
/// of these, such as those of a pretraining.
/// </summary>
public static class DataFingerprint
{
    /// <summary>
    /// The first 12 hexadecimal digits of a SHA-256 over the lines of all parts, in order: <c>DataFingerprint.Of(texts)</c>. Where a
    /// line and where a part ends counts, too; a line may be any text.
    /// </summary>
    public static string Of(params IEnumerable<IEnumerable<string>> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (IEnumerable<string> part in parts)
        {
            foreach (string line in part)
            {
                byte[] text = Encoding.UTF8.GetBytes(line);
                BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
                hash.AppendData(length);
                hash.AppendData(text);
            }
            // No line is so long.
            BinaryPrimitives.WriteInt32LittleEndian(length, -1);
            hash.AppendData(length);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }
}
