using System.Globalization;
using Checkpointer.Benchmarks;

return BenchmarkRun.Run(args, CultureInfo.InvariantCulture);
