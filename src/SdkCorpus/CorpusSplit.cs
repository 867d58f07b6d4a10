using System.Text;

namespace IntraDistill.Tasks;

/// <summary>Assigns messages to train, valid and test by the English text alone: clusters of near-duplicates go to one part as a whole,
/// which part is a hash of the cluster's first text in ordinal order. So the split is the same for every language and on every machine,
/// and a message stays in its part when messages unlike it come or go with the SDK's version.</summary>
internal static class CorpusSplit
{
    // Shares of clusters.
    private const double TestShare = 0.11, ValidShare = 0.07;

    // A larger cluster goes to train whatever its hash: a family of messages made from one pattern (similarity is
    // transitive here, so families grow) would otherwise be much of a test set by itself. Of 15,472 messages (SDK 10.0.401)
    // 2,929 are in such clusters, the largest of 553; 6,741 have no near-duplicate.
    private const int LargestHeldOut = 8;

    /// <summary>The messages with their part and their similarity to the training texts.</summary>
    public static IReadOnlyList<SdkMessage> Assign(IReadOnlyList<SdkMessage> messages)
    {
        int[] clusters = NearDuplicates.Cluster([.. messages.Select(message => message.English)]);
        Dictionary<int, Split> partOf = messages.Zip(clusters).GroupBy(pair => pair.Second).ToDictionary(cluster => cluster.Key,
            cluster => Part([.. cluster.Select(pair => CharacterGrams.Normalize(pair.First.English))]));
        Split[] parts = [.. clusters.Select(cluster => partOf[cluster])];

        IEnumerable<SdkMessage> train = messages.Where((_, i) => parts[i] == Split.Train);
        CharacterGramIndex training = new([.. train.Select(message => message.English)]);
        return [.. messages.Select((message, i) => message with
        {
            Split = parts[i],
            TrainingSimilarity = parts[i] == Split.Train ? 1 : training.Nearest(message.English).Similarity,
        })];
    }

    private static Split Part(string[] cluster)
    {
        if (cluster.Length > LargestHeldOut)
            return Split.Train;
        double share = Hash(cluster.Min(StringComparer.Ordinal)!) / Math.Pow(2, 64);
        return share < TestShare ? Split.Test : share < TestShare + ValidShare ? Split.Valid : Split.Train;
    }

    // FNV-1a over UTF-8, then MurmurHash3's finalizer, without which short texts leave the high bits uneven.
    private static ulong Hash(string text)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(text))
            hash = (hash ^ b) * 0x100000001b3;
        hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
        hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
        return hash ^ hash >> 33;
    }
}

/// <summary>Groups sentences that are near-duplicates of each other, so that whole groups can go to one side of a split. Two sentences at
/// or above the threshold are in one group, and so, by way of a third, are sentences that are not.</summary>
public static class NearDuplicates
{
    /// <summary>The character 4-gram cosine from which two English messages count as near-duplicates.</summary>
    // Measured on 15,472 messages (SDK 10.0.401): the largest cluster has 61 messages at 0.7, 76 at 0.65, 553 at 0.6, 2,925
    // at 0.55 and 5,634 at 0.5: below 0.6 chains of likeness run through the corpus and little is left to hold out.
    public const double Threshold = 0.6;

    /// <summary>The number of the cluster of each text: exact (every pair at or above the threshold, in (0, 1], is found), numbered in
    /// the order of their first texts. Case, all digits and runs of white space count as equal.</summary>
    public static int[] Cluster(IReadOnlyList<string> texts, double threshold = Threshold)
    {
        int[][] sets = RareFirst(texts);
        int[] parents = [.. Enumerable.Range(0, texts.Count)];

        // Prefix filter (Bayardo et al., WWW 2007): with grams in one global order, two sets whose cosine reaches t share a
        // gram among the first |A| − ⌈t²|A|⌉ + 1 of each, since the overlap is at least t·√(|A||B|) ≥ t²·max(|A|, |B|).
        // Taken rare-first, these prefixes have short lists of holders. How many grams two prefixes share bounds the whole
        // overlap (Xiao et al., WWW 2008), so that few pairs need their sets compared.
        Dictionary<int, Queue<int>> holders = [];
        double squared = threshold * threshold;
        int[] prefixes = [.. sets.Select(set => set.Length - (int)Math.Ceiling(squared * set.Length - 1e-9) + 1)];
        int[] shared = new int[texts.Count];
        List<int> touched = [];
        foreach (int current in Enumerable.Range(0, texts.Count).OrderBy(i => sets[i].Length).ThenBy(i => i))
        {
            (int[] set, int prefix) = (sets[current], prefixes[current]);
            for (int position = 0; position < prefix; position++)
            {
                if (!holders.TryGetValue(set[position], out Queue<int>? queue))
                    holders[set[position]] = queue = [];
                // Sets come in the order of their sizes: one too small for this set is too small for all that follow.
                while (queue.TryPeek(out int smallest) && sets[smallest].Length < squared * set.Length - 1e-9)
                    queue.Dequeue();
                foreach (int other in queue)
                    if (shared[other]++ == 0)
                        touched.Add(other);
                queue.Enqueue(current);
            }
            foreach (int other in touched)
            {
                (int[] otherSet, int otherPrefix) = (sets[other], prefixes[other]);
                double needed = threshold * Math.Sqrt((double)set.Length * otherSet.Length) - 1e-9;
                int beyond = set[prefix - 1] < otherSet[otherPrefix - 1] ? set.Length - prefix : otherSet.Length - otherPrefix;
                if (shared[other] + beyond >= needed && Root(parents, other) != Root(parents, current)
                    && Overlap(set, otherSet) >= needed)
                    parents[Math.Max(Root(parents, other), Root(parents, current))]
                        = Math.Min(Root(parents, other), Root(parents, current));
                shared[other] = 0;
            }
            touched.Clear();
        }

        int[] roots = [.. parents.Select((_, i) => Root(parents, i))];
        Dictionary<int, int> numbers = roots.Distinct().Index().ToDictionary(root => root.Item, root => root.Index);
        return [.. roots.Select(root => numbers[root])];
    }

    // Each text's grams as sorted numbers, rarer grams having the lower ones.
    private static int[][] RareFirst(IReadOnlyList<string> texts)
    {
        ulong[][] grams = [.. texts.Select(CharacterGrams.Of)];
        Dictionary<ulong, int> ranks = grams.SelectMany(set => set).CountBy(gram => gram)
            .OrderBy(entry => entry.Value).ThenBy(entry => entry.Key).Index().ToDictionary(entry => entry.Item.Key, entry => entry.Index);
        return [.. grams.Select(set => set.Select(gram => ranks[gram]).Order().ToArray())];
    }

    private static int Overlap(int[] a, int[] b)
    {
        int overlap = 0;
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            if (a[i] == b[j])
                (overlap, i, j) = (overlap + 1, i + 1, j + 1);
            else if (a[i] < b[j])
                i++;
            else
                j++;
        }
        return overlap;
    }

    private static int Root(int[] parents, int i)
    {
        while (parents[i] != i)
            i = parents[i] = parents[parents[i]];
        return i;
    }
}
