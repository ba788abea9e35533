// What is known of a gateway at one moment, for tests of what it says of itself.
import { parseConfig } from '../../server/config/load.ts'
import type { Config } from '../../server/config/schema.ts'
import type { Seen } from '../../server/control/overview/seen.ts'
import { healthOf } from '../../server/telemetry/documents.ts'
import type { ServerHealth } from '../../server/telemetry/server-health.ts'

export const NOW_MS = Date.parse('2026-03-01T12:00:00.000Z')
export const minutesAgo = (minutes: number): number => NOW_MS - minutes * 60_000

/** A gateway that has served its second revision for an hour, and of which nothing is wrong but this. */
export const seenWith = (seen: Partial<Seen>): Seen => ({
  ...{ nowMs: NOW_MS, startedMs: minutesAgo(60), file: '/etc/sluice/sluice.yaml', revision: 2, config: null },
  ...{ health: healthOf([]), disk: null, acme: [], certificates: [], rates: new Map(), events: [] },
  ...{ untried: new Set(), limits: [] },
  spanOf: () => ({ sinceMs: minutesAgo(8), lastUpMs: null }),
  perMinute: () => null,
  ...seen,
})

export const serverWith = (server: Partial<ServerHealth> & { readonly server: string }): ServerHealth => ({
  ...{
    url: `http://192.0.2.1:8443`,
    healthy: true,
    circuit_state: 'Closed',
    weight: 1,
    active_connections: 0,
  },
  ...{
    backend: 'api',
    state: 'up',
    reason: null,
    admin: 'ready',
    operational: 'up',
    operational_reason: null,
  },
  ...server,
})

/** Its checks say that it is down. */
export const downServer = (server: string, reason: string, more: Partial<ServerHealth> = {}): ServerHealth =>
  serverWith({ server, reason, healthy: false, state: 'down', operational: 'down', ...more })

/** A config as the gateway has read it. */
export function configWith(words: object): Config {
  const text = Buffer.from(JSON.stringify({ admin: false, ...words }))
  const parsed = parseConfig('/etc/sluice/sluice.json', text, {}, { nowMs: NOW_MS })
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '))
  return parsed.config
}
