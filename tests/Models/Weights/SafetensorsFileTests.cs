using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

public class SafetensorsFileTests
{
    [Theory]
    [InlineData("reference/bert-tiny-masked-lm", 61)]
    [InlineData("reference/bert-tiny-sequence-classification", 58)]
    [InlineData("reference/roberta-tiny-sequence-classification", 58)]
    [InlineData("reference/xlmr-tiny-question-answering", 56)]
    [InlineData("reference/xlmr-tiny-token-classification", 56)]
    public void Both_formats_of_a_model_hold_the_same_tensors(string folder, int tensors)
    {
        string path = ReferenceData.Path(folder);
        using SafetensorsFile safe = SafetensorsFile.Open(Path.Combine(path, "model.safetensors"));
        using PyTorchFile pickled = PyTorchFile.Open(Path.Combine(path, "pytorch_model.bin"));
        Assert.Equal(safe.Tensors.Keys.Order(), pickled.Tensors.Keys.Order());
        Assert.Equal(tensors, safe.Tensors.Count);
        using var scope = NewDisposeScope();
        foreach (string name in safe.Tensors.Keys)
        {
            Tensor one = safe.Read(name), other = pickled.Read(name);
            Assert.Equal(one.dtype, other.dtype);
            Assert.Equal(safe.Tensors[name].Shape, one.shape);
            Assert.True(one.Equals(other), name);
        }
    }

    [Theory]
    [InlineData("tiny_bert_coldfire", 37)]
    [InlineData("tiny_bert_jammi", 21)]
    public void Checkpoints_of_others_are_read(string folder, int tensors)
    {
        using SafetensorsFile file = SafetensorsFile.Open(ReferenceData.Path($"data/checkpoints/{folder}/model.safetensors"));
        Assert.Equal(tensors, file.Tensors.Count);
        using var scope = NewDisposeScope();
        Assert.All(file.Tensors.Keys, name => Assert.True(file.Read(name).isfinite().all().item<bool>()));
    }

    [Theory]
    [InlineData("F32", ScalarType.Float32, new byte[] { 0, 0, 0x20, 0xc0 }, -2.5)]
    [InlineData("F64", ScalarType.Float64, new byte[] { 0, 0, 0, 0, 0, 0, 4, 0xc0 }, -2.5)]
    [InlineData("F16", ScalarType.Float16, new byte[] { 0, 0xc1 }, -2.5)]
    [InlineData("BF16", ScalarType.BFloat16, new byte[] { 0x20, 0xc0 }, -2.5)]
    [InlineData("I64", ScalarType.Int64, new byte[] { 0xfe, 255, 255, 255, 255, 255, 255, 255 }, -2.0)]
    [InlineData("I32", ScalarType.Int32, new byte[] { 1, 2, 0, 0 }, 513.0)]
    [InlineData("I16", ScalarType.Int16, new byte[] { 0xff, 0xff }, -1.0)]
    [InlineData("I8", ScalarType.Int8, new byte[] { 0x80 }, -128.0)]
    [InlineData("U8", ScalarType.Byte, new byte[] { 0x80 }, 128.0)]
    [InlineData("BOOL", ScalarType.Bool, new byte[] { 1 }, 1.0)]
    public void Every_type_is_read(string type, ScalarType expected, byte[] bytes, double value)
    {
        using SafetensorsFile file = WeightBytes.OpenSafetensors(
            WeightBytes.Safetensors(("a", type, [2, 1], [.. bytes, .. bytes]), ("b", type, [], bytes), ("c", type, [0, 3], [])));
        using var scope = NewDisposeScope();
        Assert.Equal(expected, file.Read("a").dtype);
        Assert.Equal([2, 1], file.Read("a").shape);
        Assert.Equal([value, value], file.Read("a").to(float64).data<double>().ToArray());
        Assert.Equal(value, file.Read("b").to(float64).item<double>());
        Assert.Equal([0, 3], file.Read("c").shape);
    }

