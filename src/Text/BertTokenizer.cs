using System.Text;
using WordPieces = Microsoft.ML.Tokenizers.WordPieceTokenizer;

namespace IntraDistill.Tasks;

/// <summary>
/// BERT's tokenizer: words by BERT's text rules, pieces by WordPiece (Microsoft.ML.Tokenizers): the longest piece of the
/// vocabulary, again and again; <c>[UNK]</c> for a word that does not come out, or has more than 100 characters.
/// </summary>
/// <remarks>
/// Ids and offsets are those of Hugging Face's fast tokenizer. Of Microsoft.ML.Tokenizers only the pieces of a word are taken:
/// its own BERT rules give no offsets into the original text, and accents stay where globalization is invariant.
/// </remarks>
public sealed class BertTokenizer : PretrainedTokenizer
{
    private const int LongestWord = 100;

    private readonly WordPieces _pieces;
    private readonly BertText _text;

    private BertTokenizer(string[] tokens, Func<string, int> id, BertText text) : base(SpecialTokens.Bert, tokens, id)
    {
        _text = text;
        using MemoryStream vocabulary = new(Encoding.UTF8.GetBytes(string.Join('\n', tokens)));
        // A limit of UTF-16 units there, of characters here.
        _pieces = WordPieces.Create(vocabulary, new() { MaxInputCharsPerWord = 2 * LongestWord });
    }

    /// <summary>Whether text is taken in lower case and without accents.</summary>
    public bool LowerCase => _text.LowerCase;

    /// <summary>Writes <c>vocab.txt</c> and <c>tokenizer_config.json</c>, each whole or not at all.</summary>
    /// <param name="folder">The folder; made where it is not there.</param>
    /// <exception cref="IntraDistillException">They cannot be written.</exception>
    public void Save(string folder) => BertFiles.Write(folder, Tokens, _text);

    /// <summary>Reads the tokenizer of a folder.</summary>
    internal static BertTokenizer Read(string folder)
    {
        (string[] tokens, Dictionary<string, int> ids) = BertFiles.ReadVocabulary(Path.Combine(folder, BertFiles.Vocabulary));
        return new BertTokenizer(tokens, token => ids[token], BertFiles.ReadText(folder, tokens));
    }

    /// <summary>Makes a tokenizer of a vocabulary that has the special tokens and nothing twice.</summary>
    internal static BertTokenizer Of(string[] tokens, BertText text) =>
        new(tokens, token => Array.IndexOf(tokens, token), text);

    private protected override void Normalize(string text, int start, int end, bool spaceBefore, AlignedText words) =>
        _text.Split(text, start, end, words);

    private protected override Piece[] Cut(string word)
    {
        if (word.Length > LongestWord && word.EnumerateRunes().Count() > LongestWord)
            return [new Piece(UnkId, 0, word.Length)];
        var tokens = _pieces.EncodeToTokens(word, out _, considerPreTokenization: false, considerNormalization: false);
        return [.. tokens.Select(token => new Piece(token.Id, token.Offset.Start.Value, token.Offset.End.Value))];
    }
}
