using System.Text;
using FsCheck;
using FsCheck.Fluent;
using TorchSharp;
using static TorchSharp.torch;
using Random = System.Random;

namespace IntraDistill.Tests;

/// <summary>
/// 100,000 files that are broken in some way, or may be: each is read whole or refused by a <see cref="IntraDistillException"/>
/// of one line, and what it makes the reader allocate is in proportion to its length.
/// </summary>
public class WeightFileFuzzTests
{
    private static readonly byte[] s_safetensors = WeightBytes.Safetensors(
        ("bert.embeddings.weight", "F32", [3, 2], new byte[24]),
        ("bias", "BF16", [2], new byte[4]),
        ("ids", "I64", [1, 2], new byte[16]));

    private static readonly byte[] s_pickle = new PickleBytes().Op('}').Op((byte)'q', 0).Op('(')
        .Text("bert.embeddings.weight").Tensor("FloatStorage", "0", 6, 0, [3, 2], [2, 1])
        .Text("bias").Tensor("HalfStorage", "1", 2, 0, [2], [1]).Op((byte)'r', 1, 0, 0, 0)
        .Text("tied").Op((byte)'h', 1).Op('u').Stop();

    private static readonly long[] s_extremes = [long.MaxValue, long.MinValue, -1, uint.MaxValue, int.MaxValue, 0];

    private static readonly (string, byte[])[] s_storages = [("0", new byte[24]), ("1", new byte[4])];

    [Fact]
    public void Damaged_safetensors_files()
    {
        int headerLength = BitConverter.ToInt32(s_safetensors);
        Damage(30_000, random =>
        {
            if (random.Next(2) == 0)
                return Mutate(s_safetensors, random);
            // The length is right again, so that what is wrong inside the header is reached.
            string header = Encoding.Latin1.GetString(Mutate(s_safetensors[8..(8 + headerLength)], random));
            return WeightBytes.Safetensors(header, 44);
        }, WeightBytes.OpenSafetensors);
    }

    [Fact]
    public void Damaged_pytorch_files()
    {
        byte[] whole = WeightBytes.PyTorch(s_pickle, s_storages);
        Damage(30_000, random => random.Next(2) == 0
            ? Mutate(whole, random)
            : WeightBytes.PyTorch(Mutate(s_pickle, random), s_storages), WeightBytes.OpenPyTorch);
    }

    [Fact]
    public void Headers_put_together_at_random()
    {
        Gen<string> number = Gen.Elements("0", "1", "2", "4", "8", "16", "-1", "1e3", "2.5", "4294967296", "9223372036854775807",
            "18446744073709551616", "null", "\"4\"", "[]", "{}");
        Gen<string> numbers = number.ArrayOf().Select(values => $"[{string.Join(',', values)}]");
        Gen<string> type = Gen.Elements("\"F32\"", "\"F16\"", "\"U8\"", "\"I64\"", "\"BOOL\"", "\"F8\"", "\"\"", "4");
        Gen<string> field = Gen.OneOf(
            type.Select(value => $"\"dtype\":{value}"),
            Gen.OneOf(numbers, number).Select(value => $"\"shape\":{value}"),
            Gen.OneOf(numbers, number).Select(value => $"\"data_offsets\":{value}"));
        Gen<string> regular = type.SelectMany(t => numbers.SelectMany(s => number.SelectMany(a => number.Select(b =>
            $"\"dtype\":{t},\"shape\":{s},\"data_offsets\":[{a},{b}]"))));
        Gen<string> tensor = Gen.OneOf(regular, field.ArrayOf().Select(fields => string.Join(',', fields)));
        Gen<string> entry = Gen.Elements("a", "b", "__metadata__", "").SelectMany(name =>
            tensor.Select(t => $"\"{name}\":{{{t}}}"));
        Gen<byte[]> file = entry.ArrayOf().SelectMany(entries => Gen.Choose(0, 40).Select(length =>
            WeightBytes.Safetensors($"{{{string.Join(',', entries)}}}", length)));
        Generated(20_000, file, WeightBytes.OpenSafetensors);
    }

