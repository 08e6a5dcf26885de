/** A worker of vitest whose parent was killed would live as long as a connection of it does, and its servers with it. */
if (process.listenerCount('disconnect') === 0) process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
