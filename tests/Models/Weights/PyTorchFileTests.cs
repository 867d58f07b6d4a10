using System.IO.Compression;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

public class PyTorchFileTests
{
    // float32 0, 1, …, 11
    private static readonly byte[] s_twelve = [.. Enumerable.Range(0, 12).SelectMany(i => BitConverter.GetBytes((float)i))];

    [Theory]
    [InlineData(0, new long[] { 3, 4 }, new long[] { 4, 1 }, new float[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 })]
    [InlineData(4, new long[] { 2, 4 }, new long[] { 4, 1 }, new float[] { 4, 5, 6, 7, 8, 9, 10, 11 })]
    [InlineData(0, new long[] { 4, 3 }, new long[] { 1, 4 }, new float[] { 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11 })]
    [InlineData(1, new long[] { 2, 2 }, new long[] { 6, 3 }, new float[] { 1, 4, 7, 10 })]
    [InlineData(11, new long[] { 2, 3 }, new long[] { 0, 0 }, new float[] { 11, 11, 11, 11, 11, 11 })]
    [InlineData(5, new long[] { }, new long[] { }, new float[] { 5 })]
    [InlineData(12, new long[] { 0, 7 }, new long[] { 7, 1 }, new float[] { })]
    [InlineData(0, new long[] { 1, 2 }, new long[] { 99, 1 }, new float[] { 0, 1 })]
    public void Views_into_a_storage_are_read(long offset, long[] shape, long[] strides, float[] expected)
    {
        using PyTorchFile file = Open(PickleBytes.Of("w", "FloatStorage", "0", 12, offset, shape, strides));
        using var scope = NewDisposeScope();
        Tensor tensor = file.Read("w");
        Assert.Equal(shape, tensor.shape);
        Assert.Equal(expected, WeightBytes.Floats(tensor));
    }

