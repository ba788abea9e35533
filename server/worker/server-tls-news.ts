// What a process counts of its handshakes with servers.
import type { Registry } from '../telemetry/registry.ts'
import { serverHandshakes } from '../tls/server-handshakes.ts'

/** Tells it each time the registry is read. */
export function meterServerTls(registry: Registry): void {
  registry.onRead(() => {
    for (const { version, result, times } of serverHandshakes())
      registry.counter('server_tls_handshakes_total', [version, result]).set(times)
  })
}
