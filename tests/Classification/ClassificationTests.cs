using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class ClassificationTests
{
    // tp 4, fp 2, fn 1, tn 3
    private static readonly int[] s_predictions = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0];
    private static readonly int[] s_labels = [1, 1, 1, 1, 0, 0, 1, 0, 0, 0];

    [Fact]
    public void Scores_are_those_computed_by_hand()
    {
        Assert.Equal(0.7, Classification.Accuracy(s_predictions, s_labels), 1e-15);
        Assert.Equal(8.0 / 11, Classification.F1(s_predictions, s_labels), 1e-15);
        Assert.Equal((4 * 3 - 2 * 1) / Math.Sqrt(6 * 5 * 5 * 4), Classification.Matthews(s_predictions, s_labels), 1e-15);
    }

    [Fact]
    public void Accuracy_takes_any_number_of_classes() =>
        Assert.Equal(0.75, Classification.Accuracy([0, 2, 1, 2], [0, 2, 1, 1]));

    [Fact]
    public void All_right_is_1_and_all_wrong_is_the_least()
    {
        int[] flipped = [.. s_labels.Select(label => 1 - label)];
        Assert.Equal((1.0, 1.0, 1.0), Scores(s_labels, s_labels));
        Assert.Equal((0.0, 0.0, -1.0), Scores(flipped, s_labels));
    }

    [Fact]
    public void Without_a_positive_or_with_one_class_only_F1_and_Matthews_are_0()
    {
        Assert.Equal((1.0, 0.0, 0.0), Scores([0, 0], [0, 0]));
        Assert.Equal((1.0, 1.0, 0.0), Scores([1, 1], [1, 1]));
        Assert.Equal((0.5, 0.0, 0.0), Scores([0, 0], [0, 1]));
        Assert.Equal((0.5, 2.0 / 3, 0.0), Scores([1, 1], [0, 1]));
    }

    [Fact]
    public void Matthews_of_many_examples_stays_exact()
    {
        // As many as QQP's test set has: the product of the four sums is 2e21, more than a double holds exactly.
        int[] many = [.. Enumerable.Range(0, 390_965).Select(i => i % 3 == 0 ? 1 : 0)];
        Assert.Equal(1, Classification.Matthews(many, many));
    }

    [Fact]
    public void Matthews_stays_in_its_range()
    {
        // √3·√3 is rounded to just below 3.
        Assert.Equal(-1, Classification.Matthews([1, 0, 0, 0], [0, 1, 1, 1]));
        Assert.Equal(1, Classification.Matthews([1, 0, 0, 0], [1, 0, 0, 0]));
    }

    [Fact]
    public void Matthews_is_Pearson_of_the_classes_and_F1_the_harmonic_mean()
    {
        Gen<(int, int)[]> pairs = Gen.ArrayOf(
            from prediction in Gen.Choose(0, 1) from label in Gen.Choose(0, 1) select (prediction, label));
        Prop.ForAll(pairs.Where(pairs => pairs.Length >= 2).ToArbitrary(), pairs =>
        {
            int[] predictions = [.. pairs.Select(pair => pair.Item1)], labels = [.. pairs.Select(pair => pair.Item2)];
            double pearson = Correlation.Pearson([.. predictions.Select(p => (double)p)], [.. labels.Select(l => (double)l)]);
            Assert.Equal(pearson, Classification.Matthews(predictions, labels), 1e-12);

            double hits = pairs.Count(pair => pair is (1, 1));
            if (hits > 0)
            {
                double precision = hits / predictions.Sum(), recall = hits / labels.Sum();
                Assert.Equal(2 * precision * recall / (precision + recall), Classification.F1(predictions, labels), 1e-12);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(new int[0], new int[0], "no prediction to score")]
    [InlineData(new[] { 1 }, new[] { 1, 0 }, "1 predictions and 2 labels")]
    public void Lists_that_do_not_fit_are_refused(int[] predictions, int[] labels, string message)
    {
        foreach (Func<IReadOnlyList<int>, IReadOnlyList<int>, double> score in
            new[] { Classification.Accuracy, Classification.F1, Classification.Matthews })
            Assert.Contains(message, Assert.Throws<IntraDistillException>(() => score(predictions, labels)).Message);
    }

    [Theory]
    [InlineData(2, 0, "prediction 1 is class 2; expected 0 or 1")]
    [InlineData(0, -1, "label 1 is class -1; expected 0 or 1")]
    public void F1_and_Matthews_refuse_a_third_class(int prediction, int label, string message)
    {
        Assert.Equal(message, Assert.Throws<IntraDistillException>(() => Classification.F1([0, prediction], [0, label])).Message);
        Assert.Equal(message,
            Assert.Throws<IntraDistillException>(() => Classification.Matthews([0, prediction], [0, label])).Message);
    }

    private static (double, double, double) Scores(int[] predictions, int[] labels) => (
        Classification.Accuracy(predictions, labels), Classification.F1(predictions, labels),
        Classification.Matthews(predictions, labels));
}
