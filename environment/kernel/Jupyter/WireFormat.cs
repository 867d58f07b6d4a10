using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>
/// Jupyter messages as ZeroMQ frames (protocol 5.3, "The Wire Protocol"): the client's identities, a delimiter, the
/// signature, then header, parent header, metadata and content as JSON. The signature is the HMAC-SHA256 of those four.
/// </summary>
internal sealed class WireFormat
{
    /// <summary>The protocol's version that is spoken.</summary>
    public const string ProtocolVersion = "5.3";

    private const int SignedFrames = 4;

    private static readonly byte[] s_delimiter = "<IDS|MSG>"u8.ToArray();
    private static readonly byte[] s_empty = "{}"u8.ToArray();

    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly byte[] _key;
    private readonly string _session = Guid.NewGuid().ToString();

    /// <param name="key">The key to sign with; empty: messages are not signed.</param>
    public WireFormat(string key) => _key = Encoding.UTF8.GetBytes(key);

    /// <summary>Reads a message. Nothing of it is looked at before its signature is found to be right.</summary>
    /// <exception cref="MessageException">It is not signed with the key, or malformed.</exception>
    public Request Read(KernelChannel channel, IReadOnlyList<byte[]> frames)
    {
        int delimiter = 0;
        while (delimiter < frames.Count && !frames[delimiter].AsSpan().SequenceEqual(s_delimiter))
            delimiter++;
        int signed = delimiter + 2;
        if (frames.Count < signed + SignedFrames)
            throw new MessageException($"expected a delimiter, a signature and {SignedFrames} parts; found {frames.Count} frames");
        if (!HasRightSignature(frames, signed))
            throw new MessageException("the signature is wrong or missing");

        string type;
        using (JsonDocument header = Parse(frames[signed], "header"))
            type = Field(header, "msg_type");
        using JsonDocument content = Parse(frames[signed + 3], "content");
        return new Request(channel, [.. frames.Take(delimiter)], frames[signed], type, content.RootElement.Clone());
    }

    /// <summary>Writes a message.</summary>
    /// <param name="identities">Whom it goes to; on iopub a topic.</param>
    /// <param name="type">Its type.</param>
    /// <param name="content">Its content.</param>
    /// <param name="parent">The header of the message that caused it; null for none.</param>
    public List<byte[]> Write(IReadOnlyList<byte[]> identities, string type, JsonObject content, byte[]? parent)
    {
        byte[] header = Utf8(new JsonObject
        {
            ["msg_id"] = Guid.NewGuid().ToString(),
            ["msg_type"] = type,
            ["session"] = _session,
            ["username"] = "kernel",
            ["date"] = DateTime.UtcNow.ToString("o", CultureInfo.InvariantCulture),
            ["version"] = ProtocolVersion,
        });
        byte[][] signed = [header, parent ?? s_empty, s_empty, Utf8(content)];
        return [.. identities, s_delimiter, Sign(signed), .. signed];
    }

    /// <summary>Reads a text of a JSON document, whose escapes and encoding are only looked at now.</summary>
    /// <param name="read">Reads it.</param>
    /// <param name="what">Where it stands, for the error.</param>
    /// <exception cref="MessageException">It holds half a surrogate pair, or is not UTF-8.</exception>
    public static T Decode<T>(Func<T> read, string what)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            throw new MessageException($"{what}: expected a text of whole characters");
        }
    }

    private static byte[] Utf8(JsonObject json) => JsonSerializer.SerializeToUtf8Bytes(json, s_json);

    private static JsonDocument Parse(byte[] frame, string part)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(frame);
        }
        catch (JsonException)
        {
            throw new MessageException($"{part}: expected JSON");
        }
        if (json.RootElement.ValueKind == JsonValueKind.Object)
            return json;
        json.Dispose();
        throw new MessageException($"{part}: expected an object");
    }

    private static string Field(JsonDocument header, string name) =>
        Decode(
            () => header.RootElement.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new MessageException($"header.{name}: expected a text"),
            $"header.{name}");

    private bool HasRightSignature(IReadOnlyList<byte[]> frames, int signed) =>
        _key.Length == 0
        || CryptographicOperations.FixedTimeEquals(frames[signed - 1], Sign(frames.Skip(signed).Take(SignedFrames)));

    /// <summary>The signature in lower-case hexadecimal digits.</summary>
    private byte[] Sign(IEnumerable<byte[]> parts)
    {
        if (_key.Length == 0)
            return [];
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        foreach (byte[] part in parts)
            hmac.AppendData(part);
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hmac.GetHashAndReset()));
    }
}

/// <summary>A message from a client whose signature was checked.</summary>
/// <param name="Channel">The socket it came by, on which it is answered.</param>
/// <param name="Identities">The client's ZeroMQ address: an answer goes to it.</param>
/// <param name="Header">The header as it came: an answer carries it as its parent header.</param>
/// <param name="Type">What is asked for, such as <c>execute_request</c>.</param>
/// <param name="Content">The message's own fields; an object.</param>
internal sealed record Request(
    KernelChannel Channel, IReadOnlyList<byte[]> Identities, byte[] Header, string Type, JsonElement Content)
{
    /// <summary>A text that must be there.</summary>
    /// <exception cref="MessageException">It is not.</exception>
    public string Text(string name) => Find(name, JsonValueKind.String) is { } value
        ? WireFormat.Decode(value.GetString, $"{Type}: content.{name}")!
        : throw Wrong(name, "a text");

    /// <summary>A truth value, or another when it is absent or null.</summary>
    public bool Flag(string name, bool otherwise) => Optional(name)?.ValueKind switch
    {
        null => otherwise,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(name, "true or false"),
    };

    /// <summary>A whole number, or another when it is absent or null.</summary>
    public int Number(string name, int otherwise)
    {
        if (Optional(name) is not { } value)
            return otherwise;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)
            ? number
            : throw Wrong(name, "a whole number");
    }

    /// <summary>An object's fields, each a text; none when it is absent or null.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Texts(string name)
    {
        if (Optional(name) is null)
            return [];
        if (Find(name, JsonValueKind.Object) is not { } value
            || value.EnumerateObject().Any(field => field.Value.ValueKind != JsonValueKind.String))
            throw Wrong(name, "an object of texts");
        return WireFormat.Decode<IReadOnlyList<KeyValuePair<string, string>>>(
            () => [.. value.EnumerateObject().Select(field => KeyValuePair.Create(field.Name, field.Value.GetString()!))],
            $"{Type}: content.{name}");
    }

    private JsonElement? Optional(string name) => Find(name) is { ValueKind: not JsonValueKind.Null } value ? value : null;

    private JsonElement? Find(string name, JsonValueKind kind) =>
        Find(name) is { } value && value.ValueKind == kind ? value : null;

    private JsonElement? Find(string name) => WireFormat.Decode<JsonElement?>(
        () => Content.TryGetProperty(name, out JsonElement value) ? value : null, $"{Type}: content");

    private MessageException Wrong(string name, string expected) => new($"{Type}: content.{name}: expected {expected}");
}

/// <summary>A message that is not as the protocol has it.</summary>
internal sealed class MessageException(string message) : Exception(message);
