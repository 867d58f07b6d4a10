using System.Text.Json.Nodes;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>
/// The training steps as they stand in the notebooks (copies of the batch, one pass over all of them, a view, the objective) beside K
/// passes one by one and the paper's formulas, under the same dropout masks, in float64.
/// </summary>
public sealed class NotebookStepTests : IDisposable
{
    // A mask depends on a batch's shape and on torch's generator. So pass i by itself is made on a batch that has the text among the
    // rows of copy i and other text in all others: it meets the masks that copy i met.
    private const string Plain = """
        const int K = 3;
        const double Alpha = 0.7;
        Device computeOn = CPU;
        Tensor Random(int below, params long[] shape) => randint(1, below, shape, int64);
        long[,] Rows(Tensor of)
        {
            var rows = new long[of.shape[0], of.shape[1]];
            Buffer.BlockCopy(of.data<long>().ToArray(), 0, rows, 0, (int)of.numel() * sizeof(long));
            return rows;
        }
        Tensor Copy(Tensor text, int i) => cat(Enumerable.Range(0, K).Select(j => j == i ? text : text.roll(1, 0).roll(1, 1)).ToArray());
        Tensor Passes(Func<int, Tensor> pass) => stack(Enumerable.Range(0, K).Select(i =>
        {
            manual_seed(9);
            Tensor all = pass(i);
            return all.narrow(0, i * all.shape[0] / K, all.shape[0] / K);
        }).ToArray());
        // The sum over the positions that are kept.
        Tensor X(Tensor logits, Tensor keep)
        {
            Tensor log = nn.functional.log_softmax(logits, -1), p = log.exp(), mean = p.mean(new long[] { 0 }, keepdim: true);
            return (((p - mean) * (log - mean.clamp_min(1e-300).log())).sum(-1) * keep).sum() / K;      // where no pass can be, it is 0
        }
        Tensor CrossEntropy(Tensor logits, Tensor target) => -nn.functional.log_softmax(logits, -1).gather(-1, target.unsqueeze(-1)).squeeze(-1);
        IntraDistillationSettings Settings(DivergenceReduction reduction) => new() { Passes = K, Alpha = Alpha, Reduction = reduction };

        void Check(nn.Module model, Func<IntraDistillationLoss> step, Func<Tensor> plain)
        {
            model.to(float64);
            model.train();
            manual_seed(9);
            Tensor[] Gradients(Tensor total)
            {
                model.zero_grad();
                total.backward();
                return model.parameters().Where(p => p.grad is not null).Select(p => p.grad.clone()).Prepend(total.detach()).ToArray();
            }
            Tensor[] ours = Gradients(step().Total), expected = Gradients(plain());
            double apart = ours.Zip(expected, (a, b) => (a - b).abs().max().item<double>()).Max();
            double largest = expected.Skip(1).Max(one => one.abs().max().item<double>());
            if (ours.Length != expected.Length || !(apart < 1e-10) || largest < 1e-3)
                throw new Exception($"{ours.Length} and {expected.Length} tensors, {apart} apart, the largest gradient {largest}");
            Console.WriteLine($"the same: {model.GetType().Name}");
        }
        manual_seed(1);
        """;

    private const string Translation = """
        TransformerSettings shape = TransformerSettings.Small with
        {
            ModelSize = 16, FeedForwardSize = 24, Heads = 2, Dropout = 0.3, AttentionDropout = 0.2, SourceVocabulary = 20, TargetVocabulary = 20,
        };
        """;

    private const string CheckTranslation = """
        Tensor source = Random(20, 4, 6), input = Random(20, 4, 5), target = Random(20, 4, 5);
        foreach (Tensor padded in new[] { source, input, target })
            padded[2, -1] = padded[3, TensorIndex.Slice(3, null)] = 0;
        var batch = new TranslationBatch(Rows(source), Rows(input), Rows(target), 17);
        var model = new TranslationTransformer(shape);
        Tensor keep = target.ne(0);
        Check(model, () => Step(model, new TranslationObjective(new IntraDistillation(Settings(DivergenceReduction.Mean)), 0.1), K, batch, 1), () =>
        {
            Tensor logits = Passes(i => model.forward(Copy(source, i), Copy(input, i)));      // (K, B, T, V)
            Tensor smoothed = (1 - 0.1 - 0.1 / 19) * CrossEntropy(logits, target.expand(K, 4, 5))
                - 0.1 / 19 * nn.functional.log_softmax(logits, -1).sum(-1);
            return ((smoothed * keep).sum() / K + Alpha * X(logits, keep)) / keep.sum();
        });
        """;

