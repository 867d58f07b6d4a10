using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace IntraDistill.DataScripts;

/// <summary>
/// Fetches the files of a source table over HTTP(S): resumes what an earlier run left, checks size and SHA-256 while
/// streaming, tries again after passing faults, and puts a file in its place only when it is whole.
/// </summary>
public sealed class Downloader : IDisposable
{
    private readonly HttpClient _client;
    private readonly DownloadSettings _settings;
    private readonly DownloadProgress _progress;

    /// <summary>Makes the downloader.</summary>
    public Downloader(DownloadSettings settings, DownloadProgress progress)
    {
        _settings = settings;
        _progress = progress;
        // No automatic decompression: archives are wanted as they are. Redirects are followed, never from https to http.
        _client = new HttpClient(new SocketsHttpHandler { MaxAutomaticRedirections = 10, ConnectTimeout = settings.ReplyTimeout })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("IntraDistill.Kit", null));
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>Gets a file into a folder, or finds it there; in both cases it is as the table says.</summary>
    /// <param name="source">The row of the table.</param>
    /// <param name="folder">Where to put it; made if absent.</param>
    /// <param name="mirror">The address of a folder that holds files of the same names, or null for the publisher's.</param>
    /// <param name="cancellation">Stops the download; what has come is kept.</param>
    /// <exception cref="DownloadException">It cannot be had, is not what the table says, or cannot be written.</exception>
    public async Task<ObtainedFile> GetAsync(DataSource source, string folder, string? mirror, CancellationToken cancellation)
    {
        Uri address = source.AddressOn(mirror);
        string target = Path.Combine(folder, source.Name);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DownloadException($"{folder}: cannot be made: {e.Message}", e);
        }
        if (File.Exists(target))
            return await FileCheck.ReadAsync(source, target, address.ToString(), cancellation);
        _progress.Say($"{source.Name} from {address} ({source.Known})");
        var part = new PartFile(target);
        long furthest = part.Length;
        for (int failures = 0; ;)
        {
            try
            {
                return await AttemptAsync(source, address, target, part, cancellation);
            }
            catch (PassingFault fault)
            {
                // Whoever moves forward may go on failing: a link that drops every few megabytes still gets there.
                failures = part.Length > furthest ? 1 : failures + 1;
                furthest = Math.Max(furthest, part.Length);
                if (failures >= _settings.Attempts)
                    throw new DownloadException($"{address}: {fault.Message}; given up after {failures} attempts. "
                        + "The same command goes on from there; --help names other ways to get the file", fault);
                TimeSpan delay = _settings.FirstDelay * Math.Pow(2, failures - 1);
                _progress.Say($"{source.Name}: {fault.Message}; again in {delay.TotalSeconds:0.#} s");
                await Task.Delay(delay, cancellation);
            }
            finally
            {
                _progress.EndLine();
            }
        }
    }

    private async Task<ObtainedFile> AttemptAsync(
        DataSource source, Uri address, string target, PartFile part, CancellationToken cancellation)
    {
        string? validator = part.ValidatorFor(address);
        long have = validator is null ? 0 : part.Length;
        using HttpResponseMessage response = await AskAsync(address, have, validator, cancellation);
        bool append = Continues(address, response, part, have, validator);
        long start = append ? have : 0;
        long? total = source.Size ?? (response.Content.Headers.ContentLength is { } rest ? start + rest : null);
        if (response.Content.Headers.ContentLength is { } announced && source.Size is { } size && start + announced != size)
            throw new DownloadException($"{address}: {start + announced} bytes, expected {size}: not the file the table names");

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long length = start;
        using (FileStream stream = part.Open(append, address, append ? validator : ValidatorOf(response), hash))
        {
            using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
            var buffer = new byte[1 << 16];
            for (int read; (read = await ReadAsync(body, buffer, cancellation)) > 0;)
            {
                length += read;
                if (length > (source.Size ?? _settings.MaxBytes))
                    break;
                part.Write(stream, buffer.AsSpan(0, read));
                hash.AppendData(buffer, 0, read);
                _progress.Report(source.Name, length, total);
            }
        }
        if (length > (source.Size ?? _settings.MaxBytes))
        {
            part.Delete();
            throw new DownloadException(
                $"{address}: sends more than {source.Size ?? _settings.MaxBytes} bytes; what came is deleted");
        }
        if (length < total)
            throw new PassingFault($"the server closed after {length} of {total} bytes");
        string found = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (source.Sha256 is not null && found != source.Sha256)
        {
            part.Delete();
            throw new DownloadException($"{address}: SHA-256 {found}, expected {source.Sha256}; what came is deleted");
        }
        part.Finish();
        return new ObtainedFile(target, address.ToString(), length, found);
    }

    private async Task<HttpResponseMessage> AskAsync(Uri address, long have, string? validator, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (have > 0)
        {
            request.Headers.Range = new RangeHeaderValue(have, null);
            request.Headers.TryAddWithoutValidation("If-Range", validator);
        }
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_settings.ReplyTimeout);
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new PassingFault($"no reply within {_settings.ReplyTimeout.TotalSeconds:0.#} s", e);
        }
        catch (HttpRequestException e)
        {
            throw new PassingFault(e.Message, e);
        }
    }

    /// <summary>Whether the reply goes on from where the part ends; false: it is the whole file. All else is an error.</summary>
    private static bool Continues(Uri address, HttpResponseMessage response, PartFile part, long have, string? validator)
    {
        HttpStatusCode status = response.StatusCode;
        if (status == HttpStatusCode.RequestedRangeNotSatisfiable
            || (status == HttpStatusCode.PartialContent && !Fits(response, have, validator)))
        {
            part.Delete();   // so the next attempt asks for the whole file
            throw new PassingFault("the server's file has changed since the part was fetched; from the start");
        }
        if (status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500)
            throw new PassingFault($"the server answers {(int)status} {response.ReasonPhrase}");
        if (status is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
            throw new DownloadException($"{address}: the server answers {(int)status} {response.ReasonPhrase}; --help names "
                + "other ways to get the file");
        if (response.Content.Headers.ContentType?.MediaType == "text/html")
            throw new DownloadException($"{address}: a web page came instead of the file (a log-in, a quota?); --help names "
                + "other ways to get it");
        return status == HttpStatusCode.PartialContent;
    }

    private static bool Fits(HttpResponseMessage response, long have, string? validator) =>
        response.Content.Headers.ContentRange?.From == have && have > 0
        && (response.Headers.ETag is null || !validator!.StartsWith('"') || response.Headers.ETag.ToString() == validator);

    /// <summary>What If-Range may name: a strong ETag, or else the date.</summary>
    private static string? ValidatorOf(HttpResponseMessage response) =>
        response.Headers.ETag is { IsWeak: false } etag ? etag.ToString()
        : response.Content.Headers.LastModified?.ToString("R");

    private async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_settings.IdleTimeout);
        try
        {
            return await body.ReadAsync(buffer, timeout.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new PassingFault($"the server sent nothing for {_settings.IdleTimeout.TotalSeconds:0.#} s", e);
        }
        catch (IOException e)
        {
            throw new PassingFault($"the connection broke: {e.Message}", e);
        }
    }

    /// <summary>A fault after which another attempt may succeed.</summary>
    private sealed class PassingFault(string message, Exception? inner = null) : Exception(message, inner);
}
