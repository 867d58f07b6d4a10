using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// Writes a run's scalars to a TensorBoard event file. Every trainer starts a new file in the folder, so that files of
/// earlier processes are never touched; after a kill, the updates since the last checkpoint are there twice, with equal values.
/// </summary>
internal sealed class TensorBoardLog
{
    private readonly string _folder;
    private readonly TorchSharp.Modules.SummaryWriter _writer;

    public TensorBoardLog(string folder)
    {
        _folder = folder;
        _writer = Guard(() => utils.tensorboard.SummaryWriter(folder));
    }

    public void Add(TrainingPoint point) => Guard(() =>
    {
        int step = checked((int)point.Update);
        _writer.add_scalar("loss/task", (float)point.Task, step);
        if (!double.IsNaN(point.Divergence)) _writer.add_scalar("loss/divergence", (float)point.Divergence, step);
        _writer.add_scalar("loss/total", (float)point.Total, step);
        _writer.add_scalar("alpha", (float)point.Alpha, step);
        _writer.add_scalar("lr", (float)point.LearningRate, step);
        _writer.add_scalar("gradient_norm", (float)point.GradientNorm, step);
        _writer.add_scalar("tokens_per_second", (float)point.TokensPerSecond, step);
        return true;
    });

    public void Add(ValidationPoint point) => Guard(() =>
    {
        int step = checked((int)point.Update);
        if (point.Measured.Metric is { } metric) _writer.add_scalar("validation", (float)metric, step);
        if (point.Measured.Loss is { } loss) _writer.add_scalar("validation/loss", (float)loss, step);
        foreach (var (name, value) in point.Measured.Others ?? new Dictionary<string, double>())
            _writer.add_scalar($"validation/{name}", (float)value, step);
        return true;
    });

    private T Guard<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IntraDistillException($"Cannot write TensorBoard events to {_folder}: {error.Message}", error);
        }
    }
}
