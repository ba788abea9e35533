// What happens to each attempt, as debug events (`-l debug`). Who calls asks first whether anyone listens.
import type { Server } from '../backends/server.ts'
import type { FaultCode } from '../tables/faults.ts'
import { logEvent } from '../telemetry/log.ts'
import type { AttemptRecord } from './asker.ts'
import type { Phase } from './exchange.ts'

/** A server was picked. */
export function tellAttempt({ id, attempts, queueMs }: AttemptRecord, server: Server): void {
  logEvent('debug', 'exchange_attempt', {
    id,
    attempt: attempts,
    backend: server.backend,
    server: server.name,
    queue_ms: queueMs,
  })
}

/** The attempt failed. */
export function tellFailure({ id }: AttemptRecord, server: Server, fault: FaultCode, phase: Phase): void {
  logEvent('debug', 'exchange_attempt_failed', { id, server: server.name, fault, phase })
}
