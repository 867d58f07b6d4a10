using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public class TranslationTransformerTests : SingleThreadedTests
{
    private static readonly TransformerSettings Tiny = new()
    {
        EncoderLayers = 2, DecoderLayers = 2, ModelSize = 16, FeedForwardSize = 24, Heads = 4,
        SourceVocabulary = 20, TargetVocabulary = 30, MaxLength = 32,
    };

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    public void Forward_returns_logits_and_hidden_their_states(bool normalizeFirst, bool shareAll, bool shareOutput)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var model = new TranslationTransformer(Tiny with
        {
            NormalizeFirst = normalizeFirst,
            ShareEmbeddings = shareAll,
            ShareDecoderOutput = shareOutput,
            SourceVocabulary = 30,
        });
        model.eval();
        Tensor source = randint(3, 30, [3, 7], int64), target = randint(3, 30, [3, 5], int64);
        Tensor hidden = model.hidden(source, target), logits = model.call(source, target);
        Assert.Equal([3, 5, 16], hidden.shape);
        Assert.Equal([3, 5, 30], logits.shape);
        Assert.Equal([30, 16], model.OutputWeight.shape);
        Assert.True(logits.allclose(hidden.matmul(model.OutputWeight.t()), atol: 1e-5));
    }

    [Fact]
    public void Parameters_have_readable_names_and_are_listed_once()
    {
        using var untied = new TranslationTransformer(Tiny);
        string[] names = [.. untied.named_parameters().Select(p => p.name)];
        Assert.Equal(names.Distinct(), names);
        Assert.Contains("encoder.layers.0.self_attention.query.weight", names);
        Assert.Contains("decoder.layers.1.cross_attention.output.bias", names);
        Assert.Contains("decoder.layers.0.feed_forward_norm.weight", names);
        Assert.Contains("source_embedding.weight", names);
        Assert.Contains("output_projection.weight", names);
        Assert.DoesNotContain(names, name => name.Contains("._"));
        using var tied = new TranslationTransformer(Tiny with { ShareEmbeddings = true, SourceVocabulary = 30 });
        Assert.Equal(["embedding.weight"], tied.named_parameters().Select(p => p.name).Where(n => n.Contains("embed")));
        Assert.DoesNotContain(tied.named_parameters(), p => p.name.StartsWith("output", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Equals_the_model_written_out_plainly(bool normalizeFirst)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using TranslationTransformer model = Doubles(Tiny with { NormalizeFirst = normalizeFirst });
        long[] source = [3, 4, 5, 6, 19, 2], target = [1, 29, 7, 8];
        Tensor expected = new PlainTransformer(model).Logits(source, target);
        Tensor actual = model.call(tensor(source).unsqueeze(0), tensor(target).unsqueeze(0))[0];
        Assert.True(actual.allclose(expected, 0, 1e-6), $"off by {(actual - expected).abs().max().item<double>()}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Padding_on_either_side_of_the_source_or_after_the_target_changes_nothing(bool normalizeFirst)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using TranslationTransformer model = Doubles(Tiny with { NormalizeFirst = normalizeFirst });
        Tensor expected = model.call(tensor(new long[,] { { 4, 5, 2 } }), tensor(new long[,] { { 1, 6 } }))[0];
        Tensor source = tensor(new long[,] { { 4, 5, 2, 0, 0 }, { 0, 0, 4, 5, 2 }, { 0, 4, 5, 2, 0 }, { 9, 8, 7, 6, 2 } });
        Tensor target = tensor(new long[,] { { 1, 6, 0, 0 }, { 1, 6, 0, 0 }, { 1, 6, 9, 9 }, { 1, 3, 4, 5 } });
        Tensor logits = model.call(source, target);
        for (int row = 0; row < 3; row++)
            Assert.True(logits[row, ..2].allclose(expected, 0, 1e-10));
        Assert.False(logits.isnan().any().item<bool>());
    }

    [Fact]
    public void A_source_of_padding_alone_gives_finite_logits()
    {
        using var scope = NewDisposeScope();
        using var model = new TranslationTransformer(Tiny);
        Tensor logits = model.call(zeros(2, 3, dtype: int64), ones(2, 1, dtype: int64));
        Assert.True(logits.isfinite().all().item<bool>());
    }

    [Fact]
    public void Later_target_tokens_do_not_reach_earlier_ones()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        using TranslationTransformer model = Doubles(Tiny);
        Tensor source = tensor(new long[,] { { 4, 5, 2 }, { 4, 5, 2 } });
        Tensor logits = model.call(source, tensor(new long[,] { { 1, 6, 7, 8 }, { 1, 6, 9, 10 } }));
        Assert.True(logits[0, ..2].allclose(logits[1, ..2], 0, 1e-12));
        Assert.False(logits[0, 2].allclose(logits[1, 2], 0, 1e-3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Decoding_token_by_token_equals_the_whole_at_once(bool normalizeFirst)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        manual_seed(5);
        using TranslationTransformer model = Doubles(Tiny with { NormalizeFirst = normalizeFirst });
        Tensor source = tensor(new long[,] { { 4, 5, 2, 0 }, { 9, 8, 7, 2 }, { 3, 2, 0, 0 } });
        Tensor target = randint(3, 30, [6, 5], int64);
        using DecodingState state = model.StartDecoding(source);
        Tensor rows = tensor((long[])[0, 0, 1, 1, 2, 2]);
        Tensor expected = model.call(source.index_select(0, rows), target);
        for (int t = 0; t < 3; t++)
            Assert.True(model.Step(target[.., t], state).allclose(expected[.., t], 0, 1e-10));
        // The first sentence is finished; the hypotheses of the others swap places.
        state.Keep(tensor((long[])[2, 1]));
        Tensor order = tensor((long[])[5, 4, 3, 2]);
        state.Reorder(order);
        Assert.Equal((3, 2), (state.Length, state.Sentences));
        for (int t = 3; t < 5; t++)
            Assert.True(model.Step(target.index_select(0, order)[.., t], state)
                .allclose(expected.index_select(0, order)[.., t], 0, 1e-10));
    }

    [Fact]
    public void Weights_begin_as_in_fairseq()
    {
        using var scope = NewDisposeScope();
        manual_seed(6);
        using var model = new TranslationTransformer(
            Tiny with { ModelSize = 64, SourceVocabulary = 500, TargetVocabulary = 500 });
        foreach (string name in (string[])["source_embedding", "target_embedding", "output_projection"])
            Assert.Equal(1 / 8.0, model.get_parameter($"{name}.weight")!.std().item<float>(), 0.003);
        Assert.Equal(0, model.get_parameter("source_embedding.weight")![0].abs().max().item<float>());
        AssertUniform("encoder.layers.0.self_attention.query.weight", Math.Sqrt(6.0 / 128) / Math.Sqrt(2));
        AssertUniform("decoder.layers.0.cross_attention.value.weight", Math.Sqrt(6.0 / 128) / Math.Sqrt(2));
        AssertUniform("decoder.layers.0.cross_attention.output.weight", Math.Sqrt(6.0 / 128));
        AssertUniform("encoder.layers.1.feed_forward.inner.weight", 1 / 8.0);
        Assert.Equal(0, model.get_parameter("encoder.layers.0.self_attention.output.bias")!.abs().max().item<float>());

        void AssertUniform(string name, double bound)
        {
            Tensor weight = model.get_parameter(name)!.detach().abs();
            Assert.InRange(weight.max().item<float>(), 0.97 * bound, bound * (1 + 1e-6));
            Assert.InRange(weight.mean().item<float>(), 0.47 * bound, 0.53 * bound);
        }
    }

    [Fact]
    public void Positions_are_sines_then_cosines_from_pad_plus_one()
    {
        using var scope = NewDisposeScope();
        Tensor table = SinusoidalPositions.Table(length: 10, modelSize: 8, padId: 1);
        Assert.Equal([12, 8], table.shape);
        Assert.Equal(0, table[..2].abs().max().item<double>());
        Assert.Equal(Math.Sin(2), table[2, 0].item<double>(), 1e-6);
        Assert.Equal(Math.Cos(2), table[2, 4].item<double>(), 1e-6);
        Assert.Equal(Math.Sin(5 / Math.Pow(10000, 2 / 3.0)), table[5, 2].item<double>(), 1e-6);
        Assert.Equal(Math.Cos(5 / 10000.0), table[5, 7].item<double>(), 1e-6);
        Tensor rows = SinusoidalPositions.Lookup(table, tensor(new long[,] { { 7, 1 }, { 7, 7 }, { 1, 7 } }), 1); // (3, 2, 8)
        Assert.True(rows[.., 0].Equals(table.index_select(0, tensor((long[])[2, 3, 1]))));
        Assert.True(rows[.., 1].Equals(table.index_select(0, tensor((long[])[1, 2, 3]))));
    }

    [Fact]
    public void Training_is_reproducible_after_manual_seed_and_leaves_no_tensors()
    {
        using var model = new TranslationTransformer(
            Tiny with { Dropout = 0.2, AttentionDropout = 0.2, ActivationDropout = 0.2 });
        model.train();
        double[] losses = [Loss(8), Loss(9)];
        long before = LiveTensors.Count();
        Assert.Equal(losses[0], Loss(8));
        Assert.NotEqual(losses[0], losses[1]);
        Assert.Equal(before, Tensor.TotalCount);

        double Loss(long seed)
        {
            using var scope = NewDisposeScope();
            manual_seed(seed);
            Tensor source = randint(3, 20, [3, 7], int64), target = randint(3, 30, [3, 5], int64);
            Tensor loss = model.call(source, target).logsumexp(-1).mean();
            loss.backward();
            foreach (var parameter in model.parameters())
                parameter.grad = null;
            return loss.item<float>();
        }
    }

    [Fact]
    public void Every_parameter_gets_a_gradient()
    {
        using var scope = NewDisposeScope();
        manual_seed(10);
        using var model = new TranslationTransformer(Tiny);
        model.call(randint(3, 20, [3, 7], int64), randint(3, 30, [3, 5], int64)).log_softmax(-1)[.., .., 4].sum().backward();
        Assert.All(model.named_parameters(), p =>
            Assert.True(p.parameter.grad is not null && p.parameter.grad.abs().max().item<float>() > 0, p.name));
    }

    [Fact]
    public void Weights_survive_saving_and_positions_are_not_among_them()
    {
        using var scope = NewDisposeScope();
        using TranslationTransformer first = new(Tiny), second = new(Tiny);
        Assert.DoesNotContain("positions", first.state_dict().Keys);
        using var file = new MemoryStream();
        using (var writer = new BinaryWriter(file, System.Text.Encoding.UTF8, leaveOpen: true))
            first.save(writer);
        file.Position = 0;
        using (var reader = new BinaryReader(file))
            second.load(reader);
        first.eval();
        second.eval();
        Tensor source = randint(3, 20, [3, 7], int64), target = randint(3, 30, [3, 5], int64);
        Assert.True(first.call(source, target).Equals(second.call(source, target)));
    }

    [Fact]
    public void A_sentence_beyond_the_longest_is_an_error_that_names_both()
    {
        using var scope = NewDisposeScope();
        using var model = new TranslationTransformer(Tiny);
        string message = Assert.Throws<IntraDistillException>(() =>
            model.call(ones(1, 33, dtype: int64), ones(1, 2, dtype: int64))).Message;
        Assert.Contains("33", message);
        Assert.Contains("32", message);
    }

    private static TranslationTransformer Doubles(TransformerSettings settings)
    {
        var model = new TranslationTransformer(settings);
        model.to(ScalarType.Float64);
        model.eval();
        // Norms and biases away from one and zero, so that leaving one out shows.
        using (no_grad())
        using (NewDisposeScope())
            foreach (var parameter in model.parameters())
                parameter.add_(randn_like(parameter), alpha: 0.1);
        return model;
    }
}