    public static TheoryData<string, int, string> Lies => new()
    {
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "9 bytes" },
        { """{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":7,"shape":[1],"data_offsets":[0,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[2]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"scale":1}}""", 8, "'scale'" },
        { """{"a":[]}""", 0, "tensor 'a'" },
        { Two("b", 4, 3, 7), 7, "tensor 'b'" },
        { Two("b", 3, 5, 8), 8, "tensor 'b'" },
        { """{"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}}""", 5, "tensor 'a'" },
        { Two("a", 4, 4, 8), 8, "twice" },
        { """{"__metadata__":{},"__metadata__":{}}""", 0, "twice" },
        { """{"\ud800":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 4, "JSON" },
        { """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}} {}""", 4, "JSON" },
        { """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}""", 4, "JSON" },
        { """[]""", 0, "an object" },
        { "", 0, "JSON" },
        { "\0\0\0\0", 0, "JSON" },
        { """{"a":{"x":{"x":{"x":{"x":1}}}}}""", 0, "tensor 'a'" },
        { """{"a\nb":{"dtype":"U8","shape":[4],"data_offsets":[0,3]}}""", 4, "tensor 'a?b'" },
    };

    private static string Two(string second, int size, int start, int end) =>
        $$$"""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"{{{second}}}":"""
        + $$$"""{"dtype":"U8","shape":[{{{size}}}],"data_offsets":[{{{start}}},{{{end}}}]}}""";

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_header_that_is_not_true_is_refused_in_one_line(string header, int dataLength, string named)
    {
        byte[] file = WeightBytes.Safetensors(header, dataLength);
        var error = Assert.Throws<IntraDistillException>(() => WeightBytes.OpenSafetensors(file));
        Assert.StartsWith("a.safetensors: ", error.Message);
        Assert.Contains(named, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(new byte[0], "truncated")]
    [InlineData(new byte[] { 1, 0, 0 }, "truncated")]
    [InlineData(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}' }, "truncated")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, (byte)'{', (byte)'}' }, "no safetensors file")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 128, (byte)'{', (byte)'}' }, "no safetensors file")]
    public void A_length_that_is_not_true_is_refused(byte[] file, string problem) =>
        Assert.Contains(problem, Assert.Throws<IntraDistillException>(() => WeightBytes.OpenSafetensors(file)).Message);

    [Fact]
    public void Blanks_after_the_header_and_odd_names_are_in_order()
    {
        using SafetensorsFile file = WeightBytes.OpenSafetensors(
            WeightBytes.Safetensors("""{"ü \"1\"":{"shape":[4],"data_offsets":[0,4],"dtype":"U8"}}      """, 4));
        using Tensor tensor = file.Read("ü \"1\"");
        Assert.Equal(new byte[] { 0, 1, 2, 3 }, tensor.data<byte>().ToArray());
        Assert.Contains("tensor 'x'", Assert.Throws<IntraDistillException>(() => file.Read("x")).Message);
    }

    [Fact]
    public void A_file_is_closed_when_it_is_refused_and_when_it_is_disposed()
    {
        string path = Path.GetTempFileName();
        try
        {
            Assert.Throws<IntraDistillException>(() => SafetensorsFile.Open(path));
            File.WriteAllBytes(path, WeightBytes.Safetensors("{}", 0));
            SafetensorsFile.Open(path).Dispose();
            using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
            File.Delete(path);
            Assert.Contains("cannot be read", Assert.Throws<IntraDistillException>(() => SafetensorsFile.Open(path)).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_file_that_shrinks_while_it_is_open_is_named()
    {
        MemoryStream stream = new();
        stream.Write(WeightBytes.Safetensors(("a", "F32", [2], new byte[8])));
        using SafetensorsFile file = SafetensorsFile.Read("a.safetensors", stream);
        stream.SetLength(stream.Length - 1);
        Assert.Contains("tensor 'a'", Assert.Throws<IntraDistillException>(() => file.Read("a")).Message);
    }
}
