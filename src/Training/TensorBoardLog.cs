using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Writes a run's scalars to a TensorBoard event file, each trainer to a new one: after a kill, the updates since the last
/// checkpoint are there twice, with equal values.</summary>
internal sealed class TensorBoardLog
{
    private readonly string _folder;
    private readonly TorchSharp.Modules.SummaryWriter _writer;

    public TensorBoardLog(string folder)
    {
        _folder = folder;
        _writer = Guard(() => utils.tensorboard.SummaryWriter(folder));
    }

    public void Add(TrainingPoint point) => Add(point.Update, ("loss/task", point.Task), ("loss/divergence", point.Divergence),
        ("loss/total", point.Total), ("alpha", point.Alpha), ("lr", point.LearningRate), ("gradient_norm", point.GradientNorm),
        ("tokens_per_second", point.TokensPerSecond));

    public void Add(ValidationPoint point) => Add(point.Update, [("validation", point.Metric), ("validation/loss", point.Loss),
        .. (point.Measured.Others ?? new Dictionary<string, double>()).Select(pair => ($"validation/{pair.Key}", pair.Value))]);

    // What was not measured is not a number.
    private void Add(long update, params (string Name, double Value)[] scalars) => Guard(() =>
    {
        foreach (var (name, value) in scalars.Where(scalar => !double.IsNaN(scalar.Value)))
            _writer.add_scalar(name, (float)value, checked((int)update));
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
