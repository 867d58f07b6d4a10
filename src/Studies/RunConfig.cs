using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Everything on which a run's numbers depend, by name, with its seed first: every settings record whole (<see cref="Of"/>), the
/// fingerprints of data and checkpoint, and what it computes on (<see cref="OfMachine"/>). Two with the same names and values are the same
/// run, in whatever order they come; what is missing here can change, and an old result is shown.</summary>
public sealed partial class RunConfig : RunValues, IEquatable<RunConfig>
{
    private const string SeedName = "seed", SeedOfPart = ".Seed", None = "none",
        Expected = "expected numbers, texts, true or false, enums, tuples and lists of these, and records of them";

    /// <summary>Takes the seed and the other values. The <c>Seed</c> of a settings record (<c>training.Seed</c>) is stored only where it is
    /// another number than the run's own.</summary>
    /// <exception cref="IntraDistillException">A name is empty, "seed" or comes twice, or a number is not finite.</exception>
    public RunConfig(long seed, params IEnumerable<(string Name, RunValue Value)> values)
        : base([(SeedName, seed), .. values.Where(pair => !IsOwnSeed(pair, seed)).Select(Finite)])
    {
        Seed = seed;
        Canonical = Json(this.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical)));
    }

    /// <summary>The seed.</summary>
    public long Seed { get; }

    /// <summary>The values as JSON with the names in ordinal order: equal for equal configs, on every machine.</summary>
    public string Canonical { get; }

    /// <summary>The SHA-256 of <see cref="Canonical"/> in UTF-8, 64 hexadecimal digits.</summary>
    public string Hash { get; }

    /// <summary>Every property of a settings record as a value, <c>training.LearningRate</c> …, so that changing any of them makes another
    /// run, properties added later included. Records in it are taken apart likewise (<c>training.Inner.Size</c>); enums are texts, tuples
    /// and lists one text each, numbers exact, null is "none". Left out is what is marked <see cref="ChangesNoResultAttribute"/>.</summary>
    /// <exception cref="IntraDistillException">It is no record, or a property cannot be written as such a value; both are
    /// named.</exception>
    public static IReadOnlyList<(string Name, RunValue Value)> Of(string name, object settings) => IsRecord(settings)
        ? [.. TakenApart(name, settings, name)]
        : throw new IntraDistillException($"{name}: {settings.GetType().Name} was given; expected a settings record");

    /// <summary>The same of an object of parts, <c>new { data = "3f2a…", model = shape, epochs = 4 }</c>: each property that is a settings
    /// record taken apart under its own name, any other as a value. One that is null is no part of this run.</summary>
    /// <exception cref="IntraDistillException">A property is of a type that no config holds; it is named.</exception>
    public static IReadOnlyList<(string Name, RunValue Value)> OfParts(object parts) => [.. Properties(parts).SelectMany(property =>
        property.GetValue(parts) is { } value ? TakenApart(property.Name, value, property.Name) : [])];

    /// <summary>What of the machine changes a run's numbers, for its config: with the same of these, the same settings and seed, the same
    /// commit gives the same weights bit for bit.</summary>
    /// <remarks><c>machine.device</c>, <c>cpu</c> or the GPU's name: kernels are chosen by it. <c>machine.processor</c>: so are the CPU's,
    /// by its instructions, and initial weights are drawn there in any case. <c>machine.threads</c>, on the CPU only: sums are cut into as
    /// many parts. <c>machine.precision</c>: the type of new tensors, and on a GPU whether products may use TF32. <c>machine.system</c>,
    /// <c>machine.torchsharp</c> (and libtorch, where it is not the package's), <c>machine.kit</c>: other builds of the same code round
    /// otherwise, and releases may compute otherwise. The commit is left out, for else no result would outlive an edit:
    /// <see cref="RunOrigin"/> has it.</remarks>
    /// <param name="device">What the run computes on.</param>
    /// <param name="type">The type of the model's weights; that of new tensors, if not given.</param>
    public static IReadOnlyList<(string Name, RunValue Value)> OfMachine(Device device, ScalarType? type = null)
    {
        bool onCpu = device.type == DeviceType.CPU;
        string system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "macos" : OperatingSystem.IsLinux()
            ? "linux" : RuntimeInformation.OSDescription;
        return
        [
            ("machine.device", device.type == DeviceType.CUDA ? NativeGpu.Name(Machine.Index(device)) ?? "cuda"
                : device.type.ToString().ToLowerInvariant()),
            ("machine.processor", Machine.Processor()),
            ("machine.precision", $"{type ?? get_default_dtype()}{(!onCpu && backends.cuda.matmul.allow_tf32 ? ", TF32" : "")}"),
            ("machine.system", $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}"),
            ("machine.torchsharp", Machine.TorchSharpVersion()),
            ("machine.kit", KitVersion.Split('+')[0]),
            .. onCpu ? [("machine.threads", (RunValue)get_num_threads())] : Array.Empty<(string, RunValue)>(),
        ];
    }

    /// <summary>Whether another config has the same names and values but for some: <c>IsLike(other, "seed", "source")</c> finds the runs of
    /// one setting over all seeds and languages. Where a name excepted is missing from one of them, it does not matter. Excepting "seed"
    /// excepts the seeds of settings records, too.</summary>
    public bool IsLike(RunConfig other, params string[] except)
    {
        return Rest(this).SequenceEqual(Rest(other));

        IEnumerable<(string, string)> Rest(RunConfig config) =>
            config.Where(pair => !IsExcepted(pair.Key)).Select(pair => (pair.Key, pair.Value.Json)).Order();

        bool IsExcepted(string name) => except.Contains(name)
            || except.Contains(SeedName) && name.EndsWith(SeedOfPart, StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public bool Equals(RunConfig? other) => other is not null && Canonical == other.Canonical;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RunConfig);

    /// <inheritdoc/>
    public override int GetHashCode() => Canonical.GetHashCode(StringComparison.Ordinal);

    /// <summary>The kit's version with its commit.</summary>
    internal static string KitVersion { get; } =
        typeof(RunConfig).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>A readable name for the run's folder: label, seed and some digits of the hash, as <c>iwslt14-de-en-id-a5-s1-3f2a9c</c>.
    /// What a file name should not hold becomes a hyphen.</summary>
    internal string FolderName(string label, int digits)
    {
        const int longest = 80;
        string words = NoWord().Replace(label.ToLowerInvariant(), "-").TrimStart('-', '.');
        string slug = words[..Math.Min(words.Length, longest)].TrimEnd('-', '.');
        if (slug.Length == 0)
            throw new IntraDistillException($"a run's label is \"{label}\"; expected one with letters or digits");
        return $"{slug}-s{Seed}-{Hash[..digits]}";
    }

    /// <summary>What <see cref="RunValues.ToJson"/> wrote.</summary>
    /// <exception cref="FormatException">It has no whole number "seed".</exception>
    internal static RunConfig From(List<(string Name, RunValue Value)> pairs)
    {
        string seed = pairs.FirstOrDefault(pair => pair.Name == SeedName).Value?.Json ?? "missing";
        return long.TryParse(seed, CultureInfo.InvariantCulture, out long number)
            ? new RunConfig(number, pairs.Where(pair => pair.Name != SeedName))
            : throw new FormatException($"\"seed\" is {seed}; expected a whole number");
    }

    private static bool IsOwnSeed((string Name, RunValue Value) pair, long seed) =>
        pair.Name is not null && pair.Name.EndsWith(SeedOfPart, StringComparison.Ordinal) && pair.Value == seed;

    private static (string, RunValue) Finite((string Name, RunValue Value) pair) => pair.Value?.Text is "NaN" or "Infinity" or "-Infinity"
        ? throw new IntraDistillException($"{pair.Name} is {pair.Value.Text}; a run's settings are finite numbers") : pair;

    // A record's properties one by one, anything else as one value. Errors say where.
    private static IEnumerable<(string Name, RunValue Value)> TakenApart(string name, object value, string where)
    {
        if (!IsRecord(value))
            return [(name, Value(value, where))];
        return Properties(value).Where(property => !property.IsDefined(typeof(ChangesNoResultAttribute))).SelectMany(property =>
        {
            string path = $"{name}.{property.Name}", place = $"{path}: {value.GetType().Name}.{property.Name}";
            if (property.GetIndexParameters().Length > 0)
                throw new IntraDistillException($"{place} is an indexer; {Expected}");
            return property.GetValue(value) is { } one ? TakenApart(path, one, place) : [(path, None)];
        });
    }

    private static PropertyInfo[] Properties(object of) => of.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance);

    private static RunValue Value(object value, string where) => value switch
    {
        None => throw new IntraDistillException($"{where} is the text \"{None}\", which stands for no value; expected another text"),
        // Texts in quotes: two lists never look the same.
        ITuple tuple => $"({string.Join(", ", Enumerable.Range(0, tuple.Length).Select(i => Scalar(tuple[i], where).Json))})",
        IEnumerable list and not string => $"[{string.Join(", ", list.Cast<object?>().Select(item => Scalar(item, where).Json))}]",
        _ => Scalar(value, where),
    };

    private static RunValue Scalar(object? value, string where)
    {
        RunValue written = value switch
        {
            string text => text,
            bool flag => flag,
            Enum name => name.ToString(),
            double number => number,
            float number => number,
            long or int or short or sbyte or byte or ushort or uint => Convert.ToInt64(value, CultureInfo.InvariantCulture),
            _ => throw new IntraDistillException($"{where} is, or holds, {value?.GetType().Name ?? "null"}; {Expected}"),
        };
        return value is double or float && written.Json[0] == '"'
            ? throw new IntraDistillException($"{where} is {written.Text}; a run's settings are finite numbers") : written;
    }

    // The compiler gives every record class this method, and no other type may have one.
    private static bool IsRecord(object value) => value.GetType().GetMethod("<Clone>$") is not null;

    [GeneratedRegex("[^a-z0-9.]+")]
    private static partial Regex NoWord();
}
