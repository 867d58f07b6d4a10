using System.Text.Json;

namespace IntraDistill.Tasks;

internal static class PreparedCounts
{
    /// <summary>Holds the files of a prepared folder to the numbers at <c>counts.{part}</c> of its <c>about.json</c>, if it has one: a file
    /// may have lost lines since. The unit ("pairs") and the remedy are for the message.</summary>
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
                return JsonElement.Parse(File.ReadAllBytes(about)).GetProperty("counts").GetProperty(part).GetInt32();
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new IntraDistillException($"{about}: no number at counts.{part}, as the data scripts write it; {remedy}", e);
            }
        }
    }
}
