using System.Text.Json;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>Every case of reference/sacrebleu.json, made by sacreBLEU itself.</summary>
public class SacreBleuReferenceTests
{
    private const double Tolerance = 1e-10;

    public static TheoryData<string> Cases => new(
        "mutated-0", "mutated-1", "mutated-2", "mutated-3", "identical", "empty-system", "no-4gram-match");

    [Fact]
    public void All_cases_of_the_file_are_tested()
    {
        using JsonDocument file = ReferenceData.Json("sacrebleu.json");
        Assert.Equal(
            file.RootElement.EnumerateArray().Select(c => c.GetProperty("name").GetString()!),
            Cases.Select(row => row.Data));
    }

    [Theory, MemberData(nameof(Cases))]
    public void Corpus_bleu_matches_with_each_tokenizer(string name)
    {
        using JsonDocument file = ReferenceData.Json("sacrebleu.json");
        JsonElement reference = Case(file, name);
        foreach ((string key, BleuTokenizer tokenizer) in new[] { ("13a", BleuTokenizer.V13a), ("none", BleuTokenizer.None) })
        {
            JsonElement expected = reference.GetProperty(key);
            BleuScore actual = Bleu.Corpus(
                Texts(reference, "system"), Texts(reference, "reference"), new() { Tokenizer = tokenizer });
            Assert.Equal(expected.GetProperty("score").GetDouble(), actual.Score, Tolerance);
            Assert.Equal(expected.GetProperty("bp").GetDouble(), actual.BrevityPenalty, Tolerance);
            Assert.Equal(expected.GetProperty("sys_len").GetInt32(), actual.SystemLength);
            Assert.Equal(expected.GetProperty("ref_len").GetInt32(), actual.ReferenceLength);
            Assert.Equal(Integers(expected, "counts"), actual.Counts);
            Assert.Equal(Integers(expected, "totals"), actual.Totals);
            foreach ((JsonElement e, double a) in expected.GetProperty("precisions").EnumerateArray().Zip(actual.Precisions))
                Assert.Equal(e.GetDouble(), a, Tolerance);

            // The signature differs from sacreBLEU's in the version alone.
            string signature = expected.GetProperty("signature").GetString()!;
            Assert.Equal(signature[..signature.LastIndexOf(':')], actual.Signature[..actual.Signature.LastIndexOf(':')]);
            Assert.EndsWith("|version:IntraDistill.Kit-0.1.0", actual.Signature);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Lower_cased_bleu_matches(string name)
    {
        using JsonDocument file = ReferenceData.Json("sacrebleu.json");
        JsonElement reference = Case(file, name);
        BleuScore actual = Bleu.Corpus(Texts(reference, "system"), Texts(reference, "reference"), new() { Lowercase = true });
        Assert.Equal(reference.GetProperty("13a_lc").GetProperty("score").GetDouble(), actual.Score, Tolerance);
        Assert.Contains("|case:lc|", actual.Signature);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Chrf_matches(string name)
    {
        using JsonDocument file = ReferenceData.Json("sacrebleu.json");
        JsonElement reference = Case(file, name);
        SegmentStatistics actual = Chrf.Statistics(Texts(reference, "system"), Texts(reference, "reference"));
        Assert.Equal(reference.GetProperty("chrf").GetProperty("score").GetDouble(), actual.Score, Tolerance);
        Assert.StartsWith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:", actual.Signature);
    }

    private static JsonElement Case(JsonDocument file, string name) =>
        file.RootElement.EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);

    private static string[] Texts(JsonElement element, string key) =>
        [.. element.GetProperty(key).EnumerateArray().Select(e => e.GetString()!)];

    private static int[] Integers(JsonElement element, string key) =>
        [.. element.GetProperty(key).EnumerateArray().Select(e => e.GetInt32())];
}
