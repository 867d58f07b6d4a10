using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace IntraDistill.Tests.JupyterTests;

/// <summary>The sockets that a client has of a kernel.</summary>
internal enum Channel { Shell, Control, Stdin, IoPub, Heartbeat }

/// <summary>A message from a kernel.</summary>
internal sealed record JupyterMessage(Channel Channel, JsonObject Header, JsonObject Parent, JsonObject Content)
{
    public const string Delimiter = "<IDS|MSG>";

    public string Type => (string)Header["msg_type"]!;

    /// <summary>The identity of the request that caused it; null for none.</summary>
    public string? ParentId => Parent["msg_id"] is JsonValue id && id.TryGetValue(out string? text) ? text : null;

    /// <summary>A field of the content as text.</summary>
    public string Text(string field) => (string)Content[field]!;

    /// <inheritdoc/>
    public override string ToString() => $"{Channel} {Type} for {ParentId}: {Content.ToJsonString()}";

    /// <summary>Reads a message and checks its signature.</summary>
    public static JupyterMessage Read(Channel channel, List<byte[]> frames, string key)
    {
        int start = frames.FindIndex(frame => frame.AsSpan().SequenceEqual(Encoding.ASCII.GetBytes(Delimiter))) + 1;
        byte[][] parts = [.. frames.Skip(start + 1).Take(4)];
        Assert.True(start > 0 && parts.Length == 4, "expected a delimiter, a signature and four parts");
        Assert.Equal(Sign(key, parts), Encoding.ASCII.GetString(frames[start]));
        JsonObject Part(int i) => JsonNode.Parse(parts[i])!.AsObject();
        return new JupyterMessage(channel, Part(0), Part(1), Part(3));
    }

    /// <summary>The frames of a message: header, parent header, metadata and content, signed.</summary>
    public static List<byte[]> Write(string key, params string[] parts) => Write(key, [.. parts.Select(Encoding.UTF8.GetBytes)]);

    /// <summary>The same of any bytes.</summary>
    public static List<byte[]> Write(string key, byte[][] signed)
    {
        return [Encoding.ASCII.GetBytes(Delimiter), Encoding.ASCII.GetBytes(Sign(key, signed)), .. signed];
    }

    public static string Sign(string key, IEnumerable<byte[]> parts) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), parts.SelectMany(part => part).ToArray()));
}
