namespace IntraDistill.Tasks;

/// <summary>How a WordPiece vocabulary is learned.</summary>
public sealed record WordPieceSettings
{
    /// <summary>How many pieces, special tokens included; fewer where the texts run out of pairs to merge.</summary>
    public int VocabularySize { get; init; } = 8000;

    /// <summary>Whether text is taken in lower case and without accents, as by BERT-base uncased.</summary>
    public bool LowerCase { get; init; } = true;

    /// <summary>The share of all character occurrences that the vocabulary covers, in (0, 1]; a word with one of the rarest characters
    /// beyond it is [UNK].</summary>
    public double CharacterCoverage { get; init; } = 0.9999;
}

/// <summary>Learns a WordPiece vocabulary for a BERT that is pretrained from nothing: BERT's words, and in them the merges of byte-pair
/// encoding (<see cref="SubwordLearner"/>), as Hugging Face's WordPiece trainer does. Every covered character is a piece, at
/// the beginning of a word and inside (<c>##</c>), so a word of covered characters is never [UNK].</summary>
public static class WordPieceLearner
{
    /// <summary>Learns a vocabulary; the same texts give the same one. Its ids 0 to 4 are [PAD], [UNK], [CLS], [SEP] and [MASK].</summary>
    /// <exception cref="IntraDistillException">The texts hold no word, a setting is out of range, or the vocabulary is too small for the
    /// characters.</exception>
    public static BertTokenizer Learn(IEnumerable<string> texts, WordPieceSettings? settings = null)
    {
        settings ??= new WordPieceSettings();
        BertText text = new(settings.LowerCase, settings.LowerCase, SplitChinese: true);
        // Merges that begin a word take its space first, which makes no piece: more are learned than are needed.
        SubwordVocabulary subwords = SubwordLearner.Learn(texts.Select(one => Words(one, text)), new SubwordSettings
        {
            Merges = int.Max(settings.VocabularySize, 0),
            CharacterCoverage = settings.CharacterCoverage,
        });

        List<string> tokens = [.. SpecialTokens.Bert.Names];
        HashSet<string> known = [.. tokens];
        foreach (string character in subwords.Characters)
        {
            Add(" " + character);
            Add(character);
        }
        if (tokens.Count > settings.VocabularySize)
            throw new IntraDistillException($"WordPieceSettings.VocabularySize is {settings.VocabularySize}; the special tokens "
                + $"and the characters of the texts alone are {tokens.Count}");
        foreach ((string left, string right) in subwords.Merges)
            if (tokens.Count < settings.VocabularySize)
                Add(left + right);
        return new BertTokenizer([.. tokens], text);

        // A subword with a space before it begins a word.
        void Add(string subword)
        {
            string piece = subword[0] == ' ' ? subword[1..] : "##" + subword;
            if (piece is not ("" or " ") && known.Add(piece))
                tokens.Add(piece);
        }
    }

    private static string Words(string text, BertText rules)
    {
        AlignedText words = new();
        rules.Split(text, 0, text.Length, words);
        return string.Join(' ', words.Words.Select(word => words.Units(word.Start, word.End).ToString()));
    }
}
