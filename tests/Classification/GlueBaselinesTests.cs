using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class GlueBaselinesTests
{
    [Fact]
    public void The_most_frequent_class_and_the_mean_score_are_those_of_training()
    {
        Assert.Equal([1, 1], GlueBaselines.MostFrequent(Corpus(GlueTask.CoLA,
            [new("a", null, 1, "0"), new("b", null, 0, "1"), new("c", null, 1, "2")], [new("d", null, 0, "0"), new("e", null, 0, "1")])));
        Assert.Equal([2.5], GlueBaselines.MostFrequent(Corpus(GlueTask.StsB,
            [new("a", "b", 1, "0"), new("b", "c", 4, "1")], [new("d", "e", 0, "0")])));
    }

    [Fact]
    public void The_nearest_neighbour_gives_its_label()
    {
        GlueCorpus corpus = Corpus(GlueTask.CoLA,
            [new("the file was not found", null, 1, "0"), new("the project has no name", null, 0, "1")],
            [new("this project has no names", null, null, "0"), new("a file was not found", null, null, "1")]);
        Assert.Equal([0, 1], GlueBaselines.NearestNeighbour(corpus));
    }

    [Fact]
    public void The_threshold_of_surface_similarity_is_the_best_of_all_in_training()
    {
        Random random = new(1);
        for (int trial = 0; trial < 200; trial++)
        {
            LabelledText[] train = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => Draw())];
            GlueCorpus corpus = Corpus(GlueTask.Mrpc, train, train);
            IReadOnlyList<double> predicted = GlueBaselines.SurfaceSimilarity(corpus)!;

            double[] cosines = [.. train.Select(text => CharacterGrams.Cosine(text.Text, text.Pair!))];
            int best = cosines.Append(2).Max(threshold => new[] { 0, 1 }.Max(above => train.Zip(cosines)
                .Count(pair => (pair.Second >= threshold ? above : 1 - above) == pair.First.Label)));
            Assert.Equal(best, train.Zip(predicted).Count(pair => pair.First.Label == pair.Second));
        }

        LabelledText Draw() => new(Words(), Words(), random.Next(2), "");
        string Words() => string.Join(' ', Enumerable.Range(0, 3).Select(_ => new[] { "file", "name", "type" }[random.Next(3)]));
    }

    [Fact]
    public void Surface_similarity_of_a_regression_is_the_cosine_and_there_is_none_of_single_texts()
    {
        Assert.Equal([1.0, 0.0], GlueBaselines.SurfaceSimilarity(Corpus(GlueTask.StsB,
            [new("a", "b", 1, "0")], [new("one text", "one text", 0, "0"), new("one text", "quite another", 0, "1")])));
        Assert.Null(GlueBaselines.SurfaceSimilarity(Corpus(GlueTask.CoLA, [new("a", null, 1, "0")], [new("d", null, 0, "0")])));
    }

    [Fact]
    public void Training_texts_must_be_there_and_have_labels()
    {
        Assert.Contains("at least one training text",
            Assert.Throws<IntraDistillException>(() => GlueBaselines.MostFrequent(Corpus(GlueTask.CoLA, [], []))).Message);
        Assert.Contains("training text 7 has no label", Assert.Throws<IntraDistillException>(
            () => GlueBaselines.NearestNeighbour(Corpus(GlueTask.CoLA, [new("a", null, null, "7")], []))).Message);
    }

    private static GlueCorpus Corpus(GlueTask task, LabelledText[] train, LabelledText[] dev) => new(task, train, dev, []);
}
