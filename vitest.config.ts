import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/orphan.ts'],
    // Temporal's native worker does not like threads (sdk-typescript #876).
    pool: 'forks',
    // Files share the machine with their own servers; more at once only makes all of them slow.
    maxWorkers: 2,
    // For a machine that is many times slower than ours: whatever is waited for is polled, and nothing takes so long where it comes.
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
  },
});
