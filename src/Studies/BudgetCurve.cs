namespace IntraDistill;

/// <summary>A score over a budget of training (updates, passes, minutes), as the mean of several seeds: arms are compared at every budget,
/// not at one that somebody chose. At each budget that all have reached, ascending, mean, lowest and highest.</summary>
public sealed record BudgetCurve(
    IReadOnlyList<double> Budget, IReadOnlyList<double> Mean, IReadOnlyList<double> Low, IReadOnlyList<double> High) : KitRecord
{
    /// <summary>The curve of several seeds, of each its budgets and scores.</summary>
    /// <exception cref="IntraDistillException">There is no seed, or no budget that all of them have.</exception>
    public static BudgetCurve Of(IReadOnlyList<IReadOnlyList<(double Budget, double Score)>> seeds)
    {
        double[] shared = seeds.Count == 0 ? [] : [.. seeds.Select(seed => seed.Select(point => point.Budget))
            .Aggregate((all, more) => all.Intersect(more)).Order()];
        if (shared.Length == 0)
            throw new IntraDistillException(
                $"{seeds.Count} seeds have no budget in common; expected one or more at which all have a score");
        double[][] scores = [.. shared.Select(budget =>
            seeds.Select(seed => seed.First(point => point.Budget == budget).Score).ToArray())];
        return new(shared, [.. scores.Select(at => at.Average())], [.. scores.Select(at => at.Min())], [.. scores.Select(at => at.Max())]);
    }

    /// <summary>The mean at a budget, on a straight line between the two measured beside it; NaN outside of what was measured.</summary>
    public double At(double budget)
    {
        int above = Budget.ToList().FindIndex(one => one >= budget);
        if (above < 0 || above == 0 && Budget[0] > budget)
            return double.NaN;
        if (Budget[above] == budget)
            return Mean[above];
        double part = (budget - Budget[above - 1]) / (Budget[above] - Budget[above - 1]);
        return Mean[above - 1] + part * (Mean[above] - Mean[above - 1]);
    }

    /// <summary>Curves, of which a higher one is better, at eight budgets in a unit (as <c>minutes</c>), an arm a column, with who is
    /// ahead; and in notes where one crosses the others, and where each comes within half a point of its best.</summary>
    public static KitTable Table(
        string title, string unit, IReadOnlyList<(string Name, BudgetCurve Curve)> curves, string of, int decimals = 0)
    {
        string Text(double budget) => KitCell.Number(budget, decimals).Text;
        var table = new KitTable(title, [new(unit), .. curves.Select(one => new KitColumn(one.Name)), new("Ahead", Numeric: false)]);
        double most = curves.Max(one => one.Curve.Budget[^1]);
        foreach (double at in Enumerable.Range(1, 8).Select(eighth => most * eighth / 8))
        {
            var there = curves.Select(one => (one.Name, Score: one.Curve.At(at))).ToArray();
            var ranked = there.Where(one => !double.IsNaN(one.Score)).OrderByDescending(one => one.Score).ToArray();
            table.Row([Text(at), .. there.Select(one => double.IsNaN(one.Score) ? "–" : KitCell.Number(one.Score, 1)),
                ranked.Length < 2 ? "–" : $"{ranked[0].Name} by {KitCell.Number(ranked[0].Score - ranked[1].Score, 1).Text}"]);
        }
        BudgetCurve main = curves.First(one => one.Name == of).Curve;
        foreach (var (name, curve) in curves.Where(one => one.Name != of))
        {
            var crossings = main.Crossings(curve);
            table.Note($"{of} and {name}: " + (crossings.Count == 0 ? "the curves do not cross" : string.Join(", ", crossings.Select(one =>
                $"{(one.Above ? "ahead" : "behind")} from {Text(one.Budget)} {unit} on"))) + ".");
        }
        IEnumerable<string> level = curves.Select(one => $"{one.Name} at {Text(one.Curve.LevelsOff(0.5))}");
        return table.Note($"Levels off: {string.Join(", ", level)} {unit}.");
    }

    /// <summary>The budgets at which this curve comes to lie above another or falls below it, ascending; and which.</summary>
    internal IReadOnlyList<(double Budget, bool Above)> Crossings(BudgetCurve other)
    {
        // Where they touch, nothing is crossed yet.
        var apart = Budget.Concat(other.Budget).Distinct().Order().Select(at => (Budget: at, Lead: At(at) - other.At(at)))
            .Where(one => !double.IsNaN(one.Lead) && one.Lead != 0).ToArray();
        return [.. apart.Zip(apart.Skip(1), (last, now) => (last, now)).Where(pair => Math.Sign(pair.last.Lead) != Math.Sign(pair.now.Lead))
            .Select(pair => (pair.last.Budget + (pair.now.Budget - pair.last.Budget) * pair.last.Lead / (pair.last.Lead - pair.now.Lead),
                pair.now.Lead > 0))];
    }

    /// <summary>The first budget whose score is as good as the best but for a margin: what comes later brings less than that.</summary>
    internal double LevelsOff(double margin)
    {
        double best = Mean.Max();
        return Budget[Mean.ToList().FindIndex(score => score >= best - margin)];
    }
}
