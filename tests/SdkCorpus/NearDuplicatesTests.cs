using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class NearDuplicatesTests
{
    [Theory]
    [InlineData(0.3)]
    [InlineData(0.6)]
    [InlineData(1.0)]
    public void Clusters_equal_those_of_comparing_every_pair(double threshold)
    {
        Gen<string[]> texts = Gen.Choose(0, 12).SelectMany(length => Gen.Elements("ab A".ToCharArray()).ArrayOf(length))
            .Select(letters => new string(letters)).ArrayOf(25);
        Prop.ForAll(texts.ToArbitrary(), list =>
        {
            Assert.Equal(EveryPair(list, threshold), NearDuplicates.Cluster(list, threshold));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Likeness_is_passed_on()
    {
        string[] texts =
        [
            "the file could not be opened for reading", "Something else entirely", "the file could not be opened for reading it",
            "your file could not be opened for reading it", "THE FILE  could not be opened for reading",
        ];
        Assert.Equal([0, 1, 0, 0, 0], NearDuplicates.Cluster(texts, 0.85));
    }

    [Fact]
    public void The_nearest_neighbour_gives_its_translation()
    {
        SentencePair[] train =
        [
            new("Datei nicht gefunden", "file not found"), new("Option unbekannt", "unknown option"),
            new("Datei offen", "file open"),
        ];
        Assert.Equal(
            ["unknown option", "file not found", "file open", "file not found"],
            TranslationBaselines.NearestNeighbour(train, ["die Option ist unbekannt", "Datei gefunden", "datei OFFEN", "xyz"]));
        Assert.Throws<IntraDistillException>(() => TranslationBaselines.NearestNeighbour([], ["a"]));
    }

    private static int[] EveryPair(string[] texts, double threshold)
    {
        HashSet<string>[] grams = [.. texts.Select(Grams)];
        int[] clusters = [.. Enumerable.Range(0, texts.Length)];
        for (int i = 0; i < texts.Length; i++)
            for (int j = 0; j < i; j++)
                if (grams[i].Intersect(grams[j]).Count() >= threshold * Math.Sqrt(grams[i].Count * grams[j].Count) - 1e-9)
                {
                    (int from, int to) = (clusters[i], clusters[j]);
                    clusters = [.. clusters.Select(cluster => cluster == from ? to : cluster)];
                }
        List<int> order = [.. clusters.Distinct()];
        return [.. clusters.Select(cluster => order.IndexOf(cluster))];
    }

    private static HashSet<string> Grams(string text)
    {
        string normal = string.Join(' ', text.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries));
        string padded = $"\u0002{normal}\u0002";
        return padded.Length < 4 ? [padded] : [.. Enumerable.Range(0, padded.Length - 3).Select(i => padded.Substring(i, 4))];
    }
}
