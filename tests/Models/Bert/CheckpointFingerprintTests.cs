using IntraDistill.Tests.DataScripts;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class CheckpointFingerprintTests : SingleThreadedTests
{
    [Fact]
    public void The_fingerprint_tells_any_change_of_what_is_read_and_nothing_else()
    {
        using TemporaryFolder folder = new(), other = new();
        using BertForMaskedLM model = new(new() { VocabularySize = 12, HiddenSize = 4, Layers = 1, Heads = 2, FeedForwardSize = 6 });
        foreach (TemporaryFolder to in (TemporaryFolder[])[folder, other])
        {
            HuggingFaceWeights.Save(model, to.Path);
            File.WriteAllText(to["vocab.txt"], "[PAD]\n");
        }
        HashSet<string> seen = [HuggingFaceWeights.Fingerprint(folder.Path)];
        Assert.Matches("^[0-9a-f]{12}$", seen.Single());
        File.WriteAllText(folder["README.md"], "x");
        File.WriteAllText(folder["pytorch_model.bin"], "not read");
        Assert.Contains(HuggingFaceWeights.Fingerprint(folder.Path), seen);

        byte[] weights = File.ReadAllBytes(other["model.safetensors"]);
        weights[^1] ^= 1;
        File.WriteAllBytes(other["model.safetensors"], weights);
        Assert.True(seen.Add(HuggingFaceWeights.Fingerprint(other.Path)));
        foreach ((string file, string content) in ((string, string)[])[("vocab.txt", "[PAD]\na\n"), ("tokenizer_config.json", "{}"),
            ("config.json", File.ReadAllText(folder["config.json"]) + " "), ("merges.txt", ""), ("vocab.json", ""),
            ("sentencepiece.bpe.model", "")])
        {
            File.WriteAllText(folder[file], content);
            Assert.True(seen.Add(HuggingFaceWeights.Fingerprint(folder.Path)), file);
        }
        File.Delete(folder["model.safetensors"]);
        File.Delete(folder["pytorch_model.bin"]);
        Assert.Throws<IntraDistillException>(() => HuggingFaceWeights.Fingerprint(folder.Path));
        Parts("a.safetensors", "b.safetensors");
        string parts = HuggingFaceWeights.Fingerprint(folder.Path);
        Parts("a.safetensors", "c.safetensors");
        Assert.NotEqual(parts, HuggingFaceWeights.Fingerprint(folder.Path));

        void Parts(string first, string second)
        {
            foreach ((string file, string name) in ((string, string)[])[(first, "one"), (second, "two")])
            {
                using FileStream stream = File.Create(folder[file]);
                using Tensor value = ones(2);
                SafetensorsFile.Write(stream, [(name, value)]);
            }
            File.WriteAllText(folder["model.safetensors.index.json"],
                $$"""{ "weight_map": { "one": "{{first}}", "two": "{{second}}" } }""");
        }
    }
}
