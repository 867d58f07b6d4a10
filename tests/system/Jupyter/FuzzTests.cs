using System.Net;
using System.Net.Sockets;
using System.Text;
using NetMQ;
using NetMQ.Sockets;

namespace IntraDistill.Tests.JupyterTests;

/// <summary>Messages that are malformed, wrongly signed, or no messages at all.</summary>
public sealed class FuzzTests(KernelFixture fixture) : IClassFixture<KernelFixture>
{
    private const int Messages = 10_000;

    private static readonly Channel[] s_channels = [Channel.Shell, Channel.Control, Channel.Stdin, Channel.Heartbeat];

    private KernelProcess Kernel => fixture.Kernel;

    [Fact]
    public async Task After_ten_thousand_bad_messages_the_kernel_answers_and_none_was_executed()
    {
        await Task.Run(SendBadMessages, TestContext.Current.CancellationToken);
        await AssertAliveAsync();
        Assert.Contains("the signature is wrong or missing", Kernel.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_bytes_that_are_not_ZeroMQ_the_kernel_answers()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var random = new Random(7);
        byte[] greeting = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0, .. "NULL"u8, .. new byte[48]];
        byte[] ready = [4, 25, 5, .. "READY"u8, 11, .. "Socket-Type"u8, 0, 0, 0, 6, .. "DEALER"u8];
        byte[][] beginnings = [[], greeting[..10], greeting[..12], greeting, [.. greeting, .. ready]];
        foreach (Channel channel in Enum.GetValues<Channel>())
            for (int i = 0; i < 40; i++)
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Kernel.Connection.Ports[channel], cancellation);
                byte[] rest = new byte[random.Next(1, 2_000)];
                random.NextBytes(rest);
                if (i % 4 == 0)
                    rest = [2, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, .. rest];   // a frame of 9 exabytes
                try
                {
                    await client.GetStream().WriteAsync((byte[])[.. beginnings[i % beginnings.Length], .. rest], cancellation);
                }
                catch (IOException)
                {
                    // Hung up on, as it should be.
                }
            }
        await AssertAliveAsync();
    }

    [Fact]
    public async Task A_frame_of_many_megabytes_is_taken_or_refused_and_the_kernel_answers()
    {
        var huge = new byte[32 << 20];
        Random.Shared.NextBytes(huge);
        foreach (Channel channel in s_channels)
            Kernel.Client.SendFrames(channel, [Encoding.ASCII.GetBytes(JupyterMessage.Delimiter), huge, huge]);
        await AssertAliveAsync();
        CellResult result = await Kernel.Client.RunAsync($"Console.Write(\"{new string('x', 4 << 20)}\".Length);");
        Assert.Equal($"{4 << 20}", result.Stream("stdout"));
    }

    private async Task AssertAliveAsync()
    {
        await Kernel.Client.BeatAsync();
        foreach (Channel channel in (Channel[])[Channel.Shell, Channel.Control])
            Assert.Equal("ok", (await Kernel.Client.AskAsync("kernel_info_request", channel: channel)).Text("status"));
        Kernel.Client.Answer = _ => "typed";
        CellResult result = await Kernel.Client.RunAsync("Console.Write(Console.ReadLine());");
        Assert.Equal("typed", result.Stream("stdout"));
        Assert.Empty(Directory.EnumerateFiles(Kernel.Folder, "executed*"));
    }

    private void SendBadMessages()
    {
        var random = new Random(1);
        var sockets = s_channels.ToDictionary(channel => channel, channel =>
        {
            var socket = new DealerSocket();
            socket.Options.Linger = TimeSpan.FromSeconds(30);
            socket.Options.SendHighWatermark = 0;
            socket.Connect($"tcp://127.0.0.1:{Kernel.Connection.Ports[channel]}");
            return socket;
        });
        for (int i = 0; i < Messages; i++)
            sockets[s_channels[i % s_channels.Length]].SendMultipartBytes(BadMessage(random, i));
        // What was sent on a socket is read in its order: after the answer to a beat, all was.
        DealerSocket beat = sockets[Channel.Heartbeat];
        beat.SendFrame("last");
        List<string>? echo = [];
        while (echo is not ["last"])
            Assert.True(beat.TryReceiveMultipartStrings(TimeSpan.FromSeconds(30), ref echo), Kernel.Log);
        foreach (DealerSocket socket in sockets.Values)
            socket.Dispose();
    }

    // A cell that, were it executed, would leave a file.
    private List<byte[]> BadMessage(Random random, int number)
    {
        string code = $"System.IO.File.WriteAllText(\\\"executed-{number}\\\", \\\"\\\");";
        string header = Kernel.Client.Header("execute_request", $"bad-{number}").ToJsonString();
        string content = $$"""{"code":"{{code}}","silent":false}""";
        string key = Kernel.Connection.Key;
        List<byte[]> good = JupyterMessage.Write(key, header, "{}", "{}", content);
        string Header(string type) => header.Replace("\"execute_request\"", type, StringComparison.Ordinal);
        byte[] Bytes(int most)
        {
            byte[] bytes = new byte[random.Next(most)];
            random.NextBytes(bytes);
            return bytes;
        }
        string OneOf(params string[] all) => all[random.Next(all.Length)];
        switch (random.Next(14))
        {
            case 0:   // another's key
                return JupyterMessage.Write("another key", header, "{}", "{}", content);
            case 1:   // no signature
                good[1] = [];
                return good;
            case 2:   // one digit wrong, missing, or too many
                good[1] = random.Next(3) switch
                {
                    0 => [(byte)(good[1][0] == '0' ? '1' : '0'), .. good[1][1..]],
                    1 => good[1][1..],
                    _ => [.. good[1], (byte)'0'],
                };
                return good;
            case 3:   // changed after it was signed
                good[random.Next(2, 6)] = Bytes(100);
                return good;
            case 4:   // frames missing
                return good[..random.Next(1, good.Count - 1)];
            case 5:   // no delimiter
                return good[1..];
            case 6:   // no JSON, rightly signed
                return JupyterMessage.Write(key, header, "{}", "{}", content[..random.Next(content.Length)]);
            case 7:   // no UTF-8, rightly signed
                byte[] broken = Encoding.UTF8.GetBytes(content);
                broken[10] = 0xFF;
                return JupyterMessage.Write(key, [Encoding.UTF8.GetBytes(header), [0xC0], [0xED, 0xA0], broken]);
            case 8:   // a header of the wrong types
                string odd = OneOf("5", "null", "[]", "{}", "\"\\ud800\"", "\"\"", "1e999", "\"no_such_request\"");
                return JupyterMessage.Write(key, Header(odd), "{}", "{}", content);
            case 9:   // a header that is no object
                return JupyterMessage.Write(key, OneOf("[]", "5", "null", "\"x\"", "", "{}"), "{}", "{}", content);
            case 10:  // content of the wrong types
                string field = OneOf(
                    "\"silent\":5", "\"silent\":\"no\"", "\"stop_on_error\":[]", "\"store_history\":{}",
                    "\"user_expressions\":[1]", "\"user_expressions\":{\"a\":1}", "\"code\":7", "\"code\":\"\\udfff\"", "\"code\":null");
                return JupyterMessage.Write(key, header, "{}", "{}", $"{{\"code\":\"{code}\",{field}}}");
            case 11:  // other requests with content of the wrong types
                string type = OneOf(
                    "complete_request", "inspect_request", "is_complete_request", "history_request", "comm_info_request",
                    "comm_open", "comm_msg", "input_reply", "kernel_info_request", "execute_reply", "debug_request");
                string wrong = OneOf(
                    "{}", "{\"code\":5}", "{\"code\":\"a.\",\"cursor_pos\":-7}", "{\"code\":\"a.\",\"cursor_pos\":1e99}",
                    "{\"code\":\"\\ud800\\ud800.\",\"cursor_pos\":2}",
                    "{\"code\":\"x\",\"detail_level\":\"much\"}", "{\"value\":[]}",
                    "{\"hist_access_type\":\"tail\",\"n\":-5}",
                    "{\"hist_access_type\":\"search\",\"pattern\":\"[\\\\\"}",
                    "{\"hist_access_type\":\"range\",\"session\":9,\"start\":-9,\"stop\":\"x\"}", "{\"comm_id\":null}");
                return JupyterMessage.Write(key, Header($"\"{type}\""), "{}", "{}", wrong);
            case 12:  // deeply nested
                string deep = new('[', 5_000);
                return JupyterMessage.Write(key, header, "{}", "{}", $"{{\"code\":\"{code}\",\"silent\":{deep}");
            default:  // anything
                return [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => Bytes(300))];
        }
    }
}
