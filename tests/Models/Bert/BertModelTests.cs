using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public class BertModelTests : SingleThreadedTests
{
    private static readonly BertSettings s_bert = new()
    {
        VocabularySize = 30,
        HiddenSize = 16,
        Layers = 2,
        Heads = 2,
        FeedForwardSize = 24,
        MaxPositions = 12,
        InitializerRange = 0.3,
        Labels = ["a", "b", "c"],
    };

    private static readonly BertSettings s_roberta = s_bert with { Family = BertFamily.Roberta, PadId = 1, TokenTypes = 1 };

    public static TheoryData<BertSettings> Families => [s_bert, s_roberta];

    [Fact]
    public void Small_has_the_size_it_says()
    {
        using BertForMaskedLM model = new(BertSettings.Small with { VocabularySize = 1000 });
        long layers = model.parameters().Sum(parameter => parameter.numel()) - 1000 * 129;
        Assert.InRange(layers, 400_000, 450_000);
    }

    [Fact]
    public void A_new_model_is_initialised_as_BERT()
    {
        manual_seed(1);
        using var scope = NewDisposeScope();
        using BertForSequenceClassification model = new(BertSettings.Small with { VocabularySize = 500, PadId = 3, InitializerRange = 0.02 });
        foreach ((string name, Parameter parameter) in model.named_parameters())
        {
            if (name.EndsWith("LayerNorm.weight", StringComparison.Ordinal))
                Assert.True(parameter.eq(1).all().item<bool>(), name);
            else if (name.EndsWith("bias", StringComparison.Ordinal))
                Assert.True(parameter.eq(0).all().item<bool>(), name);
            else
                Assert.InRange(parameter.std().item<float>(), 0.016, 0.024);
        }
        Assert.True(model.Encoder.WordEmbeddings[3].eq(0).all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(Families), DisableDiscoveryEnumeration = true)]
    public void Padding_on_the_right_changes_nothing(BertSettings settings)
    {
        using var scope = NewDisposeScope();
        using BertEncoder encoder = New(settings);
        Tensor ids = Ids(5, 7, 9, 11), padded = Ids(5, 7, 9, 11, settings.PadId, settings.PadId);
        Tensor alone = encoder.call(ids, ones_like(ids), null);
        Tensor beside = encoder.call(padded, padded.ne(settings.PadId), null);
        Assert.True(beside.narrow(1, 0, 4).allclose(alone, 1e-5, 1e-6));
        Assert.True(encoder.Pool(beside).allclose(encoder.Pool(alone), 1e-5, 1e-6));
    }

    [Fact]
    public void Robertas_positions_count_tokens_and_not_columns()
    {
        using var scope = NewDisposeScope();
        using BertEncoder encoder = New(s_roberta);
        Tensor ids = Ids(5, 7, 9), padded = Ids(1, 1, 5, 7, 9);
        Assert.True(encoder.call(padded, padded.ne(1), null).narrow(1, 2, 3)
            .allclose(encoder.call(ids, ones_like(ids), null), 1e-5, 1e-6));
    }

    [Fact]
    public void Token_types_that_are_left_out_are_all_of_the_first()
    {
        using var scope = NewDisposeScope();
        using BertEncoder encoder = New(s_bert);
        Tensor ids = Ids(5, 7, 9), mask = ones_like(ids);
        Tensor without = encoder.call(ids, mask, null);
        Assert.True(without.allclose(encoder.call(ids, mask, zeros_like(ids)), 1e-5, 1e-6));
        Assert.False(without.allclose(encoder.call(ids, mask, ones_like(ids)), 1e-2, 1e-2));
    }

    [Theory]
    [InlineData(BertFamily.Bert, 12)]
    [InlineData(BertFamily.XlmRoberta, 10)]
    public void The_longest_sequence_is_one_for_which_there_are_positions(BertFamily family, int longest)
    {
        using var scope = NewDisposeScope();
        BertSettings settings = s_roberta with { Family = family };
        using BertEncoder encoder = New(settings);
        Assert.Equal(longest, settings.MaxLength);
        Tensor ids = full([2, longest], 5L, int64), tooLong = full([2, longest + 1], 5L, int64);
        Assert.True(encoder.call(ids, ones_like(ids), null).isfinite().all().item<bool>());
        Assert.Contains($"{longest + 1} tokens",
            Assert.Throws<IntraDistillException>(() => encoder.call(tooLong, ones_like(tooLong), null)).Message);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using var scope = NewDisposeScope();
        using BertEncoder encoder = New(s_bert);
        Tensor ids = Ids(5, 7, 9);
        Assert.Throws<ArgumentException>(() => encoder.call(ids, ones(1, 2), null));
        Assert.Throws<ArgumentException>(() => encoder.call(ids, ones_like(ids), ones(2, 3, dtype: int64)));
        Assert.Throws<ArgumentException>(() => encoder.call(ids[0], ones(3), null));
        using BertEncoder unpooled = new(s_bert, pooler: false);
        Assert.Throws<InvalidOperationException>(() => unpooled.Pool(zeros(1, 3, 16)));
    }

    [Theory]
    [MemberData(nameof(Families), DisableDiscoveryEnumeration = true)]
    public void Dropout_makes_passes_differ_in_training_only(BertSettings settings)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using BertForSequenceClassification model = new(settings);
        Tensor ids = Ids(5, 7, 9), mask = ones_like(ids);
        Assert.False(model.call(ids, mask, null).Equals(model.call(ids, mask, null)));
        model.eval();
        Assert.True(model.call(ids, mask, null).Equals(model.call(ids, mask, null)));
    }

    [Theory]
    [InlineData(BertActivation.Gelu, 0.84134475, -0.04550026)]
    [InlineData(BertActivation.GeluTanh, 0.84119199, -0.04540231)]
    [InlineData(BertActivation.Relu, 1, 0)]
    public void Activations_are_the_published_functions(BertActivation activation, double atOne, double atMinusTwo)
    {
        using var scope = NewDisposeScope();
        Tensor y = BertParts.Activate(activation, tensor(new double[] { 1, -2 }));
        Assert.Equal(atOne, y[0].item<double>(), 1e-7);
        Assert.Equal(atMinusTwo, y[1].item<double>(), 1e-7);
    }

    [Fact]
    public void Losses_follow_the_problem()
    {
        using var scope = NewDisposeScope();
        using BertForSequenceClassification one = new(s_bert with { Labels = ["score"] }), several = new(s_bert),
            any = new(s_bert with { Problem = BertProblem.MultiLabel });
        Assert.Equal((BertProblem.Regression, BertProblem.SingleLabel), (one.Problem, several.Problem));
        Tensor logits = tensor(new float[,] { { 0, 1, 2 }, { 1, 0, -1 } });
        Assert.Equal(2.5, one.Loss(tensor(new float[,] { { 1 }, { 4 } }), tensor(new double[] { 0, 2 })).item<float>(), 1e-6);
        double first = Math.Log(1 + Math.E + Math.E * Math.E) - 1, second = Math.Log(1 + Math.E + 1 / Math.E) - 1;
        Assert.Equal((first + second) / 2, several.Loss(logits, tensor(new long[] { 1, 0 })).item<float>(), 1e-6);
        double[] right = [0, 1, -2, 1, 0, 1]; // the logits, negative where the label does not hold
        Assert.Equal(right.Average(z => Math.Log(1 + Math.Exp(-z))),
            any.Loss(logits, tensor(new long[,] { { 0, 1, 0 }, { 1, 0, 0 } })).item<float>(), 1e-6);
    }

    [Fact]
    public void Answers_outside_the_sequence_do_not_count()
    {
        using var scope = NewDisposeScope();
        Tensor start = randn(3, 4), end = randn(3, 4);
        Tensor all = BertForQuestionAnswering.Loss((start, end), tensor(new long[] { 1, 9, 4 }), tensor(new long[] { 2, 9, 4 }));
        Tensor first = BertForQuestionAnswering.Loss(
            (start.narrow(0, 0, 1), end.narrow(0, 0, 1)), tensor(new long[] { 1 }), tensor(new long[] { 2 }));
        Assert.Equal(first.item<float>(), all.item<float>(), 1e-6);
    }

    [Fact]
    public void Masked_language_models_score_chosen_states_alone()
    {
        using var scope = NewDisposeScope();
        using BertForMaskedLM model = new(s_bert);
        model.eval();
        Tensor ids = Ids(5, 7, 9), hidden = model.Encoder.call(ids, ones_like(ids), null);
        Tensor all = model.Logits(hidden), some = model.Logits(hidden[0].index_select(0, tensor(new long[] { 2, 0 })));
        Assert.Equal([1, 3, 30], all.shape);
        Assert.True(some.allclose(stack([all[0, 2], all[0, 0]]), 1e-5, 1e-6));
    }

    [Fact]
    public void Pretraining_has_both_heads_of_BERT_and_fine_tuning_takes_encoder_and_pooler()
    {
        BertSettings settings = BertSettings.Small with { VocabularySize = 40, Layers = 1, Labels = BertSettings.NumberedLabels(3) };
        using BertForPreTraining model = new(settings);
        model.eval();
        using var scope = NewDisposeScope();
        Tensor ids = randint(5, 40, [3, 7], int64), mask = ones_like(ids);
        Tensor hidden = model.Encoder.call(ids, mask, null);
        string folder = Directory.CreateTempSubdirectory("bert-").FullName;
        try
        {
            HuggingFaceWeights.Save(model, folder);
            using BertForMaskedLM masked = new(settings);
            LoadedWeights loaded = HuggingFaceWeights.LoadInto(masked, folder);
            masked.eval();
            Assert.Empty(loaded.Missing);
            Assert.Equal(["bert.pooler.dense.bias", "bert.pooler.dense.weight", "cls.seq_relationship.bias",
                "cls.seq_relationship.weight"], loaded.Unused.Order(StringComparer.Ordinal));
            Assert.True(model.Logits(hidden).allclose(masked.call(ids, mask, null)));

            using BertForSequenceClassification classifier = new(settings);
            loaded = HuggingFaceWeights.LoadInto(classifier, folder);
            classifier.eval();
            Assert.Equal(["classifier.bias", "classifier.weight"], loaded.Missing.Order(StringComparer.Ordinal));
            Assert.True(model.Encoder.Pool(hidden).allclose(classifier.Encoder.Pool(classifier.Encoder.call(ids, mask, null))));
            Assert.Equal([3, 2], model.NextSentence(hidden).shape);

            using BertForPreTraining again = new(settings);
            loaded = HuggingFaceWeights.LoadInto(again, folder);
            Assert.Empty(loaded.Missing.Concat(loaded.Unused));
            again.eval();
            Assert.True(model.NextSentence(hidden).allclose(again.NextSentence(again.Encoder.call(ids, mask, null))));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Losses_of_pretraining_are_means_over_what_counts()
    {
        using var scope = NewDisposeScope();
        Tensor logits = randn(4, 9), labels = tensor(new long[] { 2, -100, 5, -100 });
        Tensor relationship = randn([3, 2], requires_grad: true);
        var (language, next) = BertForPreTraining.Losses(logits, labels, relationship, tensor(new long[] { 1, -100, 0 }));
        Assert.True(language.allclose(nn.functional.cross_entropy(logits[TensorIndex.Tensor(tensor(new long[] { 0, 2 }))], tensor(new long[] { 2, 5 }))));
        Tensor log = relationship.log_softmax(-1);
        Assert.True(next.allclose(-(log[0, 1] + log[2, 0]) / 2));

        var (_, none) = BertForPreTraining.Losses(logits, labels, relationship, tensor(new long[] { -100, -100, -100 }));
        none.backward();
        Assert.Equal(0, none.ToDouble());
        Assert.Equal(0, relationship.grad!.abs().sum().ToDouble());
        Assert.Contains("Roberta model is pretrained as BertForMaskedLM", Assert.Throws<IntraDistillException>(
            () => new BertForPreTraining(BertSettings.Small with { Family = BertFamily.Roberta, PadId = 1 })).Message);
    }

    [Fact]
    public void Nothing_is_left_behind()
    {
        using BertForSequenceClassification bert = new(s_bert), roberta = new(s_roberta);
        using BertForTokenClassification tokens = new(s_bert);
        using BertForQuestionAnswering answers = new(s_bert);
        using BertForMaskedLM words = new(s_bert);
        using Tensor ids = tensor(new long[,] { { 5, 7, 9 } }), mask = ones_like(ids), types = zeros_like(ids);
        using Tensor labels = tensor(new long[,] { { 1, 2, 0 } }), label = tensor(new long[] { 1 });
        Step(); // makes the gradients
        long before = LiveTensors.Count();
        for (int i = 0; i < 3; i++)
            Step();
        Assert.Equal(before, Tensor.TotalCount);

        void Step()
        {
            foreach (BertForSequenceClassification model in (BertForSequenceClassification[])[bert, roberta])
            {
                using Tensor logits = model.call(ids, mask, null), loss = model.Loss(logits, label);
                loss.backward();
            }
            using (Tensor logits = tokens.call(ids, mask, types), loss = BertForTokenClassification.Loss(logits, labels))
                loss.backward();
            (Tensor Start, Tensor End) spans = answers.call(ids, mask, null);
            using (spans.Start)
            using (spans.End)
            using (Tensor loss = BertForQuestionAnswering.Loss(spans, label, label))
                loss.backward();
            using (Tensor logits = words.call(ids, mask, null), loss = BertForMaskedLM.Loss(logits, labels))
                loss.backward();
        }
    }

    [Fact]
    public void Learns_to_tell_sentences_apart()
    {
        manual_seed(3);
        using BertForSequenceClassification model =
            new(s_bert with { Dropout = 0, AttentionDropout = 0, Labels = ["without", "with"] });
        using optim.Optimizer adam = optim.Adam(model.parameters(), 5e-3);
        double last = 1;
        for (int step = 0; step < 200 && last > 0.3; step++)
        {
            using var scope = NewDisposeScope();
            Tensor ids = randint(2, 30, [16, 6], int64);
            Tensor loss = model.Loss(model.call(ids, ones_like(ids), null), ids.lt(6).any(1).to(int64));
            adam.zero_grad();
            loss.backward();
            adam.step();
            last = 0.9 * last + 0.1 * loss.item<float>();
        }
        Assert.InRange(last, 0, 0.45); // chance is 0.67
    }

    private static BertEncoder New(BertSettings settings)
    {
        manual_seed(1);
        BertEncoder encoder = new(settings);
        encoder.eval();
        return encoder;
    }

    private static Tensor Ids(params long[] ids) => tensor(ids).unsqueeze(0);
}
