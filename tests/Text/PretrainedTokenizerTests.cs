using System.Text.Json;
using IntraDistill.Tasks;
using static IntraDistill.Tests.PretrainedVocabularies;

namespace IntraDistill.Tests;

/// <summary>Against Hugging Face: ids, type ids, offsets, pairs, truncation, words.</summary>
public class PretrainedTokenizerTests
{
    [Theory]
    [InlineData(BertUncased, "bert_base_uncased_lower")]
    [InlineData(Roberta, "roberta_base_cased")]
    public void Rows_of_GLUE_have_the_ids_of_Hugging_Face(string model, string folder)
    {
        PretrainedTokenizer tokenizer = Get(model);
        int rows = 0;
        foreach (string task in new[] { "cola", "mnli", "stsb" })
        {
            string[] inputs = File.ReadAllLines(ReferenceData.Path($"data/vocab/reference/input/{task}_train.tsv"));
            string[] outputs = File.ReadAllLines(ReferenceData.Path($"data/vocab/reference/{folder}/{task}_train.json"));
            foreach ((string input, string output) in inputs.Zip(outputs))
            {
                // Whoever made the ids stripped the lines first.
                string[] fields = input.Trim().Split('\t');
                using JsonDocument expected = JsonDocument.Parse(output);
                EncodedText encoded = tokenizer.Encode(fields[2], fields.ElementAtOrDefault(3), 512);
                Assert.Equal(Numbers(expected.RootElement.GetProperty("token_id")), encoded.Ids);
                Assert.Equal(Numbers(expected.RootElement.GetProperty("type_id")), encoded.TypeIds);
                rows++;
            }
        }
        Assert.Equal(15, rows);
    }

