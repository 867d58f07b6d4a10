using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace IntraDistill.BrowserTests;

/// <summary>A page, what it asked for and what went wrong in it.</summary>
public sealed class WatchedPage
{
    private const float Patience = 60_000;

    private readonly ConcurrentQueue<string> _requests = [], _errors = [];

    internal WatchedPage(IPage page)
    {
        Page = page;
        // Assertions wait 5 s by default, less than a kernel takes for its first cells on a machine with other work.
        page.SetDefaultTimeout(Patience);
        Assertions.SetDefaultExpectTimeout(Patience);
        page.Request += (_, request) => _requests.Enqueue(request.Url);
        page.WebSocket += (_, socket) => _requests.Enqueue(socket.Url);
        page.PageError += (_, error) => _errors.Enqueue(error);
    }

    /// <summary>The page.</summary>
    public IPage Page { get; }

    /// <summary>Uncaught errors of the page's scripts.</summary>
    public IReadOnlyCollection<string> Errors => [.. _errors];

    /// <summary>What it has asked for.</summary>
    public IReadOnlyCollection<string> Requests => [.. _requests];

    /// <summary>The requests among those that leave this machine.</summary>
    public IReadOnlyCollection<string> RequestsAbroad =>
    [
        .. _requests.Select(url => new Uri(url))
            .Where(url => url.Scheme is not ("data" or "blob" or "file" or "about") && url.Host != "127.0.0.1")
            .Select(url => url.AbsoluteUri),
    ];

    /// <summary>Forgets the requests so far: what comes next is another page.</summary>
    public void ForgetRequests() => _requests.Clear();
}
