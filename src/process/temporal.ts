import { Client, type Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, type NativeConnectionOptions, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { Failure } from '#domain/failure.ts';
import { journeyQueue } from '#domain/queues.ts';
import type { JourneyPort } from '#relay/port.ts';
import { openConnection, temporalPort } from '#relay/temporal.ts';
import { sdkLogger } from './logger.ts';

/** Where Temporal is: from TEMPORAL_* and Temporal's own configuration file, or the server given. */
export interface TemporalPlace {
  options: NativeConnectionOptions;
  namespace: string;
}

export function temporalPlace(): TemporalPlace {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  return { options: connectionOptions, namespace };
}

export interface JourneysSide {
  connection: Connection;
  journeys: JourneyPort;
  healthy(): Promise<boolean>;
  /** Of the server. */
  version(): Promise<string>;
  close(): Promise<void>;
}

/** What tells journeys things. Connects at the first call, so that Temporal may be away when a gateway starts. */
export function openJourneys({ options, namespace }: TemporalPlace): JourneysSide {
  const connection = openConnection(options);
  const client = new Client({ connection, namespace });
  return {
    connection,
    journeys: temporalPort(client, { taskQueue: journeyQueue }),
    healthy: () => isHealthy(connection, namespace),
    version: async () => (await connection.workflowService.getSystemInfo({})).serverVersion,
    close: () => connection.close(),
  };
}

/** Wall time that a readiness probe waits for Temporal. */
const probeLimitMs = 2_000;

async function isHealthy(connection: Connection, namespace: string): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + probeLimitMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  }
}

/** The SDK's native part, once a process: its log goes to ours, and signals are ours to handle. */
export function installRuntime(log: Logger): void {
  Runtime.install({ logger: sdkLogger(log), shutdownSignals: [] });
}

export async function connectWorker({ options }: TemporalPlace): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options);
  } catch (error) {
    throw new Failure(
      `Temporal cannot be reached at ${options.address ?? 'localhost:7233'}: check TEMPORAL_ADDRESS (TLS and API key too, where it wants them), and that Temporal runs.`,
      { cause: error },
    );
  }
}
