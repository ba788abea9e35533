// What workers know beside their plans, as it changes: where clients are, by which keys tokens are checked,
// and code of users.
import type { Config } from '../config/schema.ts'
import { LiveGeo } from './change/live-geo.ts'
import { LiveKeys, type LiveKeysOptions } from './change/live-keys.ts'
import { LivePlugins } from './change/live-plugins.ts'
import type { PlanBody } from './processes/worker.ts'

export interface LiveFacts {
  readonly geo: LiveGeo
  readonly keys: LiveKeys
  readonly plugins: LivePlugins
  /** What a plan has of them. Throws what stands against one, with its place as `path`. */
  gather(config: Config): Promise<Pick<PlanBody, 'geo' | 'keys' | 'plugins'>>
}

export function liveFacts(options: LiveKeysOptions): LiveFacts {
  const geo = new LiveGeo(options)
  const keys = new LiveKeys(options)
  const plugins = new LivePlugins(options.data)
  return {
    geo,
    keys,
    plugins,
    gather: async (config) => ({
      geo: await geo.gather(config),
      keys: await keys.gather(config),
      plugins: await plugins.gather(config),
    }),
  }
}

interface Followed {
  look(): void
  stop(): void
}

/** As one. */
export const together = (all: readonly Followed[]): Followed => ({
  look: () => all.forEach((one) => one.look()),
  stop: () => all.forEach((one) => one.stop()),
})
