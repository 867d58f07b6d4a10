using System.Security.Cryptography;
using System.Text.RegularExpressions;
using IntraDistill.DataScripts;

namespace IntraDistill.Tests.DataScripts;

public sealed class DownloaderTests : IDisposable
{
    private static readonly byte[] s_body = RandomNumberGenerator.GetBytes(300_000);
    private static readonly string s_sha256 = Convert.ToHexStringLower(SHA256.HashData(s_body));
    private static readonly DownloadSettings s_settings = new()
    {
        Attempts = 3, FirstDelay = TimeSpan.FromMilliseconds(1), IdleTimeout = TimeSpan.FromSeconds(20),
    };
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _said = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private async Task<ObtainedFile> GetAsync(LoopbackServer server, long? size = null, string? sha256 = null,
        DownloadSettings? settings = null, string? mirror = null, CancellationToken? token = null)
    {
        using var downloader = new Downloader(settings ?? s_settings, new DownloadProgress(_said, false));
        return await downloader.GetAsync(new DataSource("file.tgz", server.Url + "/file.tgz", size, sha256), _folder.Path, mirror,
            token ?? Token);
    }

    private async Task<string> FailsAsync(LoopbackServer server, long? size = null, string? sha256 = null,
        DownloadSettings? settings = null)
    {
        string message = (await Assert.ThrowsAsync<DownloadException>(() => GetAsync(server, size, sha256, settings))).Message;
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain("file.tgz", _folder.Files);
        return message;
    }

    private void IsWhole(ObtainedFile file)
    {
        Assert.Equal(s_body, File.ReadAllBytes(file.Path));
        Assert.Equal((s_body.Length, s_sha256), (file.Size, file.Sha256));
        Assert.Equal(["file.tgz"], _folder.Files);
    }

    [Fact]
    public async Task A_good_server_is_asked_once_and_a_file_that_is_there_is_not_fetched_again()
    {
        using var server = new LoopbackServer(request => request.SendAsync(s_body));
        IsWhole(await GetAsync(server, s_body.Length, s_sha256));
        IsWhole(await GetAsync(server, s_body.Length, s_sha256));
        Assert.Single(server.Requests);
        Assert.Contains("file.tgz: 0.3 of 0.3 MB (100 %)", _said.ToString());
    }

    [Fact]
    public async Task What_the_table_does_not_know_is_said_and_recorded()
    {
        using var server = new LoopbackServer(request => request.SendAsync(s_body));
        IsWhole(await GetAsync(server));
        Assert.Contains("not known beforehand", _said.ToString());
    }