    [Fact]
    public void Pickles_put_together_at_random()
    {
        byte[] opcodes = [.. ".(})tNKMJXqrhjcQRbsu"u8, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a];
        Gen<byte[]> opcode = Gen.Elements(opcodes).Select(b => new byte[] { b });
        Gen<byte[]> some = Gen.Elements(
            Piece(p => p.Text("a")), Piece(p => p.Text("storage")), Piece(p => p.Number(2)), Piece(p => p.Number(long.MaxValue)),
            Piece(p => p.Tuple(2, 1)), Piece(p => p.Tuple()), Piece(p => p.Op((byte)'q', 0)), Piece(p => p.Op((byte)'h', 0)),
            Piece(p => p.Global("torch", "FloatStorage")), Piece(p => p.Global("torch._utils", "_rebuild_tensor_v2")),
            Piece(p => p.Global("collections", "OrderedDict")),
            Piece(p => p.Op(')').Op('R')), Piece(p => p.Op('s')), Piece(p => p.Op('(')),
            Piece(p => p.Tensor("FloatStorage", "0", 6, 0, [3, 2], [2, 1])),
            Piece(p => p.Tensor("FloatStorage", "0", 6, 1, [2], [4])),
            Piece(p => p.Tensor("HalfStorage", "1", 2, 0, [2], [0])),
            Piece(p => p.Tensor("HalfStorage", "1", 2, 0, [1L << 62], [0])));
        Gen<byte[]> pickle = Gen.Frequency((1, opcode), (4, some)).ArrayOf().Select(pieces =>
            (byte[])[0x80, 2, (byte)'}', .. pieces.SelectMany(piece => piece), (byte)'.']);
        Generated(20_000, pickle.Select(bytes => WeightBytes.PyTorch(bytes, s_storages)), WeightBytes.OpenPyTorch);
    }

    [Fact]
    public void Whatever_is_written_is_read_back()
    {
        Gen<(float[] Values, int Rows)> tensor = Gen.Choose(0, 4).SelectMany(rows => Gen.Choose(0, 4).SelectMany(columns =>
            ArbMap.Default.GeneratorFor<float>().ArrayOf(rows * columns).Select(values => (values, rows))));
        Prop.ForAll(tensor.ArrayOf().ToArbitrary(), tensors =>
        {
            using var scope = NewDisposeScope();
            using SafetensorsFile file = WeightBytes.OpenSafetensors(WeightBytes.Safetensors([.. tensors.Select((t, i) =>
                ($"t{i}", "F32", Shape(t), t.Values.SelectMany(BitConverter.GetBytes).ToArray()))]));
            for (int i = 0; i < tensors.Length; i++)
            {
                Tensor read = file.Read($"t{i}");
                Assert.Equal(Shape(tensors[i]), read.shape);
                Assert.Equal(tensors[i].Values, WeightBytes.Floats(read));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

        static long[] Shape((float[] Values, int Rows) t) => [t.Rows, t.Rows == 0 ? 3 : t.Values.Length / t.Rows];
    }

    private static void Damage(int count, Func<Random, byte[]> damage, Func<byte[], WeightFile> open)
    {
        Random random = new(20221207);
        int good = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] file = damage(random);
            try
            {
                good += ReadsOrRefuses(file, open) ? 1 : 0;
            }
            catch (Exception error)
            {
                Assert.Fail($"file {i}, {Convert.ToHexString(file)}: {error}");
            }
        }
        // Damage that only changes a weight or a letter of a name is not seen; most is.
        Assert.InRange(good, 1, count / 2);
    }

    private static void Generated(int count, Gen<byte[]> files, Func<byte[], WeightFile> open)
    {
        int good = 0;
        Prop.ForAll(files.ToArbitrary(), file => { good += ReadsOrRefuses(file, open) ? 1 : 0; })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(count));
        Assert.InRange(good, 1, count - 1);
    }

    private static bool ReadsOrRefuses(byte[] bytes, Func<byte[], WeightFile> open)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool good = true;
        try
        {
            using WeightFile file = open(bytes);
            foreach (WeightEntry entry in file.Tensors.Values)
            {
                long elements = entry.Shape.Aggregate(1L, (product, size) => product * size);
                Assert.InRange(elements * WeightEntry.SizeOf(entry.Type), 0, bytes.Length);
                Assert.InRange(entry.StoredElements * WeightEntry.SizeOf(entry.Type), 0, bytes.Length);
                using Tensor tensor = file.Read(entry.Name);
                Assert.Equal(entry.Shape, tensor.shape);
            }
        }
        catch (IntraDistillException error)
        {
            Assert.DoesNotContain('\n', error.Message);
            good = false;
        }
        // .NET's zip reader takes buffers of up to 256 KB from a pool, whatever the file's length.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000 + 50 * bytes.Length);
        return good;
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        List<byte> bytes = [.. original];
        for (int left = random.Next(1, 4); left > 0 && bytes.Count > 0; left--)
        {
            int at = random.Next(bytes.Count), length = Math.Min(random.Next(1, 9), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 5: // a number of 32 or 64 bits at an end of its range
                    byte[] extreme = BitConverter.GetBytes(s_extremes[random.Next(s_extremes.Length)]);
                    for (int i = 0; i < length; i++)
                        bytes[at + i] = extreme[i];
                    break;
                case 6: // a digit grows
                    int digit = bytes.FindIndex(at, b => b is >= (byte)'0' and <= (byte)'9');
                    if (digit >= 0)
                        bytes.InsertRange(digit, Enumerable.Repeat((byte)'9', random.Next(1, 20)));
                    break;
                default:
                    bytes.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)random.Next(256)));
                    break;
            }
        }
        return [.. bytes];
    }

    private static byte[] Piece(Func<PickleBytes, PickleBytes> write) => write(new()).Stop()[2..^1];
}
