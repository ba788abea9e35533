// Parts of a config with checks, for tests of the prober.
import type { HealthCheckConfig } from '../../../../server/backends/health-check.options.ts'
import type { ServerConfig } from '../../../../server/backends/server.options.ts'
import type { Config } from '../../../../server/config/schema.ts'
import type { BackendSlots } from '../../../../server/scoreboard/slot.ts'
import { backendConfig } from '../../backends/backends.ts'

export function healthCheck(change: Partial<HealthCheckConfig> = {}): HealthCheckConfig {
  return {
    type: 'http',
    path: '/health',
    method: 'GET',
    headers: {},
    interval: 10_000,
    interval_down: 5000,
    timeout: 2000,
    rise: 2,
    fall: 3,
    follow_redirects: 0,
    expect: { status: [], data_limit: 4096, body_limit: 65_536 },
    ...change,
  }
}

type Servers = readonly (Partial<ServerConfig> & { name: string })[]

/** A config of these backends, each with its check or none; only what the prober reads is real. */
export function configOf(
  backends: Record<string, { servers: Servers; check: HealthCheckConfig | HealthCheckConfig[] | null }>,
): Config {
  const entries = Object.entries(backends).map(([name, { servers, check }]) => [
    name,
    backendConfig(servers, check === null ? {} : { health_check: [check].flat() }),
  ])
  return { backends: Object.fromEntries(entries) } as unknown as Config
}

/** Slots in the order of the names: the same config gives the same slots. */
export function slotsOf({ backends }: Config, generation = 0): Record<string, BackendSlots> {
  let index = 1
  const next = () => ({ index: index++, generation })
  return Object.fromEntries(
    Object.entries(backends).map(([name, { servers }]) => [
      name,
      {
        slot: next(),
        servers: Object.fromEntries(servers.map((server) => [server.name ?? server.url, next()])),
      },
    ]),
  )
}
