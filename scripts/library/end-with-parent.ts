/**
 * Preloaded into the server's process (`node --import`). However the process that started it ends – killed outright
 * included, when no handler of its own runs – the server and its children end too.
 */
process.once("disconnect", () => {
  try {
    // The server leads a process group of its own.
    process.kill(-process.pid, "SIGKILL");
  } catch {
    process.exit(1);
  }
});
// Listening alone must not keep a server alive that wants to end.
process.channel?.unref();
