"""The commands, a file each: read the options, call the engine, show what came of it. What they return is the exit code."""
