using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;
using static IntraDistill.Tests.PretrainedVocabularies;

namespace IntraDistill.Tests;

/// <summary>What holds of every text.</summary>
public class PretrainedTokenizerPropertyTests
{
    public static readonly TheoryData<string> Models = [BertUncased, BertCased, Roberta, XlmRoberta];

    /// <summary>Pieces of text with what is odd: accents, marks, controls, East Asian scripts, emoji, special tokens.</summary>
    private static readonly string[] s_parts =
    [
        "a", "b", "the", "ing", "Z", "É", "é", "e\u0301", "ß", "İ", "Σ", "ж", "漢", "字", "か", "\u3099", "한", "\u1100", "ﬁ", "½",
        "ｶﾞ", "1", "20", ".", ",", "'s", "'", "’", "…", "-", "$", "[", "]", "<", ">", "[MASK]", "<mask>", "</s>", "[SEP]",
        "🎉", "👩\u200d👧", "𐐀", " ", "  ", "\t", "\n", "\u00a0", "\u3000", "\u200b", "\u00ad", "\u0007", "\u0000",
        "\ufffd", "\ue000", "▁", "Ġ", "##",
    ];

    private static readonly Arbitrary<string> s_texts =
        Gen.Elements(s_parts).ListOf().Select(string.Concat).ToArbitrary();

    // Without ../shared the tests are skipped here: within a property FsCheck would take a skip for a failure.
    public PretrainedTokenizerPropertyTests() => Get(BertUncased);

