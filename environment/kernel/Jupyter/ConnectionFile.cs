using System.Net;
using System.Text.Json;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>Where a Jupyter client wants the kernel to listen: the JSON file that it starts a kernel with.</summary>
/// <param name="Path">The file.</param>
/// <param name="Ip">The address to bind; loopback unless the client chose another.</param>
/// <param name="Ports">The port of each channel.</param>
/// <param name="Key">The key that messages are signed with; empty when they are not.</param>
internal sealed record ConnectionFile(string Path, IPAddress Ip, IReadOnlyDictionary<KernelChannel, int> Ports, string Key)
{
    private const string SignatureScheme = "hmac-sha256";

    /// <summary>Reads and checks a connection file.</summary>
    /// <exception cref="RunnerException">It cannot be read, or does not say what a kernel needs to know.</exception>
    public static ConnectionFile Load(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            var fields = new Fields(path, json.RootElement);
            fields.Expect("transport", "tcp");
            string key = fields.Text("key");
            if (key.Length > 0)
                fields.Expect("signature_scheme", SignatureScheme);
            if (!IPAddress.TryParse(fields.Text("ip"), out IPAddress? ip))
                throw fields.Wrong("ip", "expected an IP address");
            if (key.Length == 0 && !IPAddress.IsLoopback(ip))
                throw fields.Wrong("key", $"expected a key, for {ip} can be reached by others");
            var ports = new Dictionary<KernelChannel, int>
            {
                [KernelChannel.Shell] = fields.Port("shell_port"),
                [KernelChannel.Control] = fields.Port("control_port"),
                [KernelChannel.Stdin] = fields.Port("stdin_port"),
                [KernelChannel.IoPub] = fields.Port("iopub_port"),
                [KernelChannel.Heartbeat] = fields.Port("hb_port"),
            };
            return new ConnectionFile(path, ip, ports, key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunnerException($"{path}: cannot be read: {e.Message}");
        }
        catch (JsonException e)
        {
            throw new RunnerException($"{path}, line {e.LineNumber + 1}: expected a Jupyter connection file, which is JSON");
        }
    }

    private readonly struct Fields(string path, JsonElement root)
    {
        public RunnerException Wrong(string name, string expected) => new($"{path}: {name}: {expected}");

        public string Text(string name) =>
            Find(name, JsonValueKind.String) is { } value ? value.GetString()! : throw Wrong(name, "expected a text");

        public int Port(string name) =>
            Find(name, JsonValueKind.Number) is { } value && value.TryGetInt32(out int port) && port is > 0 and < 65536
                ? port
                : throw Wrong(name, "expected a port, 1 to 65535");

        public void Expect(string name, string only)
        {
            if (Text(name) != only)
                throw Wrong(name, $"expected {only}, found {Text(name)}");
        }

        private JsonElement? Find(string name, JsonValueKind kind) =>
            root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out JsonElement value) && value.ValueKind == kind
                ? value
                : null;
    }
}
