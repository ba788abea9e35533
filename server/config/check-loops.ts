// Servers that are this gateway itself: a request would come round, and be refused where it passes a second
// time.
import { canonicalAddress, isLoopback } from '../lib/ip-address.ts'
import { schemeOf } from '../lib/server-url.ts'
import { type OpenAddress, overlaps } from './open-address.ts'
import type { Checked } from './checked.ts'
import { isStandIn } from './stand-in.ts'

/** Warns of servers whose address one of our own listeners opens. */
export function checkLoops(checked: Checked, open: readonly OpenAddress[]): void {
  const ours = open.filter(({ transport, listener }) => transport === 'tcp' && listener !== null)
  const byPort = Map.groupBy(ours, ({ port }) => port)
  for (const [name, { servers }] of Object.entries(checked.config.backends))
    for (const [index, { url }] of servers.entries()) {
      if (isStandIn(url)) continue
      if (!URL.canParse(url)) continue // a problem was reported of it
      const { hostname, port: written } = new URL(url)
      const host = hostname.replace(/^\[(.*)\]$/, '$1')
      const { family, port: usual } = schemeOf(url) ?? {}
      const port = Number(written || usual)
      const own = byPort
        .get(port)
        ?.find((one) => isThere(one.host, canonicalAddress(host) ?? host.toLowerCase()))
      if (own === undefined) continue
      const path = ['backends', name, 'servers', index, 'url']
      checked.warn({
        code: 'conflict',
        path,
        found: `${checked.quoted(path, url)}, where listener "${own.listener}" listens`,
        allowed: 'a server behind this gateway',
        hint:
          family === 'http'
            ? 'a request that comes round to the gateway is refused with 508'
            : 'a connection that comes round to the gateway is made again and again',
      })
    }
}

/** Of an address that is bound to all, only loopback is known to be here. */
const isThere = (bound: string, host: string): boolean =>
  bound === host || ((host === 'localhost' || isLoopback(host)) && overlaps(bound, host))
