using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Answers to questions as spans of a text: two scores for every token, as the answer's first and as its last.</summary>
public sealed class BertForQuestionAnswering : BertModel<(Tensor Start, Tensor End)>
{
    private readonly Linear _output;

    /// <summary>Makes the model, with weights drawn from torch's generator.</summary>
    /// <exception cref="IntraDistillException">The settings do not describe a model.</exception>
    public BertForQuestionAnswering(BertSettings settings) : base(nameof(BertForQuestionAnswering), settings, pooler: false)
    {
        _output = BertParts.NewLinear(settings, settings.HiddenSize, 2);
        register_module("qa_outputs", _output);
    }

    /// <summary>The head.</summary>
    /// <param name="hidden">(B, T, d): the encoder's states.</param>
    /// <returns>The logits of the answer's first and of its last token, (B, T) each.</returns>
    public override (Tensor Start, Tensor End) Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        Tensor scores = _output.call(hidden); // (B, T, 2)
        return (Column(0), Column(1));

        Tensor Column(long column) => scores.select(-1, column).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>The mean of both cross-entropies, averaged over the answers that lie within the sequence.</summary>
    /// <param name="logits">(B, T) each.</param>
    /// <param name="start">(B) int64: the answer's first token; T or more where it lies outside, which does not count.</param>
    /// <param name="end">(B) int64: its last token, likewise.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Loss((Tensor Start, Tensor End) logits, Tensor start, Tensor end)
    {
        using var scope = NewDisposeScope();
        return ((CrossEntropy(logits.Start, start) + CrossEntropy(logits.End, end)) / 2).MoveToOuterDisposeScope();

        static Tensor CrossEntropy(Tensor scores, Tensor positions) =>
            nn.functional.cross_entropy(scores.to(Divergences.SumType(scores.dtype)), positions.clamp(0, scores.shape[1]),
                ignore_index: scores.shape[1]);
    }
}
