// What is told of requests: what would become of one.
import { parseBind } from '../lib/bind.ts'
import { inSlices } from '../lib/slices.ts'
import { serversOfPlan } from '../telemetry/documents.ts'
import { serverHealth } from '../telemetry/server-health.ts'
import type { Served } from './change/apply.ts'
import type { AskedRequest } from './explain/asked-request.ts'
import { explain, type Explained, type Ground } from './explain/explain.ts'
import { gatewayFactsOf, type KnownGateway } from './gateway-facts.ts'
import type { Parts } from './make-parts.ts'
import type { Reasons } from './processes/worker.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'

export interface TrafficFacts {
  /**
   * What becomes of a request, by the config that is served and the states of now; `problem`: why that cannot
   * be told. Null: there is no config yet.
   */
  readonly explain: (
    asked: AskedRequest,
    candidatesMax?: number,
  ) => Promise<Explained | { readonly problem: string } | null>
}

/** What is known of a running supervisor. */
interface KnownTraffic extends KnownGateway {
  readonly board: Scoreboard
  readonly reasons: Reasons
  /** Null: before the first config. */
  readonly certificates: () => Pick<Parts, 'desk'> | null
}

export const trafficFactsOf = (known: KnownTraffic): TrafficFacts => ({
  explain: (asked, candidatesMax) => {
    const { running } = known
    if (running === null) return Promise.resolve(null)
    return inSlices(explain(asked, groundOf(known, running), candidatesMax))
  },
})

function groundOf(known: KnownTraffic, { edition: { config }, plan }: Served): Ground {
  const open = gatewayFactsOf(known).addresses()
  return {
    config,
    states: { board: known.board, slots: plan.slots, reasonOf: reasonsOf(known, config, plan.slots) },
    portsOf: (listener) => [open[listener] ?? []].flat().map((address) => parseBind(address).port),
  }
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
