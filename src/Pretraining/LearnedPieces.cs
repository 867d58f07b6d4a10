using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>What a pretraining has learned of word pieces, to be looked at.</summary>
public static class LearnedPieces
{
    private const string VectorsName = "pieces.dat";

    /// <summary>Writes the vectors of word pieces into a run's folder.</summary>
    public static void Save(Embedding pieces, string folder) => pieces.save(Path.Combine(folder, VectorsName));

    /// <summary>Reads the vectors, (V, d) as the shape has them, onto the CPU.</summary>
    public static Tensor Load(string folder, BertSettings shape, ScalarType type)
    {
        using Embedding pieces = nn.Embedding(shape.VocabularySize, shape.HiddenSize).to(type);
        pieces.load(Path.Combine(folder, VectorsName));
        return pieces.weight!.detach().clone();
    }

    /// <summary>The likeliest four word pieces where one is hidden, in sentences with one <c>[MASK]</c> each, with their probabilities; the
    /// checkpoint is the folder of a model that was pretrained with both of BERT's tasks.</summary>
    /// <exception cref="IntraDistillException">A sentence has no <c>[MASK]</c>.</exception>
    public static KitTable Guesses(string title, string checkpoint, PretrainedTokenizer tokenizer, params IEnumerable<string> sentences)
    {
        var table = new KitTable(title, new("Sentence", Numeric: false), new("Guesses", Numeric: false));
        using var model = new BertForPreTraining(BertSettings.Load(checkpoint));
        HuggingFaceWeights.LoadInto(model, checkpoint);
        foreach (string sentence in sentences)
        {
            using var scope = NewDisposeScope();
            EncodedText text = tokenizer.Encode(sentence, null, model.Settings.MaxLength);
            int hidden = text.Ids.ToList().IndexOf(tokenizer.MaskId);
            if (hidden < 0)
                throw new IntraDistillException($"\"{sentence}\": expected a sentence with {tokenizer.Token(tokenizer.MaskId)}");
            (Tensor ids, Tensor mask, Tensor types) = EncodedBatch.Pad([text], tokenizer.PadId).On(CPU);      // (1, T) each
            (Tensor shares, Tensor best) = Evaluation.Of(model, () =>
                model.Logits(model.Encoder.call(ids, mask, types)[0, hidden]).softmax(-1).topk(4));
            table.Row(sentence, string.Join(", ", best.data<long>().Zip(shares.data<float>(), (id, share) =>
                FormattableString.Invariant($"{tokenizer.Token((int)id)} {100 * share:F0} %"))));
        }
        return table;
    }

    /// <summary>The word pieces that lie nearest to a word by the cosine of their vectors, (V, d): at most twelve, without the word's own.
    /// A word of several pieces is their mean.</summary>
    public static KitTable Neighbours(string title, Tensor vectors, PretrainedTokenizer tokenizer, params IEnumerable<string> words)
    {
        var table = new KitTable(title, new("Word", Numeric: false), new("Neighbours", Numeric: false));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor unit = nn.functional.normalize(vectors.cpu().to(float32), dim: -1);                            // (V, d)
        foreach (string word in words)
        {
            long[] ids = [.. tokenizer.Encode(word, null, 16).Ids.Skip(1).SkipLast(1).Select(id => (long)id)];
            (_, Tensor nearest) = unit.mv(unit.index_select(0, tensor(ids)).mean([0L])).topk(12);
            table.Row(word, string.Join("  ", nearest.data<long>().Where(id => !ids.Contains(id)).Select(id => tokenizer.Token((int)id))));
        }
        return table;
    }
}
