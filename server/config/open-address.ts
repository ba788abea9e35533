// Addresses that a config opens, and what says so in it.
import {
  type Binds,
  bindsOf,
  parseBind,
  type TcpBind,
  tcpBindsOf,
  type UdpBind,
  udpBindsOf,
  unixPathOf,
} from '../lib/bind.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

/** An address that a listener opens. */
export interface OpenAddress {
  readonly transport: 'tcp' | 'udp'
  readonly host: string
  readonly port: number
  /** Null: the admin listener. */
  readonly listener: string | null
  /** What says so in the config. */
  readonly path: Path
  /** As it says so. */
  readonly bind: string
  /** Of a range of ports: as it is written. */
  readonly range?: string | undefined
}

/** What is opened where, of which port 0 is left out: it is another one each time. */
interface Opening {
  readonly listeners: Readonly<Record<string, Binds>>
  readonly admin: false | { readonly bind: string }
}

/** All that is opened on a port that is known. */
export function openAddresses({ listeners, admin }: Opening): readonly OpenAddress[] {
  const found: OpenAddress[] = []
  const add = (open: Omit<OpenAddress, 'host' | 'port'>, at = parseBind(open.bind)): void => {
    const isUnix = unixPathOf(open.bind) !== null
    const host = isUnix ? at.host : (canonicalAddress(at.host) ?? at.host.toLowerCase())
    if (isUnix || at.port !== 0) found.push({ ...open, host, port: at.port })
  }
  for (const [listener, options] of Object.entries(listeners)) {
    const pathOf = ({ path }: TcpBind | UdpBind): Path => ['listeners', listener, ...path]
    for (const own of tcpBindsOf(listener, options).filter(isTold))
      add({ transport: 'tcp', listener, path: pathOf(own), bind: own.bind, range: own.range })
    // Where discovery is, both of its addresses are of one mind.
    if (options.discovery !== undefined && [...bindsOf(options), options.discovery].some(isStandIn)) continue
    for (const own of udpBindsOf(listener, options).filter(isTold)) {
      const open = { transport: 'udp', listener, path: pathOf(own), bind: own.bind } as const
      if (own.path[0] === 'discovery') add(open, own)
      // Where every address is meant, the second one is the same for IPv6.
      else if (own.portOf === null) add(open)
    }
  }
  if (admin !== false && !isStandIn(admin.bind))
    add({ transport: 'tcp', listener: null, path: ['admin', 'bind'], bind: admin.bind })
  return found
}

const isTold = ({ bind }: TcpBind | UdpBind): boolean => !isStandIn(bind)

/** Who has an address, in words. */
export function ownerOf(written: Written, { listener, path, bind }: OpenAddress): string {
  const owner = listener === null ? 'the admin listener' : `listener "${listener}"`
  const quoted = written.quoted(path, bind)
  return path.at(-1) === 'discovery' ? `${owner} has discovery at ${quoted}` : `${owner} is at ${quoted}`
}

/** Whether two sockets cannot both be open on one port. "::" takes v4 as well. */
export function overlaps(a: string, b: string): boolean {
  if (a === b || a === '::' || b === '::') return true
  if (a === '0.0.0.0') return !b.includes(':')
  if (b === '0.0.0.0') return !a.includes(':')
  const [x, y] = [loopbacksOf(a), loopbacksOf(b)]
  return x.some((one) => y.includes(one))
}

const loopbacksOf = (host: string): readonly string[] =>
  host === 'localhost' ? ['127.0.0.1', '::1'] : [host]