    [Theory]
    [MemberData(nameof(Models))]
    public void Offsets_are_in_order_and_within_the_text(string model) =>
        Prop.ForAll(s_texts, text =>
        {
            EncodedText encoded = Get(model).Encode(text, null, int.MaxValue);
            TextSpan before = default;
            foreach (TextSpan span in encoded.Offsets.Skip(1).SkipLast(1))
            {
                // Pieces of one character share its span, as both or all of them.
                if (span.Start > span.End || span.End > text.Length || span.Start < before.End && span != before
                    && !SharesCharacters(before, span))
                    return false;
                before = span;
            }
            return encoded.Offsets[0] == default && encoded.Offsets[^1] == default;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Models))]
    public void What_a_span_names_is_encoded_to_its_piece(string model) =>
        Prop.ForAll(s_texts, text =>
        {
            EncodedText encoded = Get(model).Encode(text, null, int.MaxValue);
            for (int i = 1; i + 1 < encoded.Length; i++)
            {
                TextSpan span = encoded.Offsets[i];
                string piece = Bare(model, encoded.Ids[i]);
                bool shared = span.Start < encoded.Offsets[i - 1].End && i > 1
                    || i + 2 < encoded.Length && encoded.Offsets[i + 1].Start < span.End;
                if (shared || piece.Length == 0 || encoded.Ids[i] == Get(model).UnkId)
                    continue;
                // The part alone may be cut otherwise, but its pieces spell the same.
                EncodedText alone = Get(model).Encode(text[span.Start..span.End], null, int.MaxValue);
                if (!alone.Ids.Contains(Get(model).UnkId)
                    && string.Concat(alone.Ids.Skip(1).SkipLast(1).Select(id => Bare(model, id))) != piece)
                    return false;
            }
            return true;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Models))]
    public void Letters_and_digits_are_covered(string model) =>
        Prop.ForAll(s_texts, text =>
        {
            IReadOnlyList<TextSpan> spans = Get(model).Encode(text, null, int.MaxValue).Offsets;
            return Enumerable.Range(0, text.Length).All(i => !char.IsLetterOrDigit(text[i])
                || spans.Any(span => span.Start <= i && i < span.End));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_pieces_of_RoBERTa_are_the_bytes_of_the_text() =>
        Prop.ForAll(s_texts, text =>
        {
            PretrainedTokenizer tokenizer = Get(Roberta);
            string plain = text.Replace("<mask>", "").Replace("</s>", "");
            string bytes = string.Concat(Encoding.UTF8.GetBytes(plain).Select(ByteLevel.Character));
            IReadOnlyList<int> ids = tokenizer.Encode(plain, null, int.MaxValue).Ids;
            return string.Concat(ids.Skip(1).SkipLast(1).Select(tokenizer.Token)) == bytes;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Models))]
    public void Truncation_keeps_the_beginnings_and_fills_the_length(string model) =>
        Prop.ForAll(s_texts, s_texts, Gen.Choose(4, 40).ToArbitrary(), (first, second, maxLength) =>
        {
            EncodedText whole = Get(model).Encode(first, second, int.MaxValue), cut = Get(model).Encode(first, second, maxLength);
            int[] left = [.. Lengths(cut)], all = [.. Lengths(whole)];
            return cut.Length == int.Min(maxLength, whole.Length)
                && Of(whole, 0).Take(left[0]).SequenceEqual(Of(cut, 0)) && Of(whole, 1).Take(left[1]).SequenceEqual(Of(cut, 1))
                // A text loses pieces only down to the length of the other, or to one more.
                && (left[0] == all[0] || left[0] >= left[1] - 1) && (left[1] == all[1] || left[1] >= left[0] - 1);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Models))]
    public void Words_are_encoded_each_for_itself(string model) =>
        Prop.ForAll(s_texts, s_texts, (first, second) =>
        {
            EncodedText together = Get(model).EncodeWords([first, second], int.MaxValue);
            EncodedText[] alone = [.. new[] { first, second }.Select(word => Get(model).EncodeWords([word], int.MaxValue))];
            return alone.SelectMany(one => one.Ids.Skip(1).SkipLast(1)).SequenceEqual(together.Ids.Skip(1).SkipLast(1))
                && alone.SelectMany(one => one.Offsets.Skip(1).SkipLast(1)).SequenceEqual(together.Offsets.Skip(1).SkipLast(1))
                && together.Words!.Skip(1).SkipLast(1).SequenceEqual(
                    alone.SelectMany((one, word) => Enumerable.Repeat(word, one.Length - 2)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Padding_fills_rows_to_the_longest() =>
        Prop.ForAll(s_texts.Generator.ListOf().ToArbitrary(), texts =>
        {
            EncodedText[] rows = [.. texts.Select((text, i) => Get(BertUncased).Encode(text, i % 2 == 0 ? null : "pair", 32))];
            EncodedBatch batch = EncodedBatch.Pad(rows, padId: 7);
            int length = rows.Select(row => row.Length).DefaultIfEmpty(0).Max();
            bool right = true;
            foreach (long[,] table in new[] { batch.Ids, batch.TypeIds, batch.Mask })
                right &= table.GetLength(0) == rows.Length && table.GetLength(1) == length;
            for (int i = 0; i < rows.Length; i++)
                for (int j = 0; j < length; j++)
                    right &= (batch.Ids[i, j], batch.TypeIds[i, j], batch.Mask[i, j]) == (j < rows[i].Length
                        ? (rows[i].Ids[j], rows[i].TypeIds[j], 1L)
                        : (7L, 0L, 0L));
            return right;
        }).QuickCheckThrowOnFailure();

    /// <summary>Whether two overlapping spans have their overlap in one character or what it is composed with.</summary>
    private static bool SharesCharacters(TextSpan before, TextSpan span) =>
        before.End - span.Start <= 3 && span.Start >= before.Start && span.End >= before.End;

    /// <summary>A piece without the mark of its place in a word.</summary>
    private static string Bare(string model, int id)
    {
        string token = Get(model).Token(id);
        return model is Roberta or XlmRoberta ? token.TrimStart('▁', 'Ġ') : token.StartsWith("##") ? token[2..] : token;
    }

    private static IEnumerable<int> Of(EncodedText encoded, int source) =>
        encoded.Ids.Where((_, i) => encoded.Sources[i] == source);

    private static IEnumerable<int> Lengths(EncodedText encoded) => [Of(encoded, 0).Count(), Of(encoded, 1).Count()];
}
