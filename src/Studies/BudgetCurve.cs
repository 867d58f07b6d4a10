namespace IntraDistill;

/// <summary>
/// A score over a budget of training (updates, passes, minutes), as the mean of several seeds: arms are compared at every budget, and
/// not at one that somebody chose.
/// </summary>
/// <param name="Budget">The budgets, ascending: those that all seeds have reached.</param>
/// <param name="Mean">The mean over the seeds at each.</param>
/// <param name="Low">The lowest of the seeds at each.</param>
/// <param name="High">The highest.</param>
public sealed record BudgetCurve(
    IReadOnlyList<double> Budget, IReadOnlyList<double> Mean, IReadOnlyList<double> Low, IReadOnlyList<double> High) : KitRecord
{
    /// <summary>The curve of several seeds.</summary>
    /// <param name="seeds">Of each seed its budgets and scores.</param>
    /// <exception cref="IntraDistillException">There is no seed, or no budget that all of them have.</exception>
    public static BudgetCurve Of(IReadOnlyList<IReadOnlyList<(double Budget, double Score)>> seeds)
    {
        double[] shared = seeds.Count == 0 ? [] : [.. seeds.Select(seed => seed.Select(point => point.Budget))
            .Aggregate((all, more) => all.Intersect(more)).Order()];
        if (shared.Length == 0)
            throw new IntraDistillException($"{seeds.Count} seeds have no budget in common; expected one or more at which all have a score");
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

    /// <summary>
    /// Curves at eight budgets, an arm a column, with who is ahead; and in notes where one of them crosses others, and where each levels off
    /// (comes within half a point of its best).
    /// </summary>
    /// <param name="title">The table's caption.</param>
    /// <param name="unit">Of the budget, as <c>minutes</c>.</param>
    /// <param name="curves">The curves by name; higher is better.</param>
    /// <param name="of">The one whose crossings with the others are told.</param>
    /// <param name="decimals">How many of the budget are shown.</param>
    public static KitTable Table(string title, string unit, IReadOnlyList<(string Name, BudgetCurve Curve)> curves, string of, int decimals = 0)
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
            table.Note($"{of} and {name}: " + (crossings.Count == 0 ? "the curves do not cross."
                : string.Join(", ", crossings.Select(one => $"{(one.Above ? "ahead" : "behind")} from {Text(one.Budget)} {unit} on")) + "."));
        }
        return table.Note($"Levels off: {string.Join(", ", curves.Select(one => $"{one.Name} at {Text(one.Curve.LevelsOff(0.5))}"))} {unit}.");
    }

    /// <summary>The budgets at which this curve comes to lie above another or falls below it, ascending.</summary>
    /// <returns>Each with whether this curve is above from there on.</returns>
    public IReadOnlyList<(double Budget, bool Above)> Crossings(BudgetCurve other)
    {
        double[] grid = [.. Budget.Concat(other.Budget).Distinct().Order().Where(at => !double.IsNaN(At(at) - other.At(at)))];
        List<(double, bool)> crossings = [];
        // The last budget at which one of them was above: where they touch, nothing is crossed yet.
        int last = -1;
        for (int i = 0; i < grid.Length; i++)
        {
            double now = At(grid[i]) - other.At(grid[i]);
            if (now == 0)
                continue;
            if (last >= 0 && At(grid[last]) - other.At(grid[last]) is var before && Math.Sign(before) != Math.Sign(now))
                crossings.Add((grid[last] + (grid[i] - grid[last]) * before / (before - now), now > 0));
            last = i;
        }
        return crossings;
    }

    /// <summary>
    /// The first budget whose score is as good as the best of the whole curve but for a margin: what comes later brings less than that.
    /// </summary>
    /// <param name="margin">In units of the score, 0 or more.</param>
    /// <param name="higherIsBetter">Whether a greater score is a better one.</param>
    public double LevelsOff(double margin, bool higherIsBetter = true)
    {
        double best = higherIsBetter ? Mean.Max() : Mean.Min();
        return Budget[Mean.ToList().FindIndex(score => higherIsBetter ? score >= best - margin : score <= best + margin)];
    }
}
