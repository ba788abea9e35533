// Servers that are this gateway itself: a request would come round, and be refused where it passes a second
// time; connections and datagrams would go round without end.
import { canonicalAddress, isLoopback } from '../lib/ip-address.ts'
import { parseBind } from '../lib/bind.ts'
import { type Family, schemeOf, unixServerPath } from '../lib/server-url.ts'
import { type OpenAddress, overlaps } from './open-address.ts'
import type { Checked } from './checked.ts'
import type { Config } from './schema.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

/** A server at an address that we open. */
interface OwnServer {
  readonly backend: string
  readonly index: number
  readonly url: string
  readonly family: Family
  readonly own: OpenAddress
}

/** Servers that are ours, in the order of the config. */
export function* ownServers(
  { listeners, backends }: Pick<Config, 'listeners' | 'backends'>,
  open: readonly OpenAddress[],
): Generator<OwnServer> {
  // By UDP a turn listener passes nothing on to servers.
  const ours = open.filter(
    ({ transport, listener }) =>
      transport === 'tcp' || (listener !== null && listeners[listener]?.protocol === 'udp'),
  )
  const byPort = Map.groupBy(ours, ({ transport, port }) => `${transport} ${port}`)
  for (const [backend, { servers }] of Object.entries(backends))
    for (const [index, { url }] of servers.entries()) {
      if (isStandIn(url)) continue
      const { family = 'http' } = schemeOf(url) ?? {}
      const transport = family === 'udp' ? 'udp' : 'tcp'
      const at = placeOf(url)
      const all = at === null ? [] : (byPort.get(`${transport} ${at.port}`) ?? [])
      const own = all.find((one) => isThere(one.host, at?.host ?? ''))
      if (own !== undefined) yield { backend, index, url, family, own }
    }
}

/** Warns of servers whose address a listener of ours opens, and of a dashboard that nobody could use. */
export function checkLoops(checked: Checked, open: readonly OpenAddress[]): void {
  for (const { backend, index, url, family, own } of ownServers(checked.config, open)) {
    const path = ['backends', backend, 'servers', index, 'url']
    const quoted = checked.quoted(path, url)
    if (own.listener === null) {
      const isMeant = checked.config.backends[backend]?.dashboard === true
      if (family === 'http' && !isMeant) checked.warn(signedOut(path, quoted))
      continue
    }
    checked.warn({
      code: 'conflict',
      path,
      found: `${quoted}, where listener "${own.listener}" listens`,
      allowed: 'a server behind this gateway',
      hint: WHAT_COMES[family],
    })
  }
}

const signedOut = (path: Path, quoted: string): Parameters<Checked['warn']>[0] => ({
  code: 'conflict',
  path,
  found: `${quoted}, where the admin listener is, in a backend without dashboard: true`,
  allowed: 'dashboard: true in a backend whose server it is',
  hint: 'without it cookies of sign-ins go to no server, and nobody signs in to the dashboard through it',
})

/** Of what such a server gets. */
export const WHAT_COMES: Readonly<Record<Family, string>> = {
  http: 'a request that comes round to the gateway is refused with 508',
  tcp: 'a connection that comes round to the gateway is made again and again',
  udp: 'a datagram that comes round to the gateway begins another flow, and goes round without end',
}

/** As an address that is opened is written; null: a problem was reported of it. */
function placeOf(url: string): { readonly host: string; readonly port: number } | null {
  const path = unixServerPath(url)
  if (path !== null) return parseBind(`unix:${path}`)
  if (!URL.canParse(url)) return null
  const { hostname, port: written } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    host: canonicalAddress(host) ?? host.toLowerCase(),
    port: Number(written || schemeOf(url)?.port),
  }
}

/** Of an address that is bound to all, only loopback is known to be here. */
const isThere = (bound: string, host: string): boolean =>
  bound === host || ((host === 'localhost' || isLoopback(host)) && overlaps(bound, host))