    [Fact]
    public void Texts_have_the_ids_of_XLM_R()
    {
        string path = ReferenceData.Path("data/vocab/xlm-roberta-base/reference_encodings.json");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(path));
        Assert.Equal(5, cases.RootElement.GetArrayLength());
        foreach (JsonElement one in cases.RootElement.EnumerateArray())
            Assert.Equal(Numbers(one.GetProperty("ids")),
                Get(XlmRoberta).Encode(one.GetProperty("text").GetString()!, null, 512).Ids);
    }

    [Theory]
    [MemberData(nameof(PretrainedCases.BertUncased), MemberType = typeof(PretrainedCases))]
    public void Odd_text_for_uncased_BERT(string text, string expected) => AssertPieces(BertUncased, text, expected);

    [Theory]
    [MemberData(nameof(PretrainedCases.BertMultilingualCased), MemberType = typeof(PretrainedCases))]
    public void Odd_text_for_cased_BERT(string text, string expected) => AssertPieces(BertCased, text, expected);

    [Theory]
    [MemberData(nameof(PretrainedCases.Roberta), MemberType = typeof(PretrainedCases))]
    public void Odd_text_for_RoBERTa(string text, string expected) => AssertPieces(Roberta, text, expected);

    [Theory]
    [MemberData(nameof(PretrainedCases.XlmRoberta), MemberType = typeof(PretrainedCases))]
    public void Odd_text_for_XLM_R(string text, string expected) => AssertPieces(XlmRoberta, text, expected);

    // Here Hugging Face's fast tokenizer, which normalizes grapheme by grapheme, differs from SentencePiece.
    [Theory]
    [InlineData("e\u0301\u0301x", "▁é 0-2 \u0301 2-3 x 3-4")]
    [InlineData("ｶﾞ", "▁ 0-0 ガ 0-2")]
    [InlineData("か\u3099", "▁ 0-0 が 0-2")]
    [InlineData("\u1100\u1161\u11a8", "▁각 0-3")]
    public void XLM_R_composes_as_SentencePiece_does(string text, string expected) => AssertPieces(XlmRoberta, text, expected);

    [Theory]
    [InlineData(BertUncased, 30522, 0, 100, 101, 102, 103)]
    [InlineData(BertCased, 119547, 0, 100, 101, 102, 103)]
    [InlineData(Roberta, 50265, 1, 3, 0, 2, 50264)]
    [InlineData(XlmRoberta, 250002, 1, 3, 0, 2, 250001)]
    public void Special_tokens_have_their_ids(string model, int size, int pad, int unk, int cls, int sep, int mask)
    {
        PretrainedTokenizer tokenizer = Get(model);
        Assert.Equal((size, pad, unk, cls, sep, mask), (tokenizer.VocabularySize, tokenizer.PadId, tokenizer.UnkId,
            tokenizer.ClsId, tokenizer.SepId, tokenizer.MaskId));
        Assert.Contains("mask", tokenizer.Token(mask), StringComparison.OrdinalIgnoreCase);
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Token(size));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Token(-1));
    }

    [Theory]
    [InlineData(BertUncased, "b c", "[CLS] a [SEP] b c [SEP]", "0 0 0 1 1 1", "-1 0 -1 1 1 -1")]
    [InlineData(BertUncased, "", "[CLS] a [SEP] [SEP]", "0 0 0 1", "-1 0 -1 -1")]
    [InlineData(Roberta, "b c", "<s> a </s> </s> b Ġc </s>", "0 0 0 0 0 0 0", "-1 0 -1 -1 1 1 -1")]
    [InlineData(XlmRoberta, "b c", "<s> ▁a </s> </s> ▁b ▁c </s>", "0 0 0 0 0 0 0", "-1 0 -1 -1 1 1 -1")]
    public void A_pair_stands_between_special_tokens(string model, string pair, string tokens, string types, string sources)
    {
        EncodedText encoded = Get(model).Encode("a", pair, 16);
        Assert.Equal(tokens, string.Join(' ', encoded.Ids.Select(Get(model).Token)));
        Assert.Equal(types, string.Join(' ', encoded.TypeIds));
        Assert.Equal(sources, string.Join(' ', encoded.Sources));
        Assert.Null(encoded.Words);
    }

    // Lengths as Hugging Face's longest_first leaves them; places for text are maxLength less three.
    [Theory]
    [InlineData(7, 5, 15, 7, 5)]
    [InlineData(7, 5, 14, 6, 5)]
    [InlineData(7, 5, 13, 5, 5)]
    [InlineData(7, 5, 12, 5, 4)]
    [InlineData(5, 7, 12, 4, 5)]
    [InlineData(5, 5, 12, 4, 5)]
    [InlineData(5, 5, 11, 4, 4)]
    [InlineData(2, 7, 9, 2, 4)]
    [InlineData(2, 7, 7, 2, 2)]
    [InlineData(2, 7, 6, 1, 2)]
    [InlineData(7, 5, 6, 2, 1)]
    [InlineData(7, 5, 5, 1, 1)]
    [InlineData(7, 5, 3, 0, 0)]
    public void The_longer_text_is_cut_first(int first, int second, int maxLength, int firstLeft, int secondLeft)
    {
        static string Text(int words) => string.Join(' ', Enumerable.Repeat("one", words));
        EncodedText encoded = Get(BertUncased).Encode(Text(first), Text(second), maxLength);
        Assert.Equal((firstLeft, secondLeft), (encoded.Sources.Count(i => i == 0), encoded.Sources.Count(i => i == 1)));
        Assert.Equal(firstLeft + secondLeft + 3, encoded.Length);
    }

    [Theory]
    [InlineData(BertUncased, 2, 3)]
    [InlineData(Roberta, 2, 4)]
    [InlineData(XlmRoberta, 2, 4)]
    public void A_length_without_room_for_special_tokens_is_refused(string model, int single, int pair)
    {
        PretrainedTokenizer tokenizer = Get(model);
        Assert.Equal(single, tokenizer.Encode("some text", null, single).Length);
        Assert.Equal(pair, tokenizer.Encode("some text", "and more", pair).Length);
        Assert.Equal(single, tokenizer.EncodeWords(["some", "text"], single).Length);
        Assert.Contains($"maxLength is {single - 1}", Refusal(() => tokenizer.Encode("a", null, single - 1)));
        Assert.Contains($"at least {pair}", Refusal(() => tokenizer.Encode("a", "b", pair - 1)));
        Assert.Contains("maxLength is -1", Refusal(() => tokenizer.EncodeWords(["a"], -1)));
    }

    [Fact]
    public void Half_of_a_surrogate_pair_is_refused_with_its_place()
    {
        // Not in an attribute, where text is stored as UTF-8.
        foreach ((string text, int index) in new[] { ("a\ud83d", 1), ("\udf89a", 0), ("🎉\ud83d\ud83d\udf89", 2) })
            foreach (string model in new[] { BertUncased, Roberta, XlmRoberta })
            {
                string place = $"has half of a surrogate pair (U+{(int)text[index]:X4}) at index {index};";
                Assert.Contains("the text " + place, Refusal(() => Get(model).Encode("fine", text, 16)));
                Assert.Contains("word 1 " + place, Refusal(() => Get(model).EncodeWords(["fine", text], 16)));
            }
    }

    [Theory]
    [InlineData(BertUncased, "una ##ffa ##ble - ness lead a b don ' t [MASK] x", "0 0 0 0 0 1 4 4 5 5 5 6 6")]
    [InlineData(Roberta, "Ġunaff able - ness Ġlead Ġ Ġa ĉ b Ġdon 't Ġ[ MAS K ] x", "0 0 0 0 1 3 4 4 4 5 5 6 6 6 6 6")]
    [InlineData(XlmRoberta, "▁una ff able - ness ▁lead ▁a ▁b ▁don ' t ▁[ MAS K ] x", "0 0 0 0 0 1 4 4 5 5 5 6 6 6 6 6")]
    public void Words_keep_their_pieces_together(string model, string tokens, string wordOf)
    {
        EncodedText encoded = Get(model).EncodeWords(["unaffable-ness", "lead", "", " ", "a\tb", "don't", "[MASK]x"], 64);
        Assert.Equal(tokens, string.Join(' ', encoded.Ids.Skip(1).SkipLast(1).Select(Get(model).Token)));
        Assert.Equal($"-1 {wordOf} -1", string.Join(' ', encoded.Words!));
        Assert.All(encoded.TypeIds, type => Assert.Equal(0, type));
        // Offsets count within the word.
        Assert.Equal(new TextSpan(0, 4), encoded.Offsets[encoded.Words!.ToList().IndexOf(1)]);
        Assert.Equal(new TextSpan(0, 3), encoded.Offsets[encoded.Words!.ToList().IndexOf(5)]);
    }

    [Fact]
    public void A_mask_among_words_is_the_mask()
    {
        EncodedText encoded = Get(Roberta).EncodeWords(["the", "<mask>", "sat"], 16);
        Assert.Equal([-1, 0, 1, 2, -1], encoded.Words!);
        Assert.Equal(Get(Roberta).MaskId, encoded.Ids[2]);
        Assert.Equal(new TextSpan(0, 6), encoded.Offsets[2]);
    }

    [Fact]
    public void Pieces_of_words_beyond_the_length_are_dropped()
    {
        EncodedText encoded = Get(BertUncased).EncodeWords(["one", "unaffable", "two"], 4);
        Assert.Equal("[CLS] one una [SEP]", string.Join(' ', encoded.Ids.Select(Get(BertUncased).Token)));
        Assert.Equal([-1, 0, 1, -1], encoded.Words!);
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(101, true)]
    public void A_word_beyond_100_characters_is_unknown_to_BERT(int length, bool unknown)
    {
        foreach (string letter in new[] { "x", "𐐨" })
        {
            string word = string.Concat(Enumerable.Repeat(letter, length));
            EncodedText encoded = Get(BertUncased).Encode(word, null, 256);
            // The letter of two UTF-16 units is in no piece, whatever the length.
            Assert.Equal(unknown || letter.Length == 2, encoded.Ids[1] == Get(BertUncased).UnkId);
            Assert.Equal(new TextSpan(0, word.Length), new TextSpan(encoded.Offsets[1].Start, encoded.Offsets[^2].End));
        }
    }

    [Theory]
    [InlineData(BertUncased)]
    [InlineData(BertCased)]
    [InlineData(Roberta)]
    [InlineData(XlmRoberta)]
    public void Many_threads_get_what_one_gets(string model)
    {
        string[] texts = [.. Enumerable.Range(0, 400).Select(i => $"message {i % 97} of {i * 7919 % 1000}, Ünïcödé 漢字 {i % 31}")];
        PretrainedTokenizer fresh = PretrainedTokenizer.Load(ReferenceData.Path($"data/vocab/{model}"));
        int[][] together = [.. texts.AsParallel().AsOrdered().Select(text => fresh.Encode(text, null, 64).Ids.ToArray())];
        Assert.Equal(texts.Select(text => Get(model).Encode(text, null, 64).Ids.ToArray()), together);
    }

    private static void AssertPieces(string model, string text, string expected)
    {
        EncodedText encoded = Get(model).Encode(text, null, 512);
        Assert.Equal(expected, string.Join(' ', Enumerable.Range(1, encoded.Length - 2).Select(i =>
            $"{Get(model).Token(encoded.Ids[i])} {encoded.Offsets[i].Start}-{encoded.Offsets[i].End}")));
    }

    private static IEnumerable<int> Numbers(JsonElement array) => array.EnumerateArray().Select(number => number.GetInt32());

    private static string Refusal(Action action)
    {
        string message = Assert.Throws<IntraDistillException>(action).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
