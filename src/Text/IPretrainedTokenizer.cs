namespace IntraDistill.Tasks;

/// <summary>
/// The tokenizer of a pretrained encoder: what its text must go through so that its embeddings are looked up by the ids that
/// they were trained with. Immutable and safe to use from several threads. <see cref="PretrainedTokenizer.Load"/> makes one.
/// </summary>
public interface IPretrainedTokenizer
{
    /// <summary>How many ids there are: ids are in [0, VocabularySize).</summary>
    int VocabularySize { get; }

    /// <summary>The id that fills short rows of a batch: [PAD] or &lt;pad&gt;.</summary>
    int PadId { get; }

    /// <summary>The id of what the vocabulary cannot spell: [UNK] or &lt;unk&gt;.</summary>
    int UnkId { get; }

    /// <summary>The id before the first text, whose state stands for the sequence: [CLS] or &lt;s&gt;.</summary>
    int ClsId { get; }

    /// <summary>The id after each text: [SEP] or &lt;/s&gt;.</summary>
    int SepId { get; }

    /// <summary>The id that masked language modelling hides a piece with: [MASK] or &lt;mask&gt;.</summary>
    int MaskId { get; }

    /// <summary>A piece as its vocabulary writes it: <c>##ing</c>, <c>Ġthe</c>, <c>▁the</c>, <c>[MASK]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in [0, <see cref="VocabularySize"/>).</exception>
    string Token(int id);

    /// <summary>The pieces of a text, or of a pair of texts, between the special tokens of the model.</summary>
    /// <param name="text">
    /// The text. A special token written in it, such as <c>[MASK]</c>, becomes that token, as with Hugging Face.
    /// </param>
    /// <param name="pair">The second text; null for a single one. An empty text is a text.</param>
    /// <param name="maxLength">
    /// How many ids at most, special tokens included. Beyond it pieces are dropped from the end of the longer text until both
    /// are equally long, then from both; of an odd number of places the longer text has one more, the second of two equally
    /// long ones (Hugging Face's <c>longest_first</c>).
    /// </param>
    /// <exception cref="IntraDistillException">
    /// The texts hold half of a surrogate pair, or <paramref name="maxLength"/> has no room for the special tokens.
    /// </exception>
    EncodedText Encode(string text, string? pair, int maxLength);

    /// <summary>The pieces of a sentence that is cut into words already, for labels that belong to words.</summary>
    /// <param name="words">
    /// The words. Each is encoded as if a space stood before it; one with nothing to encode in it (empty, blank, control
    /// characters alone) has no piece.
    /// </param>
    /// <param name="maxLength">How many ids at most, special tokens included; pieces beyond it are dropped.</param>
    /// <returns>The encoding, with <see cref="EncodedText.Words"/>; offsets count within a piece's word.</returns>
    /// <exception cref="IntraDistillException">As for <see cref="Encode"/>.</exception>
    EncodedText EncodeWords(IReadOnlyList<string> words, int maxLength);
}
