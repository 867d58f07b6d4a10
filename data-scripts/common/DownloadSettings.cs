namespace IntraDistill.DataScripts;

/// <summary>How patient a <see cref="Downloader"/> is.</summary>
public sealed record DownloadSettings
{
    /// <summary>Attempts in a row that bring nothing new before it gives up.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>The wait before the second attempt; it doubles with each further one.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a connection and the head of a reply may take.</summary>
    public TimeSpan ReplyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a body may send nothing.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The most bytes that a file whose size is not known beforehand may have.</summary>
    public long MaxBytes { get; init; } = 8L << 30;
}
