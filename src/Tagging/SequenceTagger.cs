using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Predicts the tags of sentences' tokens.</summary>
public static class SequenceTagger
{
    /// <summary>Predicts, in evaluation mode and without gradients; the model's mode is afterwards what it was.</summary>
    /// <param name="model">The model, on any device; its labels are the tags.</param>
    /// <param name="batches">All sentences, as <see cref="TaggingBatches.InOrder"/> makes them.</param>
    /// <param name="seen">Called with each batch and its logits, (B, T, labels), so that a loss can be measured without another
    /// pass.</param>
    /// <returns>For each sentence, in the order of the list that the batches were made from, a tag for each token: the likeliest label at
    /// its first piece; O for a token that has no piece. What <see cref="EntityF1"/> takes.</returns>
    /// <exception cref="ArgumentException">The batches are not of one whole list.</exception>
    public static IReadOnlyList<IReadOnlyList<string>> Predict(
        BertForTokenClassification model, IReadOnlyList<TaggingBatch> batches, Action<TaggingBatch, Tensor>? seen = null)
    {
        string[][] tags = Outside(batches);
        IReadOnlyList<string> names = model.Settings.Labels;
        return Evaluation.Of(model, () =>
        {
            foreach (TaggingBatch batch in batches)
            {
                using var scope = NewDisposeScope();
                (Tensor ids, Tensor mask, Tensor types) = batch.Texts.On(model.Encoder.WordEmbeddings.device);
                Tensor logits = model.call(ids, mask, types);
                seen?.Invoke(batch, logits);
                long[] labels = [.. logits.argmax(-1).cpu().data<long>()]; // (B, T)
                int place = 0;
                for (int row = 0; row < batch.Rows.Count; row++)
                    for (int column = 0; column < batch.Words.GetLength(1); column++, place++)
                        if (batch.Words[row, column] is >= 0 and int word)
                            tags[batch.Rows[row].Sentence][word] = names[(int)labels[place]];
            }
            return tags;
        });
    }

    /// <summary>F1 and mean loss of tagged sentences, in one pass over <see cref="TaggingBatches.InOrder"/> of them.</summary>
    public static Validation Validate(
        BertForTokenClassification model, IReadOnlyList<TaggedSentence> sentences, IReadOnlyList<TaggingBatch> batches)
    {
        double loss = 0;
        var predicted = Predict(model, batches, (batch, logits) =>
        {
            if (batch.Tokens > 0)
                loss += batch.Tokens * BertForTokenClassification.Loss(logits, batch.LabelsOn(logits.device)).ToDouble();
        });
        return new(EntityF1.Of(predicted, [.. sentences.Select(one => one.Tags)]).Overall.F1, loss / batches.Sum(batch => batch.Tokens));
    }

    // O for every token of the sentences that the rows make up.
    private static string[][] Outside(IReadOnlyList<TaggingBatch> batches)
    {
        TaggingRow[][] sentences = [.. batches.SelectMany(batch => batch.Rows).OrderBy(row => row.Sentence).ThenBy(row => row.FirstWord)
            .GroupBy(row => row.Sentence).Select(rows => rows.ToArray())];
        if (sentences.Where((rows, i) => rows[0].Sentence != i || rows[0].FirstWord != 0
            || rows.Zip(rows.Skip(1)).Any(pair => pair.Second.FirstWord != pair.First.EndWord || pair.Second.FirstWord == 0)).Any())
            throw new ArgumentException(
                "the batches were expected to hold each sentence of a list once and whole, as TaggingBatches.InOrder does");
        return [.. sentences.Select(rows => Enumerable.Repeat("O", rows[^1].EndWord).ToArray())];
    }
}
