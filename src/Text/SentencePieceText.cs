using System.Text;

namespace IntraDistill.Tasks;

/// <summary>
/// SentencePiece's normalization (normalizer.cc): the longest prefix that the model's table knows is replaced, again and again;
/// runs of spaces become one, those at the two ends go, and each word begins with ▁.
/// </summary>
internal sealed class SentencePieceText(SentencePieceModel model)
{
    /// <summary>Adds the words of a part of a text.</summary>
    public void Split(string text, int start, int end, AlignedText words)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text, start, end - start);
        bool afterSpace = true;
        for (int at = start, atByte = 0; at < end;)
        {
            (string replaced, int units, int taken) = NormalizePrefix(text, at, bytes, atByte);
            foreach (char unit in replaced)
            {
                bool space = unit == ' ';
                if (!space && afterSpace)
                {
                    words.EndWord();
                    words.Append(SentencePieceModel.Space, at, at);
                }
                if (!space)
                    words.Append(unit, at, at + units);
                afterSpace = space;
            }
            at += units;
            atByte += taken;
        }
        words.EndWord();
    }

    /// <summary>The replacement of the longest known prefix, or the next character itself.</summary>
    private (string Replaced, int Units, int Bytes) NormalizePrefix(string text, int at, byte[] bytes, int atByte)
    {
        (int value, int taken) = LongestPrefix(bytes.AsSpan(atByte));
        if (taken == 0)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out int units);
            return (rune.ToString(), units, rune.Utf8SequenceLength);
        }
        if (!model.Normalized.TryGetValue(value, out string? replaced))
            throw model.Bad($"the normalization table has no string at {value}");
        return (replaced, Encoding.UTF8.GetCharCount(bytes, atByte, taken), taken);
    }

    /// <summary>
    /// Walks the trie, a Darts-clone double array: each unit has a label, an offset, and a flag that a value follows.
    /// </summary>
    private (int Value, int Length) LongestPrefix(ReadOnlySpan<byte> key)
    {
        uint[] trie = model.Trie;
        (int Value, int Length) longest = default;
        if (trie.Length == 0)
            return longest;
        uint node = Offset(trie[0]);
        for (int i = 0; i < key.Length; i++)
        {
            node ^= key[i];
            if (node >= trie.Length || (trie[node] & 0x800000FF) != key[i])
                break;
            uint unit = trie[node];
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 1 && node < trie.Length)
                longest = ((int)(trie[node] & 0x7FFFFFFF), i + 1);
        }
        return longest;

        static uint Offset(uint unit) => unit >> 10 << (int)((unit & 1u << 9) >> 6);
    }
}
