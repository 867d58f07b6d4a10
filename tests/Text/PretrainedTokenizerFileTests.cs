using System.Text;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>Vocabulary files that are missing, damaged or of another kind: each a typed error with file and line.</summary>
public sealed class PretrainedTokenizerFileTests : IDisposable
{
    private const string Specials = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("tokenizers").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", 0, "without the special token [PAD]")]
    [InlineData("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n", 5, "without the special token [MASK]")]
    [InlineData(Specials + "a\n\nb\n", 7, "got an empty line")]
    [InlineData(Specials + "a\nb\na", 8, "'a' is there twice, first in line 6")]
    [InlineData(Specials + "[SEP]\n", 6, "'[SEP]' is there twice, first in line 4")]
    public void A_damaged_vocabulary_of_BERT_is_refused(string vocabulary, int line, string message) =>
        AssertRefused(("vocab.txt", vocabulary), line, message);

    [Fact]
    public void A_vocabulary_that_is_not_UTF_8_is_refused()
    {
        string path = Path.Combine(_folder, "vocab.txt");
        File.WriteAllBytes(path, [.. Encoding.UTF8.GetBytes(Specials + "a\n"), 0xC3, 0x28, (byte)'\n']);
        IntraDistillException error = Assert.Throws<IntraDistillException>(() => PretrainedTokenizer.Load(_folder));
        Assert.Equal($"{path}:7: expected UTF-8 text", error.Message);
    }

    [Theory]
    [InlineData("{\n\"do_lower_case\": \"no\"}", 0, "expected true or false as do_lower_case, got \"no\"")]
    [InlineData("{\n\"do_lower_case\": tru}", 2, "expected JSON")]
    [InlineData("[]", 1, "expected a JSON object")]
    public void A_damaged_setting_of_BERT_is_refused(string config, int line, string message)
    {
        File.WriteAllText(Path.Combine(_folder, "vocab.txt"), Specials + "a\n");
        AssertRefused(("tokenizer_config.json", config), line, message);
    }

