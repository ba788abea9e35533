// Where a connection or a datagram comes in that is known by the address and the port that it goes to.
import type { Config } from '../../config/schema.ts'
import { bindsOf, parseBind, portRangeOf } from '../../lib/bind.ts'
import { canonicalAddress } from '../../lib/ip-address.ts'
import type { PortsOf } from './find-listener.ts'

export type ListenerConfig = Config['listeners'][string]

interface AskedEntrance {
  readonly transport: 'tcp' | 'udp'
  /** An address; a name, or empty: whichever this machine has. */
  readonly host: string
  readonly port: number
  /** Null: where the port leads. */
  readonly listener: string | null
}

export interface FoundEntrance {
  readonly name: string
  readonly options: ListenerConfig
  /** Why this one. */
  readonly why: string
}

/** The listener, or why there is none. */
export function findEntrance(
  { listeners }: Pick<Config, 'listeners'>,
  asked: AskedEntrance,
  portsOf: PortsOf,
): FoundEntrance | { readonly problem: string } {
  const all = Object.entries(listeners).flatMap(([name, options]) =>
    transportsOf(options).includes(asked.transport) ? [{ name, options }] : [],
  )
  if (asked.listener !== null) {
    const named = all.find(({ name }) => name === asked.listener)
    return named === undefined
      ? { problem: `no listener "${asked.listener}" takes ${asked.transport}; there are: ${shown(all)}` }
      : { ...named, why: 'it was named' }
  }
  const host = canonicalAddress(asked.host)
  for (const isExact of [true, false])
    for (const one of all) {
      const bind = bindsOf(one.options).find((each) => isAt(each, host, isExact, asked.port))
      if (bind !== undefined) return { ...one, why: `it is at ${bind}` }
    }
  // Where the config says port 0 the gateway knows which one that became.
  const open = all.find(({ name }) => portsOf(name).includes(asked.port))
  if (open !== undefined) return { ...open, why: `it is at port ${asked.port}` }
  return { problem: `no listener takes ${asked.transport} at port ${asked.port}; there are: ${shown(all)}` }
}

function transportsOf(options: ListenerConfig): readonly string[] {
  if (options.protocol === 'udp') return ['udp']
  return options.protocol === 'turn' ? options.transports : ['tcp']
}

const ANY = new Set(['0.0.0.0', '::'])

/** `isExact`: the bind names this very address; else it is of all. A host that is no address is at each. */
function isAt(bind: string, host: string | null, isExact: boolean, port: number): boolean {
  const range = portRangeOf(bind)
  const at = parseBind(range === null ? bind : `${bind.slice(0, bind.lastIndexOf(':'))}:${range.first}`)
  if (port < at.port || port > (range?.last ?? at.port) || at.port === 0) return false
  if (host === null) return true
  return isExact ? canonicalAddress(at.host) === host : ANY.has(at.host)
}

const shown = (all: readonly { readonly name: string; readonly options: ListenerConfig }[]): string =>
  all
    .slice(0, 20)
    .map(({ name, options }) => `${name} at ${bindsOf(options).join(', ') || 'no address'}`)
    .join('; ') || 'none'
