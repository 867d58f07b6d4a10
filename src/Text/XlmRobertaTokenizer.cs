using Microsoft.ML.Tokenizers;

namespace IntraDistill.Tasks;

/// <summary>
/// XLM-R's tokenizer: text normalized as SentencePiece does it, words cut into the likeliest pieces of a Unigram model
/// (Microsoft.ML.Tokenizers), ids in fairseq's order: <c>&lt;s&gt;</c> 0, <c>&lt;pad&gt;</c> 1, <c>&lt;/s&gt;</c> 2,
/// <c>&lt;unk&gt;</c> 3, every other piece its own id plus 1, <c>&lt;mask&gt;</c> last.
/// </summary>
/// <remarks>
/// Pieces are those of SentencePiece's own <c>spm_encode</c>, which Hugging Face's slow tokenizer calls. The fast one normalizes
/// grapheme by grapheme and so differs in rare text, such as a combining mark after a letter that the model composes.
/// </remarks>
internal sealed class XlmRobertaTokenizer : PretrainedTokenizer
{
    public const string ModelName = "sentencepiece.bpe.model";

    private const int FairseqOffset = 1;

    private readonly SentencePieceTokenizer _unigram;
    private readonly SentencePieceText _text;

    public XlmRobertaTokenizer(string path) : this(SentencePieceModel.Read(path)) { }

    private XlmRobertaTokenizer(SentencePieceModel model)
        : base(SpecialTokens.Roberta, FairseqTokens(model.Pieces), name => FairseqId(name, model.Pieces.Count)) =>
        (_unigram, _text) = (model.Unigram, new SentencePieceText(model));

    private protected override void Normalize(string text, int start, int end, bool spaceBefore, AlignedText words) =>
        _text.Split(text, start, end, words);

    private protected override Piece[] Cut(string word)
    {
        List<Piece> pieces = [];
        foreach (EncodedToken token in _unigram.EncodeToTokens(word, out _, addBeginningOfSentence: false,
            addEndOfSentence: false, considerPreTokenization: false, considerNormalization: false))
        {
            int id = token.Id == SentencePieceModel.UnkId ? UnkId : token.Id + FairseqOffset;
            // SentencePiece makes one unknown piece of several in a row.
            if (id == UnkId && pieces.Count > 0 && pieces[^1].Id == UnkId)
                pieces[^1] = pieces[^1] with { End = token.Offset.End.Value };
            else
                pieces.Add(new Piece(id, token.Offset.Start.Value, token.Offset.End.Value));
        }
        return [.. pieces];
    }

    private static string[] FairseqTokens(IReadOnlyList<string> pieces) =>
        ["<s>", "<pad>", "</s>", "<unk>", .. pieces.Skip(SentencePieceModel.Controls), "<mask>"];

    private static int FairseqId(string name, int pieces) => name switch
    {
        "<s>" => 0,
        "<pad>" => 1,
        "</s>" => 2,
        "<unk>" => 3,
        _ => pieces + FairseqOffset,
    };
}