    [Fact]
    public void Ordered_dictionaries_with_attributes_and_parameters_are_read()
    {
        PickleBytes pickle = new PickleBytes().Global("collections", "OrderedDict").Op(')').Op('R').Op((byte)'q', 0).Op('(')
            .Text("a").Global("torch._utils", "_rebuild_parameter").Op('(').Tensor("FloatStorage", "0", 12, 2, [2], [1])
            .Op(0x88).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R')
            .Text("b").Tensor("FloatStorage", "0", 12, 0, [1], [1]).Op('u')
            .Op('}').Text("_metadata").Op('}').Op('s').Op('b');
        using PyTorchFile file = Open(pickle.Stop());
        using var scope = NewDisposeScope();
        Assert.Equal(["a", "b"], file.Tensors.Keys);
        Assert.Equal([2, 3], WeightBytes.Floats(file.Read("a")));
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_tensor_v3")]
    [InlineData("collections", "OrderedDict.fromkeys")]
    public void A_global_that_weights_do_not_need_is_refused_by_name(string module, string name)
    {
        byte[] pickle = new PickleBytes().Global(module, name).Text("touch /tmp/x").Op(0x85).Op('R').Stop();
        string message = Assert.Throws<IntraDistillException>(() => Open(pickle)).Message;
        Assert.Contains($"'{module}.{name}'", message);
        Assert.Contains("nothing was executed", message);
    }

    [Fact]
    public void Only_the_opcodes_of_weights_are_known()
    {
        // INST, OBJ, NEWOBJ, STACK_GLOBAL, EXT1, PERSID, FLOAT, STRING, POP, DUP, NEWOBJ_EX, NEXT_BUFFER and all the others.
        const string known = ".(})tNKMJXqrhjcQRbsu";
        byte[] others = [.. Enumerable.Range(0, 256).Select(i => (byte)i)
            .Where(b => !known.Contains((char)b) && b is not (0x80 or 0x85 or 0x86 or 0x87 or 0x88 or 0x89 or 0x8a))];
        Assert.All(others, opcode => Assert.Contains($"0x{opcode:x2}",
            Assert.Throws<IntraDistillException>(() => Open(new PickleBytes().Op(opcode).Stop())).Message));
    }

    public static TheoryData<byte[], string> BadPickles => new()
    {
        { [], "truncated" },
        { [0x80, 2, (byte)'}'], "truncated" },
        { [0x80, 4, (byte)'}', (byte)'.'], "protocol" },
        { new PickleBytes().Stop(), "dictionary" },
        { new PickleBytes().Op('}').Op('}').Stop(), "dictionary" },
        { new PickleBytes().Op(')').Stop(), "dictionary" },
        { [.. new PickleBytes().Op('}').Stop(), 0], "dictionary" },
        { new PickleBytes().Op('t').Stop(), "group" },
        { new PickleBytes().Op('}').Op(0x86).Stop(), "more than it holds" },
        { new PickleBytes().Op('(').Op((byte)'q', 0).Stop(), "more than it holds" },
        { new PickleBytes().Op('}').Op('(').Op('b').Stop(), "more than it holds" },
        { new PickleBytes().Op('}').Op('(').Text("a").Op('u').Stop(), "without a value" },
        { new PickleBytes().Op(')').Op('(').Text("a").Text("a").Op('u').Stop(), "no dictionary" },
        { new PickleBytes().Op('}').Op((byte)'h', 9).Stop(), "does not hold" },
        { new PickleBytes().Op('}').Op('X').Op(255, 255, 255, 255).Stop(), "truncated" },
        { new PickleBytes().Op('}').Op('X').Op(1, 0, 0, 0, 0xff).Stop(), "UTF-8" },
        { new PickleBytes().Op('}').Op(0x8a, 9).Op(new byte[9]).Stop(), "9 bytes" },
        { new PickleBytes().Op('}').Text("x").Op('Q').Stop(), "storage" },
        { new PickleBytes().Op('}').Text("x").Op(')').Op('R').Stop(), "parts of a tensor" },
        { new PickleBytes().Op('}').Number(1).Number(1).Op('s').Stop(), "no text" },
        { new PickleBytes().Op('}').Text("lr").Number(1).Op('s').Stop(), "tensor 'lr': is no tensor" },
        { new PickleBytes().Op('}').Text("a").Tensor("FloatStorage", "0", 12, 0, [1], [1]).Op('s')
            .Text("a").Tensor("FloatStorage", "0", 12, 0, [1], [1]).Op('s').Stop(), "tensor 'a': is in the file twice" },
        { PickleBytes.Of("a", "FloatStorage", "1", 12, 0, [1], [1]), "tensor 'a': has its elements in '1'" },
        { PickleBytes.Of("a", "FloatStorage", "0", 11, 0, [1], [1]), "tensor 'a': has a storage of 11" },
        { PickleBytes.Of("a", "DoubleStorage", "0", 12, 0, [1], [1]), "tensor 'a': has a storage of 12" },
        { PickleBytes.Of("a", "FloatStorage", "0", -1, 0, [1], [1]), "storage" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, 0, [13], [1]), "tensor 'a': has the shape (13)" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, 1, [12], [1]), "tensor 'a': reaches beyond" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, -1, [1], [1]), "tensor 'a': reaches beyond" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, 13, [0], [1]), "tensor 'a': reaches beyond" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, long.MaxValue, [1], [1]), "tensor 'a': reaches beyond" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, 0, [2], [12]), "tensor 'a': reaches beyond" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, 0, [3], [long.MaxValue]), "tensor 'a': has strides" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, 0, [2], [1, 1]), "tensor 'a': has strides" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, 0, [long.MaxValue, 2], [0, 0]), "tensor 'a': has the shape" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, 0, [1L << 40], [0]), "tensor 'a': has the shape" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, 0, [-1], [1]), "not below 0" },
        { PickleBytes.Of("a", "FloatStorage", "0", 12, 0, [1, 1, 1, 1, 1, 1, 1, 1, 1], [1]), "9 dimensions" },
    };

    [Theory]
    [MemberData(nameof(BadPickles), DisableDiscoveryEnumeration = true)]
    public void A_pickle_that_is_no_state_dictionary_is_refused_in_one_line(byte[] pickle, string named)
    {
        string message = Assert.Throws<IntraDistillException>(() => Open(pickle)).Message;
        Assert.StartsWith("a.bin: ", message);
        Assert.Contains(named, message);
        Assert.DoesNotContain('\n', message);
    }

    public static TheoryData<byte[], string> BadArchives => new()
    {
        { [], "no zip archive" },
        { [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e], "before 1.6" },
        { WeightBytes.Zip([]), "data.pkl" },
        { WeightBytes.Zip([("a/data.pkl", []), ("b/data.pkl", [])]), "data.pkl" },
        { WeightBytes.Zip([("a/data.pkl", new byte[5000])], CompressionLevel.Optimal), "compressed" },
        { WeightBytes.Zip([("a/data.pkl", []), ("a/data.pkl", [])]), "twice" },
        { Overlapping(), "overlap" },
        { WeightBytes.Zip([("a/data.pkl", new byte[(1 << 22) + 1])]), "pickle of" },
        { WeightBytes.Zip([("a/data.pkl", []), ("a/byteorder", "big"u8.ToArray())]), "little-endian" },
    };

    [Theory]
    [MemberData(nameof(BadArchives), DisableDiscoveryEnumeration = true)]
    public void An_archive_that_PyTorch_does_not_write_is_refused(byte[] archive, string problem) =>
        Assert.Contains(problem, Assert.Throws<IntraDistillException>(() => WeightBytes.OpenPyTorch(archive)).Message);

    [Fact]
    public void Nothing_is_read_of_a_file_cut_short_anywhere()
    {
        byte[] file = WeightBytes.PyTorch(PickleBytes.Of("w", "FloatStorage", "0", 12, 0, [12], [1]), ("0", s_twelve));
        for (int length = 0; length < file.Length; length++)
            Assert.Throws<IntraDistillException>(() => WeightBytes.OpenPyTorch(file[..length]));
    }

    /// <summary>An archive whose directory has the second file where the first one is.</summary>
    private static byte[] Overlapping()
    {
        byte[] archive = WeightBytes.Zip([("a/data.pkl", [1, 2]), ("a/data/0", [3, 4])]);
        int second = archive.AsSpan().LastIndexOf("PK\x1\x2"u8);
        archive.AsSpan(second + 42, sizeof(int)).Clear();
        return archive;
    }

    private static PyTorchFile Open(byte[] pickle) => WeightBytes.OpenPyTorch(WeightBytes.PyTorch(pickle, ("0", s_twelve)));
}