    [Theory]
    [InlineData(null, "a", true)]
    [InlineData(null, "A", false)]
    [InlineData(null, "ℝ", true)]
    [InlineData(null, "ж\nЖ", false)]
    [InlineData("{\"do_lower_case\": true}", "A", true)]
    [InlineData("{\"do_lower_case\": false, \"strip_accents\": null}", "a", false)]
    public void The_setting_or_else_the_vocabulary_says_whether_BERT_is_cased(string? config, string pieces, bool lowerCase)
    {
        File.WriteAllText(Path.Combine(_folder, "vocab.txt"), Specials + "[unused0]\n" + pieces + "\n");
        if (config is not null)
            File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), config);
        Assert.Equal(lowerCase, Assert.IsType<BertTokenizer>(PretrainedTokenizer.Load(_folder)).LowerCase);
    }

    [Fact]
    public void Accents_and_Chinese_characters_are_treated_as_the_settings_say()
    {
        File.WriteAllText(Path.Combine(_folder, "vocab.txt"), Specials + "é\ne\n漢字\n漢\n字\ni\u0307\n");
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"),
            """{"do_lower_case": true, "strip_accents": false, "tokenize_chinese_chars": false}""");
        Assert.Equal([2, 5, 7, 10, 3], PretrainedTokenizer.Load(_folder).Encode("É 漢字 İ", null, 8).Ids);
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), "{}");
        Assert.Equal([2, 6, 8, 9, 1, 3], PretrainedTokenizer.Load(_folder).Encode("É 漢字 İ", null, 8).Ids);
    }

    [Theory]
    [InlineData("", 1, "expected JSON")]
    [InlineData("[]", 1, "expected a JSON object")]
    [InlineData("{\"a\": 0,\n\"b\": \"1\"}", 2, "expected the id of 'b'")]
    [InlineData("{\"a\": 0,\n\"b\": 1.5}", 2, "expected the id of 'b'")]
    [InlineData("{\"a\": 0,\n\"b\": -1}", 2, "expected the id of 'b'")]
    [InlineData("{\"a\": 0,\n\n\"a\": 1}", 3, "'a' is there twice")]
    [InlineData("{\"a\": 0,\n\"b\": 1", 2, "expected JSON")]
    [InlineData("{\"a\": 0,\n\"b\": 0}", 2, "expected each of 0 to 1 once")]
    [InlineData("{\"a\": 0,\n\"b\": 2}", 2, "expected each of 0 to 1 once")]
    [InlineData("{\"<pad>\": 0, \"<unk>\": 1, \"<s>\": 2, \"</s>\": 3}", 1, "without the special token <mask>")]
    [InlineData("{\"<pad>\": 0, \"<unk>\": 1, \"<s>\": 2, \"</s>\": 3, \"<mask>\": 4}", 1, "the byte 0")]
    [InlineData("{\"\\ud800\": 0}", 1, "expected a piece in UTF-8")]
    public void A_damaged_vocabulary_of_RoBERTa_is_refused(string vocabulary, int line, string message)
    {
        File.WriteAllText(Path.Combine(_folder, "merges.txt"), "#version: 0.2\n");
        AssertRefused(("vocab.json", vocabulary), line, message);
    }

    [Theory]
    [InlineData("#version: 0.2\na b\na\n", 3, "expected a merge")]
    [InlineData("#version: 0.2\na b c\n", 2, "expected a merge")]
    [InlineData("a b\n\n", 2, "expected a merge")]
    [InlineData("a b\nb a\n", 2, "'ba' is not in vocab.json")]
    [InlineData("a b\na b\n", 2, "this merge is there twice")]
    public void Damaged_merges_of_RoBERTa_are_refused(string merges, int line, string message)
    {
        WriteByteVocabulary();
        AssertRefused(("merges.txt", merges), line, message);
    }

    [Fact]
    public void A_small_vocabulary_of_RoBERTa_merges_by_rank()
    {
        WriteByteVocabulary();
        // A merge may begin with the sign of the heading, which is optional.
        File.WriteAllText(Path.Combine(_folder, "merges.txt"), "# #\na b\n");
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(_folder);
        Assert.Equal(["<s>", "ab", "##", "Ġ", "ab", "a", "</s>"],
            tokenizer.Encode("ab## aba", null, 16).Ids.Select(tokenizer.Token));
    }

    [Fact]
    public void Either_file_of_RoBERTa_alone_is_refused()
    {
        File.WriteAllText(Path.Combine(_folder, "merges.txt"), "");
        Assert.Contains("vocab.json:0: cannot be read", Refusal());
        File.Delete(Path.Combine(_folder, "merges.txt"));
        WriteByteVocabulary();
        Assert.Contains("merges.txt:0: cannot be read", Refusal());
    }

    [Fact]
    public void A_folder_without_one_vocabulary_is_refused()
    {
        Assert.Contains("there is none", Refusal());
        File.WriteAllText(Path.Combine(_folder, "vocab.txt"), Specials);
        File.WriteAllText(Path.Combine(_folder, "sentencepiece.bpe.model"), "");
        Assert.Contains("there are several", Refusal());
    }

    [Fact]
    public void A_model_of_SentencePiece_that_is_no_XLM_R_is_refused()
    {
        byte[] special = [.. Piece("<unk>", 2), .. Piece("<s>", 3), .. Piece("</s>", 3)];
        AssertModelRefused([], "expected the pieces <unk>, <s> and </s> first");
        AssertModelRefused([.. Piece("<s>", 3), .. Piece("<unk>", 2), .. Piece("</s>", 3)], "got '<s>', '<unk>', '</s>'");
        AssertModelRefused([.. special, .. Piece("a", 1), .. Piece("a", 1)], "piece 4, 'a', is there twice");
        AssertModelRefused([.. special, .. Piece("", 1)], "piece 3 is empty");
        AssertModelRefused([.. special, .. Piece("a▁b", 1)], "has a space inside");
        AssertModelRefused([.. special, .. Piece("<mask>", 4)], "expected no piece <mask>");
        AssertModelRefused([.. special, .. Message(2, [3 << 3, 2])], "expected a Unigram model (type 1), got type 2");
        AssertModelRefused([.. special, .. Message(3, [3 << 3, 0])], "expected a model with add_dummy_prefix");
        AssertModelRefused([.. special, .. Message(3, Message(2, [9, 0, 0, 0]))], "trie is said to have 9");
        AssertModelRefused([.. special, .. Message(3, Message(2, [0, 0, 0, 0, 65]))], "ends inside a string");
        AssertModelRefused([.. special, 10, 100, 1], "expected a SentencePiece model");
        AssertModelRefused(Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\n"),
            "expected a SentencePiece model");
    }

    [Fact]
    public void A_truncated_or_flipped_model_of_SentencePiece_is_read_or_refused()
    {
        byte[] model = SmallModel();
        PretrainedTokenizer whole = LoadModel(model);
        Assert.Equal(["<s>", "▁ab", "a", "<unk>", "</s>"], whole.Encode(" aba\u4e00\u4e01", null, 16).Ids.Select(whole.Token));
        Random random = new(1);
        int refused = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] damaged = i < model.Length ? model[..i] : [.. model];
            if (i >= model.Length)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                LoadModel(damaged).Encode("ab a\u4e00 b", null, 64);
            }
            catch (IntraDistillException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 500, 1999);
    }

    private static byte[] SmallModel() =>
    [
        .. Piece("<unk>", 2), .. Piece("<s>", 3), .. Piece("</s>", 3), .. Piece("▁", 1, -2), .. Piece("a", 1, -3),
        .. Piece("b", 1, -3), .. Piece("▁ab", 1, -3), .. Message(2, [3 << 3, 1]),
        .. Message(3, [3 << 3, 1, 4 << 3, 1, 5 << 3, 1]),
    ];

    private static byte[] Piece(string text, byte type, float score = 0) => Message(1,
        [.. Message(1, Encoding.UTF8.GetBytes(text)), 2 << 3 | 5, .. BitConverter.GetBytes(score), 3 << 3, type]);

    /// <summary>A field of bytes in protobuf's wire format; short ones.</summary>
    private static byte[] Message(int field, byte[] content) => [(byte)(field << 3 | 2), (byte)content.Length, .. content];

    private void AssertModelRefused(byte[] model, string message)
    {
        IntraDistillException error = Assert.Throws<IntraDistillException>(() => LoadModel(model));
        Assert.StartsWith($"{Path.Combine(_folder, "sentencepiece.bpe.model")}:0: ", error.Message);
        Assert.Contains(message, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private PretrainedTokenizer LoadModel(byte[] model)
    {
        File.WriteAllBytes(Path.Combine(_folder, "sentencepiece.bpe.model"), model);
        return PretrainedTokenizer.Load(_folder);
    }

    /// <summary>The five special tokens, the bytes, and the results of two merges.</summary>
    private void WriteByteVocabulary()
    {
        string[] tokens = ["<pad>", "<unk>", "<s>", "</s>", "<mask>",
            .. Enumerable.Range(0, 256).Select(b => ByteLevel.Character((byte)b).ToString()), "ab", "##"];
        File.WriteAllText(Path.Combine(_folder, "vocab.json"), System.Text.Json.JsonSerializer.Serialize(
            tokens.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id)));
    }

    private void AssertRefused((string Name, string Text) file, int line, string message)
    {
        string path = Path.Combine(_folder, file.Name);
        File.WriteAllText(path, file.Text);
        IntraDistillException error = Assert.Throws<IntraDistillException>(() => PretrainedTokenizer.Load(_folder));
        Assert.StartsWith($"{path}:{line}: ", error.Message);
        Assert.Contains(message, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private string Refusal() => Assert.ThrowsAny<IntraDistillException>(() => PretrainedTokenizer.Load(_folder)).Message;
}
