using System.Text.Json;

namespace IntraDistill.Tasks;

/// <summary>Holds the files of a prepared folder to the counts in its <c>about.json</c>: a file may have lost lines since.</summary>
internal static class PreparedCounts
{
    /// <summary>Compares <c>counts.{part}</c> with what was read, if the folder has an <c>about.json</c> at all.</summary>
    /// <param name="about">The path of <c>about.json</c>.</param>
    /// <param name="found">The parts and what was read of each.</param>
    /// <param name="unit">What is counted, for the message: "pairs".</param>
    /// <param name="remedy">What to do about a damaged folder.</param>
    /// <exception cref="IntraDistillException">They differ, or the counts cannot be read.</exception>
    public static void Check(string about, IEnumerable<(string Part, int Found)> found, string unit, string remedy)
    {
        if (!File.Exists(about))
            return;
        foreach ((string part, int count) in found)
        {
            int stated = Stated(part);
            if (stated != count)
                throw new IntraDistillException($"{about}: states {stated} {unit} of {part}, the files have {count}; {remedy}");
        }

        int Stated(string part)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(about));
                return document.RootElement.GetProperty("counts").GetProperty(part).GetInt32();
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new IntraDistillException(
                    $"{about}: no number at counts.{part}, as the data scripts write it; {remedy}", e);
            }
        }
    }
}
