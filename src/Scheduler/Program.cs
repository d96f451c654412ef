using Checkpointer.Scheduler.Cli;

return Application.Run(args);
