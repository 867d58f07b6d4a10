using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class BleuTests
{
    [Theory]
    // Simple case mapping of all of Unicode must work under InvariantGlobalization, and Python's two special rules.
    [InlineData("ÄÖÜ ŁÓDŹ ŽLUŤOUČKÝ ПРИВЕТ", "äöü łódź žluťoučký привет")]
    [InlineData("İSTANBUL IŞIK", "i̇stanbul işik")]
    [InlineData("ΟΔΟΣ ΣΟΦΟΣ. ΑΣΑ", "οδος σοφος. ασα")]
    [InlineData("𐐀𐐁 𐐂", "𐐨𐐩 𐐪")]
    public void Lower_casing_is_pythons(string upper, string lower)
    {
        BleuSettings settings = new() { Lowercase = true, Tokenizer = BleuTokenizer.None };
        BleuScore score = Bleu.Corpus([upper], [lower], settings);
        Assert.Equal(score.SystemLength, score.Counts[0]);
        Assert.True(Bleu.Corpus([upper], [lower], settings with { Lowercase = false }).Counts[0] < score.SystemLength);
    }

    [Fact]
    public void A_score_prints_as_sacrebleu_prints_it() => Assert.Equal(
        "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:IntraDistill.Kit-0.1.0 = 77.88 100.0/100.0/100.0/100.0 "
        + "(BP = 0.779 ratio = 0.800 hyp_len = 4 ref_len = 5)",
        Bleu.Corpus(["the cat sat on"], ["the cat sat on it"]).ToString());

    [Fact]
    public void Matches_are_clipped_at_the_references_count()
    {
        BleuScore score = Bleu.Corpus(["the the the the the the the"], ["the cat is on the mat"]);
        Assert.Equal([2, 0, 0, 0], score.Counts);
    }

    [Fact]
    public void Lists_of_different_lengths_are_an_error_that_names_them()
    {
        string message = Assert.Throws<IntraDistillException>(() => Bleu.Corpus(["a", "b"], ["a"])).Message;
        Assert.Contains("2 hypotheses and 1 references", message);
        Assert.Throws<IntraDistillException>(() => Chrf.Statistics(["a", "b"], ["a"]));
        Assert.Throws<IntraDistillException>(() => Bleu.Statistics(["a", "b"], ["a"]));
    }

    [Fact]
    public void An_empty_corpus_is_an_error()
    {
        Assert.Throws<IntraDistillException>(() => Bleu.Corpus([], []));
        Assert.Throws<IntraDistillException>(() => Chrf.Statistics([], []));
    }
}
