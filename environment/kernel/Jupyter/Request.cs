using System.Text.Json;

namespace IntraDistill.Kernel.Jupyter;

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
