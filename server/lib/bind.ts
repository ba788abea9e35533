// `host:port`, as listeners name it.

/** Splits `host:port`, `[v6]:port` or `:port`, which is every address of the machine. */
export function parseBind(bind: string): { readonly host: string; readonly port: number } {
  const colon = bind.lastIndexOf(':')
  const host = bind.slice(0, colon).replace(/^\[|\]$/g, '')
  return { host: host === '' || host === '*' ? '::' : host, port: Number(bind.slice(colon + 1)) }
}

/** `host:port`, an IPv6 address in brackets. */
export function writeBind(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * What makes listeners of an old and a new config the same socket: the address; where the port is any, the
 * name as well.
 */
export function socketKey(listener: string, bind: string): string {
  const { host, port } = parseBind(bind)
  return port === 0 ? `${listener}@${writeBind(host, port)}` : writeBind(host, port)
}

/**
 * What of a listener's config says where it is open, whatever its protocol: what a protocol does not have is
 * left out.
 */
export interface Binds {
  readonly bind: string
  /** What `bind` is opened for; TCP where nothing is said. */
  readonly transports?: readonly string[] | undefined
  readonly tls?: { readonly bind: string } | undefined
  readonly discovery?: string | undefined
}

/** A TCP address of a listener: workers accept there. */
export interface TcpBind {
  /** The listener's name. */
  readonly name: string
  /** What plans and keys call it: the same, with `#tls` behind it for the one that `tls` opens beside it. */
  readonly listener: string
  readonly bind: string
  /** socketKey(listener, bind) */
  readonly key: string
  readonly isTls: boolean
}

/** The TCP addresses of a listener. */
export function tcpBindsOf(name: string, { bind, transports = TCP, tls }: Binds): TcpBind[] {
  const plain = { name, listener: name, bind, key: socketKey(name, bind), isTls: false }
  const found = transports.includes('tcp') ? [plain] : []
  if (tls === undefined) return found
  const listener = `${name}#tls`
  return [...found, { name, listener, bind: tls.bind, key: socketKey(listener, tls.bind), isTls: true }]
}

const TCP = ['tcp']

/** A UDP address of a listener: the relay process receives there. */
export interface UdpBind {
  /** The listener's name, `#` and which of its sockets this is. */
  readonly key: string
  readonly listener: string
  /** `0.0.0.0` and `::` are each every address of their own family only. */
  readonly host: string
  /** 0: any; then the port of the socket with the key `portOf`, if that is not null. */
  readonly port: number
  readonly portOf: string | null
}

/**
 * The UDP addresses of a listener. `NAME#0` is its bind; where that is every address, `NAME#0v6` is the same
 * for IPv6. For behaviour discovery (RFC 5780) `NAME#1` is the bind's host on discovery's port, `NAME#2`
 * discovery's host on the bind's port, `NAME#3` discovery.
 */
export function udpBindsOf(name: string, { bind, transports = TCP, discovery }: Binds): UdpBind[] {
  if (!transports.includes('udp')) return []
  const { host, port } = parseBind(bind)
  const udp = (which: string, host: string, port: number, portOf: string | null): UdpBind => ({
    key: `${name}#${which}`,
    listener: name,
    host,
    port,
    portOf: portOf && `${name}#${portOf}`,
  })
  if (host === '::') return [udp('0', '0.0.0.0', port, null), udp('0v6', host, port, '0')]
  if (discovery === undefined) return [udp('0', host, port, null)]
  const other = parseBind(discovery)
  return [
    udp('0', host, port, null),
    udp('1', host, other.port, null),
    udp('2', other.host, port, '0'),
    udp('3', other.host, other.port, '1'),
  ]
}
