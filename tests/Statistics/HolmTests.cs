using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class HolmTests
{
    [Theory]
    // By hand. Four tests in any order: 4 · 0.005, 3 · 0.01, 2 · 0.03, and 0.04 not below the one before.
    [InlineData(new[] { 0.01, 0.04, 0.03, 0.005 }, new[] { 0.03, 0.06, 0.06, 0.02 })]
    [InlineData(new[] { 0.01, double.NaN, 0.02 }, new[] { 0.02, double.NaN, 0.02 })]
    [InlineData(new[] { 0.02, 0.02, 0.02 }, new[] { 0.06, 0.06, 0.06 })]
    [InlineData(new[] { 0.6, 0.7, 1 }, new[] { 1.0, 1, 1 })]
    [InlineData(new[] { 0.0, 0.3 }, new[] { 0.0, 0.3 })]
    [InlineData(new[] { 0.04 }, new[] { 0.04 })]
    [InlineData(new[] { double.NaN }, new[] { double.NaN })]
    [InlineData(new double[0], new double[0])]
    public void Values_are_those_of_the_step_down(double[] pValues, double[] adjusted)
    {
        double[] actual = Holm.Adjust(pValues);
        Assert.Equal(adjusted.Length, actual.Length);
        Assert.All(adjusted.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Fact]
    public void It_rejects_what_the_procedure_rejects()
    {
        // Holm 1979: from the smallest p on, reject while p(k) < level / (m − k); adjusted p is the least level that does.
        Random random = new(1);
        int rejected = 0;
        for (int trial = 0; trial < 500; trial++)
        {
            double[] pValues = [.. Enumerable.Range(0, 1 + trial % 8).Select(_ => Math.Pow(random.NextDouble(), 4))];
            double[] adjusted = Holm.Adjust(pValues);
            double[] ordered = [.. pValues.Order()];
            int rejections = ordered.TakeWhile((p, k) => p < 0.05 / (ordered.Length - k)).Count();
            Assert.Equal(rejections, adjusted.Count(p => p < 0.05));
            Assert.All(pValues.Zip(adjusted), pair => Assert.Equal(
                rejections > 0 && pair.First <= ordered[rejections - 1], pair.Second < 0.05));
            rejected += rejections;
        }
        Assert.True(rejected > 300, $"{rejected}");
    }

    [Theory]
    [InlineData(-0.01, "p-value 1 is -0.01; expected 0 to 1")]
    [InlineData(1.5, "p-value 1 is 1.5; expected 0 to 1")]
    [InlineData(double.PositiveInfinity, "p-value 1 is Infinity; expected 0 to 1")]
    public void What_is_no_p_value_is_refused(double pValue, string message) =>
        Assert.StartsWith(message, Assert.Throws<IntraDistillException>(() => Holm.Adjust([0.5, pValue])).Message);
}
