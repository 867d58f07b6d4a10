namespace IntraDistill.DataScripts.Glue;

/// <summary>
/// MRPC, which GLUE does not distribute: made of Microsoft's corpus in the tokenized copy of SentEval and GLUE's list of the
/// pairs that are its development set, as the benchmark's <c>download_glue_data.py</c> makes it.
/// </summary>
public static class MrpcFiles
{
    /// <summary>The names of the three files.</summary>
    public const string TrainName = "msr_paraphrase_train.txt", TestName = "msr_paraphrase_test.txt",
        DevIdsName = "mrpc_dev_ids.tsv";

    // Quality, #1 ID, #2 ID, #1 String, #2 String
    private const int Columns = 5;

    /// <summary>Writes <c>train.tsv</c>, <c>dev.tsv</c> and <c>test.tsv</c>.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="files">The three files.</param>
    /// <returns>What was done, for <c>about.json</c>.</returns>
    /// <exception cref="IntraDistillException">
    /// A file is missing or not as it should be; the message names file and line.
    /// </exception>
    public static string Write(PreparedFolder folder, IReadOnlyList<ObtainedFile> files)
    {
        HashSet<(string, string)> devIds = [.. Rows(DevIdsName, 2, header: false).Select(row => (row[0], row[1]))];
        List<string[]> all = Rows(TrainName, Columns, header: true);
        // The header as it stands, byte order mark included.
        string header = string.Join('\t', all[0]);
        ILookup<bool, string> lines = all.Skip(1).ToLookup(
            row => devIds.Contains((row[1], row[2])), row => string.Join('\t', row));
        folder.WriteLines("train.tsv", lines[false].Prepend(header));
        folder.WriteLines("dev.tsv", lines[true].Prepend(header));
        folder.WriteLines("test.tsv", Rows(TestName, Columns, header: true).Skip(1)
            .Select((row, index) => $"{index}\t{string.Join('\t', row[1..])}")
            .Prepend("index\t#1 ID\t#2 ID\t#1 String\t#2 String"));
        return $"the pairs of {DevIdsName} are dev, the others of {TrainName} train; the labels of {TestName} are left out";

        List<string[]> Rows(string name, int columns, bool header)
        {
            string path = files.FirstOrDefault(file => Path.GetFileName(file.Path) == name)?.Path
                ?? throw new IntraDistillException($"MRPC: expected {name} among its files");
            List<string[]> rows = [.. TextLines.Split(File.ReadAllBytes(path), path).Select(line => line.Split('\t'))];
            int bad = rows.FindIndex(row => row.Length != columns);
            if (bad >= 0)
                throw new IntraDistillException($"{path}:{bad + 1}: {rows[bad].Length} columns, expected {columns}");
            return rows.Count > (header ? 1 : 0) ? rows : throw new IntraDistillException($"{path}:1: no row, expected pairs");
        }
    }
}
