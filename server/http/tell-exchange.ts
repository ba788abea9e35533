// What happens to each exchange, as debug events: for who looks for the reason of one answer (`-l debug`).
// Who calls asks first whether anyone listens (engine.isDebugging).
import type { Rule } from '../snapshot/snapshot.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Exchange } from './exchange.ts'

/** Its head is here; or what came was refused. */
export function tellStart({ id, listener, client, request }: Exchange): void {
  const { method, host, target } = request
  logEvent('debug', 'exchange', {
    id,
    listener: listener.name,
    client: client.address,
    socket: client.socketAddress,
    method,
    host,
    target,
  })
}

/** A rule was found, or none. */
export function tellRule({ id, to }: Exchange, rule: Rule | null): void {
  logEvent('debug', 'exchange_rule', {
    id,
    rule: rule?.name ?? null,
    middleware: rule?.steps.map(({ name }) => name) ?? [],
    to: to?.is ?? null,
    backend: to?.is === 'backend' ? to.backend.name : null,
  })
}

/** It is over. */
export function tellEnd(x: Exchange): void {
  logEvent('debug', 'exchange_end', {
    id: x.id,
    status: x.status,
    fault: x.fault?.code ?? null,
    detail: x.detail,
    bytes_in: x.bytesIn,
    bytes_out: x.bytesOut,
    ms: Math.round((x.endedMs - x.startedMs) * 10) / 10,
  })
}
