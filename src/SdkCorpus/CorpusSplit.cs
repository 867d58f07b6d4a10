using System.Text;

namespace IntraDistill.Tasks;

/// <summary>
/// Assigns messages to train, valid and test by the English text alone: clusters of near-duplicates go to one part as a
/// whole, which part is a hash of the cluster's first text in ordinal order. So the split is the same for every language
/// and on every machine, and a message stays in its part when messages unlike it come or go with the SDK's version.
/// </summary>
internal static class CorpusSplit
{
    /// <summary>The share of clusters that goes to test, and to valid.</summary>
    public const double TestShare = 0.11;

    /// <inheritdoc cref="TestShare"/>
    public const double ValidShare = 0.07;

    /// <summary>
    /// A larger cluster goes to train whatever its hash: a family of messages made from one pattern (similarity is
    /// transitive here, so families grow) would otherwise be much of a test set by itself. Of 15,472 messages (SDK 10.0.401)
    /// 2,929 are in such clusters, the largest of 553; 6,741 have no near-duplicate.
    /// </summary>
    public const int LargestHeldOut = 8;

    /// <summary>The messages with their part and their similarity to the training texts.</summary>
    public static IReadOnlyList<SdkMessage> Assign(IReadOnlyList<SdkMessage> messages)
    {
        int[] clusters = NearDuplicates.Cluster([.. messages.Select(message => message.English)]);
        Dictionary<int, (string First, int Size)> byCluster = [];
        for (int i = 0; i < clusters.Length; i++)
        {
            string text = CharacterGrams.Normalize(messages[i].English);
            byCluster[clusters[i]] = byCluster.TryGetValue(clusters[i], out (string First, int Size) cluster)
                ? (string.CompareOrdinal(text, cluster.First) < 0 ? text : cluster.First, cluster.Size + 1)
                : (text, 1);
        }
        Split[] parts = [.. clusters.Select(cluster => Part(byCluster[cluster].First, byCluster[cluster].Size))];

        IEnumerable<SdkMessage> train = messages.Where((_, i) => parts[i] == Split.Train);
        CharacterGramIndex training = new([.. train.Select(message => message.English)]);
        return [.. messages.Select((message, i) => message with
        {
            Split = parts[i],
            TrainingSimilarity = parts[i] == Split.Train ? 1 : training.Nearest(message.English).Similarity,
        })];
    }

    private static Split Part(string text, int clusterSize)
    {
        if (clusterSize > LargestHeldOut)
            return Split.Train;
        double share = Hash(text) / Math.Pow(2, 64);
        return share < TestShare ? Split.Test : share < TestShare + ValidShare ? Split.Valid : Split.Train;
    }

    /// <summary>FNV-1a over UTF-8, then MurmurHash3's finalizer, without which short texts leave the high bits uneven.</summary>
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