    private const string Encoders = """
        BertSettings shape = new()
        {
            VocabularySize = 20, HiddenSize = 16, Layers = 2, Heads = 2, FeedForwardSize = 24, Dropout = 0.3, AttentionDropout = 0.2,
            InitializerRange = 0.5,
        };
        Tensor ids = Random(20, 4, 6), mask = ones(new long[] { 4, 6 }, int64), types = Random(2, 4, 6);
        ids[3, TensorIndex.Slice(4, null)] = mask[3, TensorIndex.Slice(4, null)] = 0;
        var texts = new EncodedBatch(Rows(ids), Rows(types), Rows(mask));
        """;

    private const string CheckClassifier = """
        var model = new BertForSequenceClassification(shape with { Labels = BertSettings.NumberedLabels(3) });
        var batch = new ClassificationBatch(texts, new double[] { 0, 2, 1, 2 });
        Tensor labels = tensor(new long[] { 0, 2, 1, 2 });
        Check(model, () => Step(model, new IntraDistillation(Settings(DivergenceReduction.Sum)), K, batch, 1), () =>
        {
            Tensor logits = Passes(i => model.call(Copy(ids, i), Copy(mask, i), Copy(types, i)));      // (K, B, C)
            return CrossEntropy(logits, labels.expand(K, 4)).mean() + Alpha * X(logits, ones(4));
        });
        """;

    private const string CheckTagger = """
        var tagger = new BertForTokenClassification(shape with { Labels = BertSettings.NumberedLabels(5) });
        Tensor tags = Random(5, 4, 6);
        tags[0, 0] = tags[3, TensorIndex.Slice(3, null)] = TaggingBatch.NoLabel;
        var tagged = new TaggingBatch(texts, Rows(tags), new int[4, 6], new TaggingRow[0]);
        Check(tagger, () => TagStep(tagger, new IntraDistillation(Settings(DivergenceReduction.Sum)), K, tagged, 1), () =>
        {
            Tensor logits = Passes(i => tagger.call(Copy(ids, i), Copy(mask, i), Copy(types, i))), keep = tags.ge(0);      // (K, B, T, C)
            return (CrossEntropy(logits, tags.clamp_min(0).expand(K, 4, 6)) * keep).sum() / K / keep.sum() + Alpha * X(logits, keep);
        });

        var answerer = new BertForQuestionAnswering(shape);
        var asked = new QuestionBatch(texts, new long[] { 0, 3, 2, 1 }, new long[] { 1, 5, 2, 3 });
        Check(answerer, () => SpanStep(answerer, new IntraDistillation(Settings(DivergenceReduction.Sum)), K, asked, 1), () =>
        {
            Tensor both = Passes(i =>                                                                  // (K, B, 2, T)
            {
                var (start, end) = answerer.call(Copy(ids, i), Copy(mask, i), Copy(types, i));
                return stack(new[] { start, end }, 1);
            }).masked_fill(mask.eq(0).unsqueeze(1), -1e4);
            Tensor right = stack(new[] { tensor(asked.Starts), tensor(asked.Ends) }, 1);               // (B, 2)
            return CrossEntropy(both, right.expand(K, 4, 2)).mean() + Alpha * X(both, ones(4, 2));
        });
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("intradistill-step-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("01-sensitivity-gap", Translation, CheckTranslation, "IntraDistillationLoss Step(", "TranslationTransformer")]
    [InlineData("02-iwslt", Translation, CheckTranslation, "IntraDistillationLoss Step(", "TranslationTransformer")]
    [InlineData("03-glue", Encoders, CheckClassifier, "IntraDistillationLoss Step(", "BertForSequenceClassification")]
    [InlineData("04-zero-shot", Encoders, CheckTagger, "IntraDistillationLoss TagStep(", "BertForTokenClassification",
        "BertForQuestionAnswering")]
    public async Task A_notebooks_own_step_is_K_separate_passes(string notebook, string before, string check, string step, params string[] models)
    {
        string[] cells = [.. JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "notebooks", $"{notebook}.ipynb")))!["cells"]!.AsArray()
            .Where(cell => (string)cell!["cell_type"]! == "code")
            .Select(cell => string.Concat(cell!["source"]!.AsArray().Select(line => (string)line!)))];
        TestNotebook.Write(Path.Combine(_folder, "step.ipynb"), $"#r \"{Repository.Root}/bin/IntraDistill.Kit.dll\"",
            Assert.Single(cells, cell => cell.StartsWith("using IntraDistill;", StringComparison.Ordinal)), "using TorchSharp;\n" + Plain, before,
            Assert.Single(cells, cell => cell.Contains(step, StringComparison.Ordinal)), check);
        string output = await RunnerProcess.RunWell(_folder, "step.ipynb");
        Assert.All(models, model => Assert.Contains($"the same: {model}", output, StringComparison.Ordinal));
    }
}
