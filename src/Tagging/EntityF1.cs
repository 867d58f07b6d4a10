using System.Globalization;

namespace IntraDistill.Tasks;

/// <summary>An entity of a sentence: the tokens from <paramref name="Start"/> to before <paramref name="End"/>; the type is what stands
/// after the hyphen of its tags: <c>PER</c>.</summary>
public readonly record struct EntitySpan(string Type, int Start, int End)
{
    /// <summary>The entities that a sentence's tags make, as <c>conlleval</c> reads them, whichever of IOB1, IOB2 and IOBES the tags are
    /// written in, and whether or not they are well-formed: an entity begins at every B and S, and at an I or E that follows O, E, S or
    /// another type; it ends where the next one begins, at O, and after E or S.</summary>
    /// <param name="tags">A tag for each token: <c>O</c>, or <c>B</c>, <c>I</c>, <c>E</c> or <c>S</c> with a type after a hyphen.</param>
    /// <exception cref="IntraDistillException">A tag is none of these.</exception>
    public static IReadOnlyList<EntitySpan> Of(IReadOnlyList<string> tags)
    {
        List<EntitySpan> found = [];
        (char before, string type, int start) = ('O', "", 0);
        for (int i = 0; i < tags.Count; i++)
        {
            (char prefix, string typeHere) = Parse(tags[i]);
            bool begins = prefix != 'O' && (prefix is 'B' or 'S' || before is 'O' or 'E' or 'S' || typeHere != type);
            if (before != 'O' && (begins || prefix == 'O'))
                found.Add(new(type, start, i));
            (before, type, start) = (prefix, typeHere, begins ? i : start);
        }
        if (before != 'O')
            found.Add(new(type, start, tags.Count));
        return found;
    }

    // A type may be missing, as in data with one kind of entity, and may have hyphens of its own.
    private static (char Prefix, string Type) Parse(string tag) => tag switch
    {
        "O" => ('O', ""),
        ['B' or 'I' or 'E' or 'S'] => (tag[0], ""),
        ['B' or 'I' or 'E' or 'S', '-', .. string type] => (tag[0], type),
        _ => throw new IntraDistillException($"tag '{tag}', where O, or a type after B-, I-, E- or S- was expected"),
    };
}

/// <summary>How many entities there are, how many were predicted, and how many of these with the right type and the right tokens.</summary>
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

/// <summary>Scores of predicted entities by the rules of <c>conlleval</c> (Tjong Kim Sang &amp; Buchholz 2000), which seqeval and so XTREME
/// follow: an entity counts if its type and all its tokens are right. See <see cref="EntitySpan.Of"/> for what makes one.</summary>
/// <param name="Overall">Over the entities of all types.</param>
/// <param name="Accuracy">The share of tokens whose tag is right, in percent.</param>
public sealed record EntityF1(EntityCounts Overall, double Accuracy)
{
    /// <summary>Scores the predicted tags of each sentence against its right ones.</summary>
    /// <exception cref="IntraDistillException">The lists, or the tags of a sentence, differ in number, there is no sentence, or a tag is
    /// none.</exception>
    public static EntityF1 Of(IReadOnlyList<IReadOnlyList<string>> predictions, IReadOnlyList<IReadOnlyList<string>> gold)
    {
        EntityCounts[] counts = Count(predictions, gold);
        int tokens = gold.Sum(tags => tags.Count);
        int right = gold.Zip(predictions).Sum(pair => pair.First.Zip(pair.Second).Count(tag => tag.First == tag.Second));
        return new(new(counts.Sum(one => one.Correct), counts.Sum(one => one.Predicted), counts.Sum(one => one.Gold)),
            tokens == 0 ? 0 : 100.0 * right / tokens);
    }

    /// <summary>The counts from which <see cref="Bootstrap"/> scores resamples of the sentences, by F1 over all types, in
    /// percent.</summary>
    /// <inheritdoc cref="Of"/>
    public static SegmentStatistics Statistics(
        IReadOnlyList<IReadOnlyList<string>> predictions, IReadOnlyList<IReadOnlyList<string>> gold) =>
        SegmentStatistics.OfSums([.. Count(predictions, gold).SelectMany(one => new[] { one.Correct, one.Predicted, one.Gold })], 3,
            sums => new EntityCounts(sums[0], sums[1], sums[2]).F1, $"entities:conlleval|metric:F1|version:{SegmentStatistics.Version}");

    /// <summary>As <c>accuracy 84.08, precision 68.83, recall 80.83, F1 74.35</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"accuracy {Accuracy:F2}, {Overall}");

    private static EntityCounts[] Count(IReadOnlyList<IReadOnlyList<string>> predictions, IReadOnlyList<IReadOnlyList<string>> gold)
    {
        Classification.CheckParallel(predictions.Count, gold.Count);
        for (int i = 0; i < gold.Count; i++)
            if (predictions[i].Count != gold[i].Count)
                throw new IntraDistillException($"sentence {i} (from 0): {predictions[i].Count} predicted tags, "
                    + $"where {gold[i].Count} were expected, one for each token");
        return [.. gold.Select((tags, i) =>
        {
            HashSet<EntitySpan> right = [.. Spans(tags, "gold tags", i)];
            IReadOnlyList<EntitySpan> found = Spans(predictions[i], "predicted tags", i);
            return new EntityCounts(found.Count(right.Contains), found.Count, right.Count);
        })];

        static IReadOnlyList<EntitySpan> Spans(IReadOnlyList<string> tags, string which, int sentence)
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
}
