using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>A storage that a pickle refers to: the elements of one or more tensors, in the file <c>Key</c> of the archive.</summary>
internal sealed record PickledStorage(ScalarType Type, string Key, long Elements);

/// <summary>A tensor that a pickle describes: a view into a storage, offset and strides in elements.</summary>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides);

/// <summary>Reads the pickle of a PyTorch state dictionary. A pickle is a program; this is no machine for it. It knows the opcodes by which
/// Python writes dictionaries, tuples, texts and numbers, and takes the few names that weights need (a tensor, an ordered dictionary, the
/// storage types) for what they describe. Anything else ends the reading: nothing is looked up by name, and nothing is called.</summary>
/// <seealso href="https://github.com/python/cpython/blob/main/Lib/pickletools.py"/>
internal sealed class StateDictPickle(string path, byte[] pickle)
{
    private enum Global { OrderedDictionary, RebuildTensor, RebuildParameter }

    private static readonly object s_mark = new();
    private static readonly Encoding s_utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);

    private static readonly Dictionary<string, ScalarType> s_storages = new()
    {
        ["FloatStorage"] = ScalarType.Float32, ["DoubleStorage"] = ScalarType.Float64, ["HalfStorage"] = ScalarType.Float16,
        ["BFloat16Storage"] = ScalarType.BFloat16, ["LongStorage"] = ScalarType.Int64, ["IntStorage"] = ScalarType.Int32,
        ["ShortStorage"] = ScalarType.Int16, ["CharStorage"] = ScalarType.Int8, ["ByteStorage"] = ScalarType.Byte,
        ["BoolStorage"] = ScalarType.Bool,
    };

    private readonly List<object?> _stack = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _at;

    /// <summary>The dictionary's entries, in order; a key may come twice.</summary>
    /// <exception cref="IntraDistillException">It is truncated, or is something else than the weights of a model.</exception>
    public static List<(object? Key, object? Value)> Parse(string path, byte[] pickle)
    {
        StateDictPickle reader = new(path, pickle);
        while (reader.Step()) { }
        if (reader._stack is not [List<(object?, object?)> dictionary] || reader._at != pickle.Length)
            throw reader.Bad("expected a dictionary of tensors and nothing after it");
        return dictionary;
    }

    /// <summary>Reads one opcode; false after the last.</summary>
    private bool Step()
    {
        byte opcode = Take(1)[0];
        switch ((char)opcode)
        {
            case '\u0080': // PROTO
                if (Take(1)[0] is not (2 or 3))
                    throw Bad("expected a pickle of protocol 2 or 3");
                return true;
            case 'q' or 'r': // BINPUT, LONG_BINPUT
                _memo[opcode == 'q' ? Take(1)[0] : UInt32()] = Peek();
                return true;
            case 'b': // BUILD: attributes of the dictionary, which PyTorch keeps versions of modules in
                Pop();
                _ = Dictionary();
                return true;
            case 's' or 'u': // SETITEM, SETITEMS
                SetItems(opcode == 's' ? PopMany(2) : PopToMark());
                return true;
            case '.':
                return false;
            default:
                _stack.Add(Value(opcode));
                return true;
        }
    }

    /// <summary>What the other opcodes put onto the stack.</summary>
    private object? Value(byte opcode) => (char)opcode switch
    {
        '(' => s_mark,
        '}' => new List<(object?, object?)>(),
        ')' => Array.Empty<object?>(),
        't' => PopToMark(),
        '\u0085' or '\u0086' or '\u0087' => PopMany(opcode - 0x84), // TUPLE1 to TUPLE3
        'N' => null,
        '\u0088' or '\u0089' => opcode == 0x88, // NEWTRUE, NEWFALSE
        'K' => (long)Take(1)[0],
        'M' => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        'J' => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)),
        '\u008a' => ReadLong(Take(Take(1)[0])), // LONG1
        'X' => Text(Take(UInt32())),
        'h' or 'j' => Remembered(opcode == 'h' ? Take(1)[0] : UInt32()), // BINGET, LONG_BINGET
        'c' => ReadGlobal(),
        'Q' => ReadStorage(Pop()), // BINPERSID
        'R' => Describe(arguments: Pop(), function: Pop()), // REDUCE
        _ => throw Bad($"the opcode 0x{opcode:x2} at byte {_at - 1:N0} is none that weights need; it was not executed"),
    };

    private void SetItems(object?[] items)
    {
        if (items.Length % 2 != 0)
            throw Bad("sets a key without a value");
        Dictionary().AddRange(items.Chunk(2).Select(pair => (pair[0], pair[1])));
    }

    /// <summary>What a name stands for: a storage type, or one of three functions that are described and not called.</summary>
    private object ReadGlobal()
    {
        string module = Line(), name = Line();
        return (module, name) switch
        {
            ("collections", "OrderedDict") => Global.OrderedDictionary,
            ("torch._utils", "_rebuild_tensor_v2") => Global.RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Global.RebuildParameter,
            ("torch", _) when s_storages.TryGetValue(name, out ScalarType type) => type,
            _ => throw Bad($"asks for '{WeightFile.Printable($"{module}.{name}")}', which weights do not need; "
                + "it was not looked up, and nothing was executed"),
        };
    }

    private PickledStorage ReadStorage(object? id) =>
        id is object?[] and ["storage", ScalarType type, string key, string, long elements] && elements >= 0
            ? new(type, key, elements)
            : throw Bad("expected the id of a storage: its type, file, device and number of elements");

    private object Describe(object? arguments, object? function) => (function, arguments) switch
    {
        (Global.OrderedDictionary, object?[] and []) => new List<(object?, object?)>(),
        (Global.RebuildParameter, object?[] and [PickledTensor tensor, bool, _]) => tensor,
        (Global.RebuildTensor, object?[] and [PickledStorage storage, long offset, object?[] shape, object?[] strides, bool, ..])
            => new PickledTensor(storage, offset, Numbers(shape), Numbers(strides)),
        _ => throw Bad("expected the parts of a tensor, a parameter or an empty ordered dictionary"),
    };

    private long[] Numbers(object?[] tuple)
    {
        if (tuple.Length > WeightEntry.MaxDimensions)
            throw Bad($"describes a tensor of {tuple.Length} dimensions; at most {WeightEntry.MaxDimensions} were expected");
        long[] numbers = [.. tuple.OfType<long>().Where(number => number >= 0)];
        return numbers.Length == tuple.Length ? numbers : throw Bad("expected sizes and strides of tensors not below 0");
    }

    private long ReadLong(ReadOnlySpan<byte> bytes) => bytes.Length <= sizeof(long)
        ? (long)new BigInteger(bytes)
        : throw Bad($"has a number of {bytes.Length} bytes; at most {sizeof(long)} were expected");

    private string Text(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return s_utf8.GetString(utf8);
        }
        catch (DecoderFallbackException error)
        {
            throw Bad($"has a text in its pickle that is not UTF-8, before byte {_at:N0}", error);
        }
    }

    private string Line()
    {
        int length = pickle.AsSpan(_at).IndexOf((byte)'\n');
        if (length < 0)
            throw Bad("is truncated in its pickle");
        string line = Text(Take((uint)length));
        _at++;
        return line;
    }

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > pickle.Length - _at)
            throw Bad("is truncated in its pickle");
        ReadOnlySpan<byte> bytes = pickle.AsSpan(_at, (int)count);
        _at += (int)count;
        return bytes;
    }

    private uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    private object? Pop()
    {
        object? value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object? Peek() =>
        _stack.Count > 0 && _stack[^1] != s_mark ? _stack[^1] : throw Bad("its pickle takes more than it holds");

    private List<(object?, object?)> Dictionary() =>
        Peek() as List<(object?, object?)> ?? throw Bad("its pickle puts something into what is no dictionary");

    private object? Remembered(uint index) => _memo.TryGetValue(index, out object? value)
        ? value
        : throw Bad($"its pickle refers to an object {index} that it does not hold");

    private object?[] PopToMark()
    {
        int mark = _stack.LastIndexOf(s_mark);
        if (mark < 0)
            throw Bad("its pickle ends a group that it did not begin");
        object?[] items = PopMany(_stack.Count - mark - 1);
        _stack.RemoveAt(mark);
        return items;
    }

    private object?[] PopMany(int count)
    {
        int start = _stack.Count - count;
        if (start < 0 || _stack.IndexOf(s_mark, start) >= 0)
            throw Bad("its pickle takes more than it holds");
        object?[] items = [.. _stack[start..]];
        _stack.RemoveRange(start, count);
        return items;
    }

    private IntraDistillException Bad(string problem, Exception? inner = null) => WeightFile.Error(path, null, problem, inner);
}
