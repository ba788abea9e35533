// What is told of requests: what would become of one, those that were served, and one of them sent once more.
import type { Purge } from '../cache/purge.ts'
import type { Config } from '../config/schema.ts'
import { parseBind } from '../lib/bind.ts'
import { Resolver } from '../lib/resolver.ts'
import { inSlices } from '../lib/slices.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { waitingOf } from '../telemetry/backend-limits.ts'
import type { Totals } from '../telemetry/registry.ts'
import { serversOfPlan } from '../telemetry/documents.ts'
import type { RequestFilter } from '../telemetry/request-filter.ts'
import { serverHealth } from '../telemetry/server-health.ts'
import type { Served } from './change/apply.ts'
import { draftGround } from './explain/draft-ground.ts'
import { type AskedAny, explainAny, type ExplainedAny } from './explain/explain-any.ts'
import type { Ground } from './explain/explained.ts'
import { gatewayFactsOf, type KnownGateway } from './gateway-facts.ts'
import type { Parts } from './make-parts.ts'
import type { Reasons } from './processes/worker.ts'
import { cacheDocument, type CacheDocument, purgeCaches, type Purged } from './requests/caches.ts'
import { type Differences, differencesOf } from './requests/differences.ts'
import {
  type FoundRequest,
  type FoundRequests,
  gatherRequests,
  oneRequest,
  rawRequest,
  rawRequests,
} from './requests/gather.ts'
import { type AskedReplay, type Replayed, Replayer } from './requests/replay.ts'
import { RequestTail } from './requests/tail.ts'

export interface TrafficFacts {
  /**
   * What becomes of a request, by the config that is served and the states of now; `problem`: why that cannot
   * be told. Null: there is no config yet.
   */
  readonly explain: (
    asked: AskedAny,
    more?: {
      readonly candidatesMax?: number | undefined
      /** By this config, with the states of now. */
      readonly draft?: Config
    },
  ) => Promise<ExplainedAny | { readonly problem: string } | null>
  /** The last requests that were served. */
  readonly requests: (filter: RequestFilter, limit: number) => Promise<FoundRequests>
  /** One of them; null: it is not kept any more. */
  readonly request: (id: string) => Promise<FoundRequest | null>
  /** Those to come. */
  readonly follow: (filter: RequestFilter) => RequestTail
  /** Sends one of them once more. */
  readonly replay: (asked: AskedReplay) => Promise<Replayed>
  /** What the caches of workers have stored. */
  readonly cache: () => Promise<CacheDocument>
  /** Takes out of them what is named. */
  readonly purge: (purges: readonly Purge[]) => Promise<Purged>
  /** What other rules would have done to the last requests; null: there is no config yet. */
  readonly differences: (after: Config) => Promise<Differences | null>
}

/** The last requests that changes are tried on. */
const TRIED_MAX = 2000

/** What is known of a running supervisor. */
interface KnownTraffic extends KnownGateway {
  readonly board: Scoreboard
  readonly totals: Totals
  readonly reasons: Reasons
  /** Null: before the first config. */
  readonly certificates: () => Pick<Parts, 'desk'> | null
}

export function trafficFactsOf(known: KnownTraffic): TrafficFacts {
  const replayer = new Replayer((words) => new Resolver(words, () => performance.now()))
  return {
    explain: async (asked, { candidatesMax, draft } = {}) => {
      const { running } = known
      if (running === null) return null
      const ground = groundOf(known, running)
      return inSlices(explainAny(asked, draft ? draftGround(draft, ground) : ground, candidatesMax))
    },
    requests: (filter, limit) => gatherRequests(known.workers, filter, limit),
    request: (id) => oneRequest(known.workers, id),
    follow: (filter) => new RequestTail(() => known.workers, filter),
    replay: async (asked) => {
      const one = await rawRequest(known.workers, asked.id)
      const { running } = known
      if (one === null || running === null) return { is: 'gone' }
      return replayer.replay(asked, one, running.edition.config, running.plan.files ?? {})
    },
    cache: () => cacheDocument(known.workers, known.totals, known.running?.edition.config.cache.memory ?? 0),
    purge: (purges) => purgeCaches(known.workers, purges),
    differences: async (after) => {
      const { running } = known
      if (running === null) return null
      const requests = await rawRequests(known.workers, TRIED_MAX)
      return inSlices(differencesOf(requests, running.edition.config, after))
    },
  }
}

function groundOf(known: KnownTraffic, { edition: { config }, plan }: Served): Ground {
  const open = gatewayFactsOf(known).addresses()
  return {
    config,
    states: {
      board: known.board,
      slots: plan.slots,
      reasonOf: reasonsOf(known, config, plan.slots),
      leases: known.board.leases,
      counts: known.board,
      waitingOf: waitsOf(known.totals),
      stickySecret: plan.stickySecret,
    },
    portsOf: (listener) => [open[listener] ?? []].flat().map((address) => parseBind(address).port),
  }
}

/** Counted once, when a backend is asked about. */
function waitsOf(totals: Totals): (backend: string) => number {
  let waits: ReadonlyMap<string, number> | null = null
  return (backend) => (waits ??= waitingOf(totals)).get(backend) ?? 0
}

/** Those of a backend are gathered when one of its servers is asked for. */
function reasonsOf(
  { board, reasons, certificates }: KnownTraffic,
  { backends }: Ground['config'],
  slots: Served['plan']['slots'],
): Ground['states']['reasonOf'] {
  const gathered = new Map<string, ReadonlyMap<string, string | null>>()
  const orders = certificates()?.desk.orders.facts()
  return (backend, server) => {
    let own = gathered.get(backend)
    if (own === undefined) {
      const words = backends[backend]
      const config = { backends: words === undefined ? {} : { [backend]: words } }
      const facts = serversOfPlan({ config, slots, reasons, orders })
      const nowS = Date.now() / 1000
      own = new Map(facts.map((one) => [one.server, serverHealth(one, board, nowS).reason]))
      gathered.set(backend, own)
    }
    return own.get(server) ?? null
  }
}
