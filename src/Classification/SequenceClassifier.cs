using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Predicts the classes, or the scores, of texts.</summary>
public static class SequenceClassifier
{
    /// <summary>Predicts, in evaluation mode and without gradients; the model's mode is afterwards what it was.</summary>
    /// <param name="model">The model, on any device. One that has several labels at once is not meant here.</param>
    /// <param name="batches">All texts, as <see cref="ClassificationBatches.InOrder"/> makes them.</param>
    /// <param name="seen">Called with each batch and its logits, (B, labels), so that a loss can be measured without another pass.</param>
    /// <returns>A prediction for each text, in the order of the list that the batches were made from: the number of the likeliest class, or
    /// for a regression the score, which need not lie in the task's scale.</returns>
    /// <exception cref="ArgumentException">The model has several labels at once, or the batches are not of one whole list.</exception>
    public static double[] Predict(BertForSequenceClassification model, IReadOnlyList<ClassificationBatch> batches,
        Action<ClassificationBatch, Tensor>? seen = null)
    {
        if (model.Problem == BertProblem.MultiLabel)
            throw new ArgumentException("a model of one label, or of a score, was expected; this one has several labels at once");
        double[] predictions = new double[batches.Sum(batch => batch.Tokens)];
        if (!batches.SelectMany(batch => batch.Indices).Order().SequenceEqual(Enumerable.Range(0, predictions.Length)))
            throw new ArgumentException(
                "the batches were expected to hold each text of a list once, as ClassificationBatches.InOrder does");
        return Evaluation.Of(model, () =>
        {
            foreach (ClassificationBatch batch in batches)
            {
                using var scope = NewDisposeScope();
                (Tensor ids, Tensor mask, Tensor types) = batch.Texts.On(model.Encoder.WordEmbeddings.device);
                Tensor logits = model.call(ids, mask, types);
                seen?.Invoke(batch, logits);
                Tensor answers = model.Problem == BertProblem.Regression ? logits.squeeze(-1) : logits.argmax(-1); // (B)
                foreach ((int text, double value) in batch.Indices.Zip(answers.to(float64).cpu().data<double>()))
                    predictions[text] = value;
            }
            return predictions;
        });
    }
}
