// Which region a request goes to, and why, by the code that workers ask.
import type { Config } from '../../config/schema.ts'
import type { RequestHead } from '../../head/request-head.ts'
import { NOWHERE } from '../../geo/database.ts'
import { whereIs } from '../../geo/where.ts'
import type { NearestConfig } from '../../rules/nearest.options.ts'
import { Nearest } from '../../rules/nearest.ts'
import { explainBackend, type ServerStates } from './explain-backend.ts'

export interface ExplainedNearest {
  readonly backend: string
  /** Of the client, as far as it is known. */
  readonly country: string | null
  /** All regions, the nearest first. */
  readonly regions: readonly {
    readonly backend: string
    /** country, continent or distance; rest: it says not where it is; order: nothing speaks for it. */
    readonly by: string
    readonly km: number | null
    /** A server of it takes work. */
    readonly in_use: boolean
  }[]
}

export function explainNearest(
  regions: NearestConfig,
  { config, states }: { readonly config: Config; readonly states: ServerStates },
  who: { readonly request: RequestHead; readonly client: string },
): ExplainedNearest {
  const facts = who.client === '' ? NOWHERE : whereIs(who.client)
  const order = new Nearest(regions).orderFor(facts).map(({ region, by, km }) => {
    const { backend = '' } = regions[region] ?? {}
    const options = config.backends[backend]
    const servers = options === undefined ? [] : explainBackend(backend, options, states, who).servers
    const inUse = servers.some(({ gets_work, why }) => gets_work || why?.startsWith('full') === true)
    return { backend, by, km: km === null ? null : Math.round(km), in_use: inUse }
  })
  const taken = order.find((one) => one.in_use) ?? order[0]
  return { backend: taken?.backend ?? '', country: facts.country, regions: order }
}
