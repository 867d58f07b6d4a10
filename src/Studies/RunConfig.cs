using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// Everything on which a run's numbers depend, by name, with its seed first: every settings record whole (<see cref="Of"/>), the
/// fingerprints of data and checkpoint, and what it computes on (<see cref="OfMachine"/>). Two with the same
/// names and values are the same run, in whatever order they come; what is missing here can change, and an old result is shown.
/// </summary>
/// <example><code>
/// new RunConfig(seed: 1, [("arm", "id"), ("data", corpus.Fingerprint), .. RunConfig.Of("model", shape),
///     .. RunConfig.Of("training", training), .. RunConfig.Of("objective", objective), .. RunConfig.OfMachine(device)])
/// </code></example>
public sealed class RunConfig : RunValues, IEquatable<RunConfig>
{
    private const string SeedName = "seed", SeedOfPart = ".Seed";

    /// <summary>
    /// Takes the seed and the other values. The <c>Seed</c> of a settings record (<c>training.Seed</c>) is stored only where it
    /// is another number than the run's own.
    /// </summary>
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

    /// <summary>
    /// Every property of a settings record as a value, <c>training.LearningRate</c> …, so that changing any of them makes another
    /// run, properties added later included. Records in it are taken apart likewise (<c>training.Inner.Size</c>); enums are
    /// texts, tuples and lists one text each, numbers exact, null is "none". Left out is what is marked
    /// <see cref="ChangesNoResultAttribute"/>.
    /// </summary>
    /// <param name="name">What the names begin with: one for each record of the run.</param>
    /// <param name="settings">The record.</param>
    /// <exception cref="IntraDistillException">
    /// It is no record, or a property cannot be written as such a value; record and property are named.
    /// </exception>
    public static IReadOnlyList<(string Name, RunValue Value)> Of(string name, object settings) => SettingsValues.Of(name, settings);

    /// <summary>
    /// The same of an object of parts, <c>new { data = "3f2a…", model = shape, epochs = 4 }</c>: each property that is a settings record
    /// taken apart under its own name, any other as a value. One that is null is no part of this run.
    /// </summary>
    /// <exception cref="IntraDistillException">A property is of a type that no config holds; it is named.</exception>
    public static IReadOnlyList<(string Name, RunValue Value)> OfParts(object parts) => SettingsValues.OfParts(parts);

    /// <summary>
    /// What of the machine changes a run's numbers, for its config: with the same of these, the same settings and
    /// seed, the same commit gives the same weights bit for bit.
    /// </summary>
    /// <remarks>
    /// <c>machine.device</c>, <c>cpu</c> or the GPU's name: kernels are chosen by it. <c>machine.processor</c>: so are the CPU's, by
    /// its instructions, and initial weights are drawn there in any case. <c>machine.threads</c>, on the CPU only: sums are cut into
    /// as many parts. <c>machine.precision</c>: the type of new tensors, and on a GPU whether products may use TF32.
    /// <c>machine.system</c>, <c>machine.torchsharp</c> (and libtorch, where it is not the package's), <c>machine.kit</c>: other builds of
    /// the same code round otherwise, and releases may compute otherwise. Left out, since it changes nothing: memory, number of cores,
    /// the system's version, .NET's; and the commit, for else no result would outlive an edit: <see cref="RunOrigin"/> has it.
    /// </remarks>
    /// <param name="device">What the run computes on.</param>
    /// <param name="type">The type of the model's weights; that of new tensors, if not given.</param>
    public static IReadOnlyList<(string Name, RunValue Value)> OfMachine(Device device, ScalarType? type = null)
    {
        bool onCpu = device.type == DeviceType.CPU;
        string system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "macos" : OperatingSystem.IsLinux()
            ? "linux" : RuntimeInformation.OSDescription;
        string precision = (type ?? get_default_dtype()).ToString()
            + (!onCpu && backends.cuda.matmul.allow_tf32 ? ", TF32" : "");
        string kit = typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        List<(string, RunValue)> values =
        [
            ("machine.device", device.type == DeviceType.CUDA ? NativeGpu.Name(Machine.Index(device)) ?? "cuda"
                : device.type.ToString().ToLowerInvariant()),
            ("machine.processor", Machine.Processor()),
            ("machine.precision", precision),
            ("machine.system", $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}"),
            ("machine.torchsharp", Machine.TorchSharpVersion()),
            ("machine.kit", kit.Split('+')[0]),
        ];
        if (onCpu)
            values.Add(("machine.threads", get_num_threads()));
        return values;
    }