    [Fact]
    public async Task A_slow_server_is_waited_for()
    {
        using var server = new LoopbackServer(async request =>
        {
            await request.HeadAsync("200 OK", $"Content-Length: {s_body.Length}");
            foreach (byte[] chunk in s_body.Chunk(50_000))
            {
                await request.Stream.WriteAsync(chunk);
                await Task.Delay(5);
            }
        });
        IsWhole(await GetAsync(server, s_body.Length, s_sha256));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_truncated_body_is_resumed_where_it_stopped()
    {
        using var server = new LoopbackServer(request => request.Start is { } start
            ? request.SendAsync(s_body[start..], "\"v1\"", null, "206 Partial Content",
                $"Content-Range: bytes {start}-{s_body.Length - 1}/{s_body.Length}")
            : request.SendAsync(s_body, "\"v1\"", 100_000));
        IsWhole(await GetAsync(server, s_body.Length, s_sha256));
        Assert.Equal(2, server.Requests.Count);
        Assert.InRange(server.Requests[1].Start!.Value, 1, 100_000);
        Assert.Equal("\"v1\"", server.Requests[1].Headers["If-Range"]);
    }

    [Fact]
    public async Task A_link_that_drops_more_often_than_there_are_attempts_gets_there_all_the_same()
    {
        using var server = new LoopbackServer(request =>
        {
            int start = request.Start ?? 0;
            return request.SendAsync(s_body[start..], "\"v1\"", Math.Min(40_000, s_body.Length - start),
                start == 0 ? "200 OK" : "206 Partial Content",
                $"Content-Range: bytes {start}-{s_body.Length - 1}/{s_body.Length}");
        });
        IsWhole(await GetAsync(server));
        Assert.True(server.Requests.Count > s_settings.Attempts);
    }

    [Fact]
    public async Task A_server_that_ignores_Range_is_taken_from_the_start()
    {
        using var server = new LoopbackServer(
            request => request.SendAsync(s_body, "\"v1\"", request.Number == 0 ? 100_000 : null));
        IsWhole(await GetAsync(server, s_body.Length, s_sha256));
        Assert.NotNull(server.Requests[1].Start);
    }

    [Fact]
    public async Task A_part_of_a_file_that_has_changed_is_not_joined_to_the_new_one()
    {
        byte[] old = RandomNumberGenerator.GetBytes(s_body.Length);
        using var server = new LoopbackServer(request => request.Number switch
        {
            0 => request.SendAsync(old, "\"old\"", 100_000),
            1 => request.SendAsync(s_body[request.Start!.Value..], "\"new\"", null, "206 Partial Content",   // ignores If-Range
                $"Content-Range: bytes {request.Start}-{s_body.Length - 1}/{s_body.Length}"),
            _ => request.SendAsync(s_body, "\"new\""),
        });
        IsWhole(await GetAsync(server));
        Assert.Equal(3, server.Requests.Count);
        Assert.Null(server.Requests[2].Start);
    }

    [Fact]
    public async Task A_part_without_an_ETag_or_date_is_begun_anew()
    {
        using var server = new LoopbackServer(request => request.SendAsync(s_body, null, request.Number == 0 ? 100_000 : null));
        IsWhole(await GetAsync(server, s_body.Length, s_sha256));
        Assert.Null(server.Requests[1].Start);
    }

    [Fact]
    public async Task A_range_that_cannot_be_had_begins_anew()
    {
        using var server = new LoopbackServer(request => request.Start is null
            ? request.SendAsync(s_body, "\"v1\"", request.Number == 0 ? 100_000 : null)
            : request.SendAsync([], null, null, "416 Range Not Satisfiable"));
        IsWhole(await GetAsync(server));
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task A_later_run_goes_on_where_a_stopped_one_was()
    {
        using var stop = new CancellationTokenSource();
        using var server = new LoopbackServer(async request =>
        {
            if (request.Start is { } start)
            {
                await request.SendAsync(s_body[start..], "\"v1\"", null, "206 Partial Content",
                    $"Content-Range: bytes {start}-{s_body.Length - 1}/{s_body.Length}");
                return;
            }
            await request.SendAsync(s_body, "\"v1\"", 200_000);
            while (!File.Exists(_folder["file.tgz.part"]) || new FileInfo(_folder["file.tgz.part"]).Length == 0)
                await Task.Delay(5, request.Stopped);
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, request.Stopped);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => GetAsync(server, token: stop.Token));
        Assert.Equal(["file.tgz.part", "file.tgz.part.json"], _folder.Files);
        IsWhole(await GetAsync(server, s_body.Length, s_sha256));
        Assert.True(server.Requests[1].Start > 0);
    }

    [Fact]
    public async Task A_wrong_checksum_deletes_the_part_and_says_what_was_expected_and_found()
    {
        byte[] corrupt = [.. s_body];
        corrupt[123_456] ^= 1;
        using var server = new LoopbackServer(request => request.SendAsync(corrupt, "\"v1\""));
        string message = await FailsAsync(server, s_body.Length, s_sha256);
        Assert.Contains($"expected {s_sha256}", message);
        Assert.Contains($"SHA-256 {Convert.ToHexStringLower(SHA256.HashData(corrupt))}", message);
        Assert.Empty(_folder.Files);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_file_of_another_size_is_refused_before_its_body_is_read()
    {
        using var server = new LoopbackServer(request => request.SendAsync(s_body));
        Assert.Contains($"{s_body.Length} bytes, expected 5", await FailsAsync(server, 5, s_sha256));
    }

    [Fact]
    public async Task An_endless_body_is_cut_off()
    {
        using var server = new LoopbackServer(async request =>
        {
            await request.HeadAsync("200 OK");
            while (!request.Stopped.IsCancellationRequested)
                await request.Stream.WriteAsync(s_body, request.Stopped);
        });
        Assert.Contains("more than 1000000 bytes", await FailsAsync(server, settings: s_settings with { MaxBytes = 1_000_000 }));
        Assert.Contains($"more than {s_body.Length} bytes", await FailsAsync(server, s_body.Length, s_sha256));
        Assert.Empty(_folder.Files);
    }

    [Theory]
    [InlineData("500 Internal Server Error")]
    [InlineData("503 Service Unavailable")]
    [InlineData("429 Too Many Requests")]
    public async Task A_passing_fault_is_tried_again(string status)
    {
        using var server = new LoopbackServer(
            request => request.Number < 2 ? request.SendAsync([], status: status) : request.SendAsync(s_body));
        IsWhole(await GetAsync(server, s_body.Length, s_sha256));
        Assert.Equal(2, Regex.Count(_said.ToString(), Regex.Escape($"answers {status}; again in")));
    }

    [Fact]
    public async Task A_fault_that_does_not_pass_is_given_up_with_what_to_do()
    {
        using var server = new LoopbackServer(request => request.SendAsync([], status: "500 Internal Server Error"));
        string message = await FailsAsync(server);
        Assert.Contains("given up after 3 attempts", message);
        Assert.Contains("--help", message);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_not_asked_for_again()
    {
        using var server = new LoopbackServer(request => request.SendAsync([], status: "404 Not Found"));
        Assert.Contains("answers 404 Not Found", await FailsAsync(server));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_web_page_is_not_taken_for_the_file()
    {
        using var server = new LoopbackServer(request => request.SendAsync(
            "<html>quota"u8.ToArray(), extra: "Content-Type: text/html; charset=utf-8"));
        Assert.Contains("a web page came instead", await FailsAsync(server));
    }

    [Fact]
    public async Task A_silent_server_is_given_up()
    {
        using var server = new LoopbackServer(async request =>
        {
            if (request.Number == 1)
                await request.HeadAsync("200 OK", $"Content-Length: {s_body.Length}");
            await Task.Delay(Timeout.Infinite, request.Stopped);
        });
        TimeSpan soon = TimeSpan.FromMilliseconds(100);
        await FailsAsync(server, settings: s_settings with { ReplyTimeout = soon, IdleTimeout = soon });
        Assert.Contains("no reply within 0.1 s", _said.ToString());
        Assert.Contains("sent nothing for 0.1 s", _said.ToString());
    }

    [Fact]
    public async Task Redirects_are_followed()
    {
        using var server = new LoopbackServer(request => request.Path == "/file.tgz"
            ? request.SendAsync([], status: "302 Found", extra: "Location: /elsewhere") : request.SendAsync(s_body));
        IsWhole(await GetAsync(server, s_body.Length, s_sha256));
        Assert.Equal("/elsewhere", server.Requests[1].Path);
    }

    [Fact]
    public async Task Redirects_in_a_circle_end()
    {
        using var server = new LoopbackServer(
            request => request.SendAsync([], status: "302 Found", extra: "Location: /file.tgz"));
        Assert.Contains("answers 302 Found", await FailsAsync(server));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    public async Task A_mirror_has_the_file_below_its_address(string end)
    {
        using var publisher = new LoopbackServer(request => request.SendAsync([], status: "404 Not Found"));
        using var mirror = new LoopbackServer(request => request.SendAsync(s_body));
        IsWhole(await GetAsync(publisher, mirror: $"{mirror.Url}/sets{end}"));
        Assert.Empty(publisher.Requests);
        Assert.Equal("/sets/file.tgz", mirror.Requests[0].Path);
    }

    [Theory]
    [InlineData("ftp://host/")]
    [InlineData("not an address")]
    public void A_mirror_that_is_no_http_address_is_an_error(string mirror) =>
        Assert.Contains("--mirror", Assert.Throws<IntraDistillException>(
            () => new DataSource("a", "http://b/a", null, null).AddressOn(mirror)).Message);

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_one_line()
    {
        using var server = new LoopbackServer(request => request.SendAsync(s_body));
        File.WriteAllText(_folder["file"], "");
        using var downloader = new Downloader(s_settings, new DownloadProgress(_said, false));
        string message = (await Assert.ThrowsAsync<DownloadException>(() => downloader.GetAsync(
            new DataSource("file.tgz", server.Url, null, null), _folder["file/below"], null, Token))).Message;
        Assert.DoesNotContain('\n', message);
        Assert.Contains(_folder["file/below"], message);
    }

    [Fact]
    public async Task A_full_disk_is_one_line()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "no /dev/full here");
        using var server = new LoopbackServer(request => request.SendAsync(s_body));
        File.CreateSymbolicLink(_folder["file.tgz.part"], "/dev/full");
        string message = await FailsAsync(server);
        Assert.Contains("cannot be written", message);
        Assert.Contains("file.tgz.part", message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_file_on_disk_that_is_not_what_the_table_says_is_refused()
    {
        using var server = new LoopbackServer(request => request.SendAsync(s_body));
        File.WriteAllText(_folder["file.tgz"], "something else");
        string message = (await Assert.ThrowsAsync<DownloadException>(() => GetAsync(server, null, s_sha256))).Message;
        Assert.Contains($"expected {s_sha256}", message);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public void On_a_terminal_progress_is_one_line_rewritten()
    {
        var progress = new DownloadProgress(_said, inPlace: true);
        progress.Report("a", 100_000, null);
        progress.Report("a", 2_000_000, 2_000_000);
        progress.EndLine();
        Assert.Equal("\ra: 0.1 MB\ra: 2.0 of 2.0 MB (100 %)" + Environment.NewLine, _said.ToString());
    }
}
