using System.Globalization;

namespace IntraDistill.Tasks;

/// <summary>How many entities there are, and how many were found.</summary>
/// <param name="Correct">The entities that were predicted with the right type and the right tokens.</param>
/// <param name="Predicted">The entities that were predicted.</param>
/// <param name="Gold">The entities that there are.</param>
public readonly record struct EntityCounts(int Correct, int Predicted, int Gold)
{
    /// <summary>The share of the predicted entities that is right, in percent; 0 where none was predicted.</summary>
    public double Precision => 100 * Share(Correct, Predicted);

    /// <summary>The share of the entities that was found, in percent; 0 where there are none.</summary>
    public double Recall => 100 * Share(Correct, Gold);

    /// <summary>The harmonic mean of precision and recall, in percent; 0 where both are.</summary>
    public double F1
    {
        get
        {
            // From shares and not from counts, as the others have it: to the last digit.
            (double precision, double recall) = (Share(Correct, Predicted), Share(Correct, Gold));
            return Correct == 0 ? 0 : 100 * (2 * precision * recall / (precision + recall));
        }
    }

    /// <summary>As <c>precision 68.83, recall 80.83, F1 74.35</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"precision {Precision:F2}, recall {Recall:F2}, F1 {F1:F2}");

    private static double Share(int part, int whole) => whole == 0 ? 0 : (double)part / whole;
}

/// <summary>
/// Scores of predicted entities by the rules of <c>conlleval</c> (Tjong Kim Sang &amp; Buchholz 2000), which seqeval and so XTREME
/// follow: an entity counts if its type and all its tokens are right. See <see cref="EntitySpan.Of"/> for what makes one.
/// </summary>
/// <param name="Overall">Over the entities of all types.</param>
/// <param name="Accuracy">The share of tokens whose tag is right, in percent.</param>
public sealed record EntityF1(EntityCounts Overall, double Accuracy)
{
    /// <summary>Scores predicted tags against the right ones.</summary>
    /// <param name="predictions">The predicted tags of each sentence.</param>
    /// <param name="gold">Its right tags, as many.</param>
    /// <exception cref="IntraDistillException">
    /// The lists, or the tags of a sentence, differ in number, there is no sentence, or a tag is none.
    /// </exception>
    public static EntityF1 Of(IReadOnlyList<IReadOnlyList<string>> predictions, IReadOnlyList<IReadOnlyList<string>> gold)
    {
        Check(predictions, gold);
        long tokens = 0, right = 0;
        EntityCounts overall = default;
        for (int i = 0; i < gold.Count; i++)
        {
            EntityCounts here = Count(predictions[i], gold[i], i);
            overall = new(overall.Correct + here.Correct, overall.Predicted + here.Predicted, overall.Gold + here.Gold);
            tokens += gold[i].Count;
            right += gold[i].Zip(predictions[i]).Count(pair => pair.First == pair.Second);
        }
        return new EntityF1(overall, tokens == 0 ? 0 : 100.0 * right / tokens);
    }

    /// <summary>
    /// The counts from which <see cref="Bootstrap"/> scores resamples of the sentences, by F1 over all types, in percent.
    /// </summary>
    /// <inheritdoc cref="Of"/>
    public static SegmentStatistics Statistics(
        IReadOnlyList<IReadOnlyList<string>> predictions, IReadOnlyList<IReadOnlyList<string>> gold)
    {
        Check(predictions, gold);
        int[] counts = new int[3 * gold.Count];
        for (int i = 0; i < gold.Count; i++)
            (counts[3 * i], counts[3 * i + 1], counts[3 * i + 2]) = Count(predictions[i], gold[i], i);
        return SegmentStatistics.OfSums(counts, 3, sums => new EntityCounts(sums[0], sums[1], sums[2]).F1,
            $"entities:conlleval|metric:F1|version:{SegmentStatistics.Version}");
    }

    /// <summary>As <c>accuracy 84.08, precision 68.83, recall 80.83, F1 74.35</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"accuracy {Accuracy:F2}, {Overall}");

    private static EntityCounts Count(IReadOnlyList<string> predicted, IReadOnlyList<string> gold, int sentence)
    {
        HashSet<EntitySpan> right = [.. Spans(gold, "gold tags")];
        IReadOnlyList<EntitySpan> found = Spans(predicted, "predicted tags");
        return new EntityCounts(found.Count(right.Contains), found.Count, right.Count);

        IReadOnlyList<EntitySpan> Spans(IReadOnlyList<string> tags, string which)
        {
            try
            {
                return EntitySpan.Of(tags);
            }
            catch (IntraDistillException e)
            {
                throw new IntraDistillException($"{which} of sentence {sentence} (from 0): {e.Message}", e);
            }
        }
    }

    private static void Check(IReadOnlyList<IReadOnlyList<string>> predictions, IReadOnlyList<IReadOnlyList<string>> gold)
    {
        Classification.CheckParallel(predictions.Count, gold.Count);
        for (int i = 0; i < gold.Count; i++)
            if (predictions[i].Count != gold[i].Count)
                throw new IntraDistillException($"sentence {i} (from 0): {predictions[i].Count} predicted tags, "
                    + $"where {gold[i].Count} were expected, one for each token");
    }
}
