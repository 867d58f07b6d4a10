using System.Text.Json;

namespace IntraDistill.Tasks;

/// <summary>The files of a folder that a data script makes: a file may be missing, or have lost lines since. All errors say how to get the
/// folder (the remedy), and what the files hold is held to the counts in its <c>about.json</c>, if it has one.</summary>
internal sealed class PreparedData
{
    private readonly string _folder, _remedy;
    private readonly List<(string Part, int Found)> _counts = [];

    /// <exception cref="IntraDistillException">There is no such folder.</exception>
    public PreparedData(string folder, string remedy)
    {
        if (!Directory.Exists(folder))
            throw new IntraDistillException($"{folder}: there is no such folder; {remedy}");
        (_folder, _remedy) = (folder, remedy);
    }

    /// <summary>Reads a part from its file; one that may be missing is empty then.</summary>
    /// <exception cref="IntraDistillException">There is no such file.</exception>
    public IReadOnlyList<T> Read<T>(string part, string file, Func<string, IReadOnlyList<T>> read, bool mayBeMissing = false)
    {
        string path = Path.Combine(_folder, file);
        IReadOnlyList<T> found = File.Exists(path) ? read(path) : mayBeMissing ? []
            : throw new IntraDistillException($"{path}: there is no such file; {_remedy}");
        _counts.Add((part, found.Count));
        return found;
    }

    /// <summary>Holds what was read to the numbers at <c>counts.{part}</c> of <c>about.json</c>; the unit is "pairs" or the like.</summary>
    /// <exception cref="IntraDistillException">They differ, or the counts cannot be read.</exception>
    public void CheckCounts(string unit)
    {
        string about = Path.Combine(_folder, "about.json");
        if (!File.Exists(about))
            return;
        foreach ((string part, int count) in _counts)
        {
            int stated = Stated(part);
            if (stated != count)
                throw new IntraDistillException($"{about}: states {stated} {unit} of {part}, the files have {count}; {_remedy}");
        }

        int Stated(string part)
        {
            try
            {
                return JsonElement.Parse(File.ReadAllBytes(about)).GetProperty("counts").GetProperty(part).GetInt32();
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new IntraDistillException($"{about}: no number at counts.{part}, as the data scripts write it; {_remedy}", e);
            }
        }
    }
}
