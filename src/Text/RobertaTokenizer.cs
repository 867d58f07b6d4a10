using System.Text;
using Bpe = Microsoft.ML.Tokenizers.BpeTokenizer;

namespace IntraDistill.Tasks;

/// <summary>
/// RoBERTa's tokenizer: GPT-2's words, written as bytes, cut by byte-pair encoding (Microsoft.ML.Tokenizers). Every text can
/// be spelled, so <c>&lt;unk&gt;</c> comes out only where a text has it written.
/// </summary>
/// <remarks>
/// Ids are those of Hugging Face's tokenizer, with a space thought before each word of <c>EncodeWords</c> (its
/// <c>add_prefix_space</c>); so are offsets, except that white space before <c>&lt;mask&gt;</c> is left out. The library's time
/// for a word grows faster than its length: a run of 100,000 letters takes minutes.
/// </remarks>
internal sealed class RobertaTokenizer : PretrainedTokenizer
{
    private readonly Bpe _bpe;

    public RobertaTokenizer(string folder) : this(BpeFiles.Read(folder)) { }

    private RobertaTokenizer(BpeFiles files) : base(SpecialTokens.Roberta, files.Tokens, name => files.Ids[name])
    {
        // Bytes are written as characters here already, which gives each its place in the text.
        _bpe = Bpe.Create(new(files.Ids) { Merges = files.Merges });
    }

    private protected override void Normalize(string text, int start, int end, bool spaceBefore, AlignedText words)
    {
        bool prefix = spaceBefore && text[start] != ' ';
        string part = prefix ? " " + text[start..end] : text[start..end];
        int shift = prefix ? start - 1 : start;
        Span<byte> bytes = stackalloc byte[4];
        foreach ((int wordStart, int wordEnd) in ByteLevel.Words(part))
        {
            for (int i = wordStart, units; i < wordEnd; i += units)
            {
                Rune.DecodeFromUtf16(part.AsSpan(i), out Rune rune, out units);
                // A space has no span of its own, see AlignedText.
                int from = part[i] == ' ' ? i + 1 : i;
                foreach (byte b in bytes[..rune.EncodeToUtf8(bytes)])
                    words.Append(ByteLevel.Character(b), shift + from, shift + i + units);
            }
            words.EndWord();
        }
    }

    private protected override Piece[] Cut(string word)
    {
        var tokens = _bpe.EncodeToTokens(word, out _, considerPreTokenization: false, considerNormalization: false);
        return [.. tokens.Select(token => new Piece(token.Id, token.Offset.Start.Value, token.Offset.End.Value))];
    }
}
