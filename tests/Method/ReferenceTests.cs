using System.Text.Json;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>The objective against values made by the authors' formulas and by fairseq.</summary>
public class ReferenceTests
{
    public static TheoryData<Divergence, string> Kinds => new()
    {
        { Divergence.X, "x" }, { Divergence.JensenShannon, "js" }, { Divergence.MeanSquaredError, "mse" },
    };

    [Theory, MemberData(nameof(Kinds))]
    public void Divergences_and_their_gradients_match(Divergence divergence, string name)
    {
        using JsonDocument cases = ReferenceData.Json("divergences.json");
        Assert.NotEqual(0, cases.RootElement.GetArrayLength());
        foreach (JsonElement reference in cases.RootElement.EnumerateArray())
        {
            using var scope = NewDisposeScope();
            Tensor logits = reference.GetProperty("logits").ToTensor().requires_grad_();
            Tensor? mask = divergence == Divergence.MeanSquaredError ? null : reference.GetProperty("keep").ToTensor().to(ScalarType.Bool);

            Tensor value = Divergences.Compute(divergence, logits, mask);
            value.backward();

            Assert.True(value.RelativeError(tensor(reference.GetProperty(name).GetDouble())) < 1e-10);
            Assert.True(logits.grad!.RelativeError(reference.GetProperty(name + "_grad").ToTensor()) < 1e-10);

            Tensor single = logits.detach().to(float32).requires_grad_();
            Tensor singleValue = Divergences.Compute(divergence, single, mask);
            singleValue.backward();
            Assert.True(singleValue.RelativeError(tensor(reference.GetProperty(name).GetDouble())) < 1e-5);
            Assert.True(single.grad!.RelativeError(reference.GetProperty(name + "_grad").ToTensor()) < 1e-5);
        }
    }

    [Fact]
    public void Adaptive_alpha_matches()
    {
        using JsonDocument cases = ReferenceData.Json("adaptive_alpha.json");
        foreach (JsonElement reference in cases.RootElement.EnumerateArray())
        {
            var schedule = new AdaptiveAlpha(reference.GetProperty("alpha").GetDouble(), reference.GetProperty("N").GetInt64(),
                reference.GetProperty("p").GetDouble(), reference.GetProperty("q").GetDouble());
            double[] expected = [.. reference.GetProperty("value").EnumerateArray().Select(v => v.GetDouble())];
            double[] actual = [.. reference.GetProperty("steps").EnumerateArray().Select(s => schedule.At(s.GetInt64()))];
            Assert.Equal(expected.Length, actual.Length);
            for (int i = 0; i < expected.Length; i++)
                Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-10 * Math.Max(1, Math.Abs(expected[i])), $"{expected[i]} was expected, not {actual[i]}");
        }
    }

    [Fact]
    public void Label_smoothing_matches()
    {
        using JsonDocument cases = ReferenceData.Json("label_smoothing.json");
        foreach (JsonElement reference in cases.RootElement.EnumerateArray())
        {
            using var scope = NewDisposeScope();
            Tensor logits = reference.GetProperty("logits").ToTensor().requires_grad_();
            Tensor target = reference.GetProperty("target").ToTensor().to(int64);
            var smoothing = new LabelSmoothing(reference.GetProperty("epsilon").GetDouble());
            long pad = reference.GetProperty("pad").GetInt64();

            (Tensor smoothed, Tensor nll) = smoothing.Sum(logits, target, pad);
            smoothed.backward();

            Assert.True(smoothed.RelativeError(tensor(reference.GetProperty("loss_sum").GetDouble())) < 1e-10);
            Assert.True(nll.RelativeError(tensor(reference.GetProperty("nll_sum").GetDouble())) < 1e-10);
            Assert.True(logits.grad!.RelativeError(reference.GetProperty("grad").ToTensor()) < 1e-10);

            // The fused objective has the same value and gradient: with an identity as its projection, states are logits.
            Tensor states = logits.detach().unsqueeze(0).requires_grad_();
            var objective = new TranslationObjective(new IntraDistillation(new() { Passes = 1 }), smoothing.Epsilon, pad);
            IntraDistillationLoss loss = objective.Loss(states, eye(logits.shape[^1], dtype: float64), target, 1);
            loss.Total.backward();
            double tokens = target.ne(pad).sum().to(float64).item<double>();
            Assert.True((loss.Total * tokens).RelativeError(smoothed) < 1e-10);
            Assert.True((states.grad!.squeeze(0) * tokens).RelativeError(logits.grad!) < 1e-10);
            var validation = objective.Validate(states.squeeze(0), eye(logits.shape[^1], dtype: float64), target);
            Assert.Equal(nll.to(float64).item<double>(), validation.NegativeLogLikelihood, 9);
            Assert.Equal((long)tokens, validation.Tokens);
            Assert.Equal(smoothed.to(float64).item<double>(), validation.Smoothed, 9);
        }
    }
}