    /// <summary>
    /// Whether another config has the same names and values but for some: <c>IsLike(other, "seed", "source")</c> finds the runs
    /// of one setting over all seeds and languages. Where a name excepted is missing from one of them, it does not matter.
    /// Excepting "seed" excepts the seeds of settings records, too.
    /// </summary>
    /// <param name="other">The other config.</param>
    /// <param name="except">The names whose values may differ.</param>
    public bool IsLike(RunConfig other, params string[] except)
    {
        return Rest(this).SequenceEqual(Rest(other));

        IEnumerable<(string, string)> Rest(RunConfig config) =>
            config.Where(pair => !IsExcepted(pair.Key)).Select(pair => (pair.Key, pair.Value.Json)).Order();

        bool IsExcepted(string name) => except.Contains(name)
            || (except.Contains(SeedName) && name.EndsWith(SeedOfPart, StringComparison.Ordinal));
    }

    /// <inheritdoc/>
    public bool Equals(RunConfig? other) => other is not null && Canonical == other.Canonical;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RunConfig);

    /// <inheritdoc/>
    public override int GetHashCode() => Canonical.GetHashCode(StringComparison.Ordinal);

    /// <summary>
    /// A readable name for the run's folder: label, seed and the start of the hash, as <c>iwslt14-de-en-id-a5-s1-3f2a9c</c>.
    /// </summary>
    /// <param name="label">A few words; what a file name should not hold becomes a hyphen.</param>
    /// <param name="digits">How many digits of the hash.</param>
    internal string FolderName(string label, int digits)
    {
        const int longest = 80;
        var words = new StringBuilder();
        foreach (char c in label.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c) || c == '.' && words.Length > 0)
                words.Append(c);
            else if (words.Length > 0 && words[^1] != '-')
                words.Append('-');
        }
        string slug = words.ToString()[..Math.Min(words.Length, longest)].TrimEnd('-', '.');
        if (slug.Length == 0)
            throw new IntraDistillException($"a run's label is \"{label}\"; expected one with letters or digits");
        return $"{slug}-s{Seed}-{Hash[..digits]}";
    }

    /// <summary>What <c>ToJson</c> wrote.</summary>
    /// <exception cref="FormatException">It has no whole number "seed".</exception>
    internal static RunConfig From(List<(string Name, RunValue Value)> pairs)
    {
        string seed = pairs.FirstOrDefault(pair => pair.Name == SeedName).Value?.Json ?? "missing";
        return long.TryParse(seed, System.Globalization.CultureInfo.InvariantCulture, out long number)
            ? new RunConfig(number, pairs.Where(pair => pair.Name != SeedName))
            : throw new FormatException($"\"seed\" is {seed}; expected a whole number");
    }

    private static bool IsOwnSeed((string Name, RunValue Value) pair, long seed) =>
        pair.Name is not null && pair.Name.EndsWith(SeedOfPart, StringComparison.Ordinal) && pair.Value == seed;

    private static (string, RunValue) Finite((string Name, RunValue Value) pair) =>
        pair.Value?.Text is "NaN" or "Infinity" or "-Infinity"
            ? throw new IntraDistillException($"{pair.Name} is {pair.Value.Text}; a run's settings are finite numbers")
            : pair;
}
