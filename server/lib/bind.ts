// `host:port`, `host:first-last` or `unix:/path`, as listeners name it.

const UNIX = 'unix:'

/** The path of a Unix socket; null: it is an address. */
export const unixPathOf = (bind: string): string | null =>
  bind.startsWith(UNIX) ? bind.slice(UNIX.length) : null

/**
 * Splits `host:port`, `[v6]:port` or `:port`, which is every address of the machine. A Unix socket is its own
 * host, on port 0.
 */
export function parseBind(bind: string): { readonly host: string; readonly port: number } {
  if (unixPathOf(bind) !== null) return { host: bind, port: 0 }
  const colon = bind.lastIndexOf(':')
  const host = bind.slice(0, colon).replace(/^\[|\]$/g, '')
  return { host: host === '' || host === '*' ? '::' : host, port: Number(bind.slice(colon + 1)) }
}

/** `host:port`, an IPv6 address in brackets; a Unix socket as it is. */
export function writeBind(host: string, port: number): string {
  if (unixPathOf(host) !== null) return host
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * What makes listeners of an old and a new config the same socket: the address; where the port is any, the
 * name as well.
 */
export function socketKey(listener: string, bind: string): string {
  const { host, port } = parseBind(bind)
  return port === 0 && unixPathOf(bind) === null
    ? `${listener}@${writeBind(host, port)}`
    : writeBind(host, port)
}

/** Who may connect to a Unix socket: its file's mode (octal) and group; left out: the gateway's own. */
export interface UnixAccess {
  readonly mode: string
  readonly group?: string | undefined
}

/**
 * What of a listener's config says where it is open, whatever its protocol: what a protocol does not have is
 * left out.
 */
export interface Binds {
  /** Of listeners that take one address only, a text. */
  readonly bind: string | readonly string[]
  /** What is spoken; listeners of `udp` open nothing else. */
  readonly protocol?: string | undefined
  /** What `bind` is opened for; TCP where nothing is said. */
  readonly transports?: readonly string[] | undefined
  /** Its `bind`: another TCP address, where the same is spoken in TLS. */
  readonly tls?: { readonly bind?: string; readonly profile?: string } | undefined
  /** There are some: TLS is spoken on `bind`. */
  readonly certificates?: readonly string[] | undefined
  /** Who may connect to those of its addresses that are Unix sockets. */
  readonly unix?: UnixAccess | undefined
  /** What its clients are spread over the workers by. */
  readonly steer?: string | undefined
  readonly discovery?: string | undefined
}

/** What `bind` names, in the order of the config. */
export const bindsOf = ({ bind }: Pick<Binds, 'bind'>): readonly string[] =>
  typeof bind === 'string' ? [bind] : bind

/** Several addresses as a list, one alone as a text. */
export const oneOrList = (all: readonly string[]): string | readonly string[] =>
  all.length === 1 && all[0] !== undefined ? all[0] : all

/** A TCP address of a listener: workers accept there. */
export interface TcpBind {
  /** The listener's name. */
  readonly name: string
  /**
   * What plans and keys call it: the same; of the further ones of a list with `#1`, `#2` … behind it, of the
   * one that `tls` opens beside it with `#tls`.
   */
  readonly listener: string
  readonly bind: string
  /** Where the listener's config says so. */
  readonly path: readonly (string | number)[]
  /** socketKey(listener, bind) */
  readonly key: string
  readonly isTls: boolean
  /** As the config says it, where that is a range of ports: one text for all of them. */
  readonly range?: string
}

/** The TCP addresses of a listener. */
export function tcpBindsOf(name: string, binds: Binds): TcpBind[] {
  const { tls } = binds
  const found = transportsOf(binds).includes('tcp') ? plainBindsOf(name, binds) : []
  if (tls?.bind === undefined) return found
  const listener = `${name}#tls`
  const { bind } = tls
  return [
    ...found,
    { name, listener, bind, key: socketKey(listener, bind), path: ['tls', 'bind'], isTls: true },
  ]
}

function plainBindsOf(name: string, binds: Binds): TcpBind[] {
  const all = bindsOf(binds)
  const isTls = binds.certificates !== undefined && binds.certificates.length > 0
  const found: TcpBind[] = []
  for (const [index, written] of all.entries())
    for (const bind of portsOf(written)) {
      const listener = found.length === 0 ? name : `${name}#${found.length}`
      const isRange = bind !== written
      found.push({
        name,
        listener,
        bind,
        key: socketKey(listener, bind),
        path: pathOf(all, index),
        isTls,
        ...(isRange && { range: written }),
      })
    }
  return found
}

const RANGE = /^(.*:)([0-9]{1,5})-([0-9]{1,5})$/

/** The first and last port of `host:first-last`; null: it is one address. */
export function portRangeOf(bind: string): { readonly first: number; readonly last: number } | null {
  const [, , first, last] = RANGE.exec(bind) ?? []
  return unixPathOf(bind) !== null || first === undefined
    ? null
    : { first: Number(first), last: Number(last) }
}

/** Each address of a range of ports; one alone is itself. */
export function portsOf(bind: string): readonly string[] {
  const range = portRangeOf(bind)
  if (range === null) return [bind]
  const host = bind.slice(0, bind.lastIndexOf(':') + 1)
  return Array.from({ length: range.last - range.first + 1 }, (_, i) => `${host}${range.first + i}`)
}

/** One alone stands at `bind` itself, whether or not it is written as a list. */
const pathOf = (all: readonly string[], index: number): readonly (string | number)[] =>
  all.length === 1 ? ['bind'] : ['bind', index]

const TCP = ['tcp']
const UDP = ['udp']
const transportsOf = ({ protocol, transports = TCP }: Binds): readonly string[] =>
  protocol === 'udp' ? UDP : transports

/** A UDP address of a listener: of turn listeners the relay process receives there, of others workers. */
export interface UdpBind {
  /** The listener's name, `#` and which of its sockets this is. */
  readonly key: string
  readonly listener: string
  /** What of the listener's config names it, and where that stands there. */
  readonly bind: string
  readonly path: readonly (string | number)[]
  /** `0.0.0.0` and `::` are each every address of their own family only. */
  readonly host: string
  /** 0: any; then the port of the socket with the key `portOf`, if that is not null. */
  readonly port: number
  readonly portOf: string | null
}

/**
 * The UDP addresses of a listener. `NAME#0` is its bind; where that is every address, `NAME#0v6` is the same
 * for IPv6. The further ones of a list are `NAME#0.1`, `NAME#0.2` … in the same way. For behaviour discovery
 * (RFC 5780) `NAME#1` is the bind's host on discovery's port, `NAME#2` discovery's host on the bind's port,
 * `NAME#3` discovery.
 */
export function udpBindsOf(name: string, binds: Binds): UdpBind[] {
  if (!transportsOf(binds).includes('udp')) return []
  const { discovery } = binds
  const written = bindsOf(binds)
  const all = written.flatMap((bind, index) =>
    portsOf(bind).map((at) => ({ at, bind, path: pathOf(written, index) })),
  )
  return all.flatMap(({ at, bind, path }, index) => {
    const which = index === 0 ? '0' : `0.${index}`
    const isV4Beside = all.some((other) => isSamePortOfV4(other.at, at))
    return udpSocketsOf(name, which, { at, bind, path, discovery, isV4Beside })
  })
}

/** Whether it is every address of IPv4 on the port of the other. */
function isSamePortOfV4(bind: string, other: string): boolean {
  const { host, port } = parseBind(bind)
  return host === '0.0.0.0' && port !== 0 && port === parseBind(other).port
}

interface UdpPlace {
  /** One address of what is written. */
  readonly at: string
  readonly bind: string
  readonly path: readonly (string | number)[]
  readonly discovery: string | undefined
  /** Every address of IPv4 is written beside it, on the same port. */
  readonly isV4Beside: boolean
}

function udpSocketsOf(name: string, which: string, place: UdpPlace): UdpBind[] {
  const { at, bind, path, discovery, isV4Beside } = place
  const { host, port } = parseBind(at)
  const udp = (
    key: string,
    address: Pick<UdpBind, 'host' | 'port'>,
    from: Pick<UdpBind, 'bind' | 'path'>,
    portOf: string | null = null,
  ): UdpBind => ({
    key: `${name}#${key}`,
    listener: name,
    ...address,
    ...from,
    portOf: portOf && `${name}#${portOf}`,
  })
  const own = { bind, path }
  if (host === '::' && isV4Beside) return [udp(which, { host, port }, own)]
  if (host === '::')
    return [udp(which, { host: '0.0.0.0', port }, own), udp(`${which}v6`, { host, port }, own, which)]
  if (discovery === undefined) return [udp(which, { host, port }, own)]
  const other = parseBind(discovery)
  const beside = { bind: discovery, path: ['discovery'] }
  return [
    udp('0', { host, port }, own),
    udp('1', { host, port: other.port }, beside),
    udp('2', { host: other.host, port }, beside, '0'),
    udp('3', other, beside, '1'),
  ]
}

/**
 * The UDP addresses that workers receive on. What makes those of an old and a new config the same socket is
 * the address, as with socketKey, and never one of TCP; `portOf` is such a key.
 */
export function flowBindsOf(name: string, binds: Binds): UdpBind[] {
  if (binds.protocol !== 'udp') return []
  const all = udpBindsOf(name, binds)
  const keyOf = ({ key, host, port }: UdpBind): string =>
    `udp ${port === 0 ? `${key}@${writeBind(host, port)}` : writeBind(host, port)}`
  return all.map((bind) => {
    const first = all.find(({ key }) => key === bind.portOf)
    return { ...bind, key: keyOf(bind), portOf: first === undefined ? null : keyOf(first) }
  })
}
