// The PROXY protocol: what a proxy says before a client's bytes of whose they are. Read in versions 1 (a
// line) and 2 (binary), written in version 2, as HAProxy's proxy-protocol.txt has them (its sections are
// named):
//
//   12 bytes signature · 0x21 version 2, PROXY · 0x11 TCP over IPv4, 0x21 over IPv6 · u16 length of what follows
//   source address · destination address · u16 source port · u16 destination port · TLVs (type · u16 length · value)
import { Address } from './address.ts'
import { crc32c } from './crc32c.ts'
import { parseAddress } from './ip-address.ts'

const PROXY_SIGNATURE: Uint8Array = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const VERSION_2_PROXY = 0x21
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21
/** PP2_TYPE_SSL: the client spoke TLS (bit 0), and whether its certificate was good (verify is 0). */
export const TLV_TLS = 0x20
const CLIENT_TLS = 1
/** PP2_CLIENT_CERT_CONN, PP2_CLIENT_CERT_SESS: it showed one on this connection, or in its session. */
const CERTIFICATE_SHOWN = 2
const CERTIFICATE_IN_SESSION = 4
const SHOWN_NOW = CERTIFICATE_SHOWN | CERTIFICATE_IN_SESSION
/** PP2_SUBTYPE_SSL_CN, within it. */
const TLV_COMMON_NAME = 0x22
/** PP2_SUBTYPE_SSL_VERSION, within it; PP2_TYPE_AUTHORITY, the name that was asked for, beside it. */
const TLV_TLS_VERSION = 0x21
const TLV_AUTHORITY = 0x02
/** PP2_TYPE_CRC32C: a sum over the whole header (§2.2.3). */
const TLV_CRC32C = 0x03
/** Of those for private use: name of the listener. */
export const TLV_LISTENER = 0xe0
/** The same: the client's descriptor comes with the header, and what follows is what was read from it. */
export const TLV_DESCRIPTOR = 0xe1

const NO_BYTES = Buffer.alloc(0)

export interface ProxyHeader {
  /** Addresses as the socket names them; undefined once it is broken. */
  readonly clientHost: string | undefined
  readonly clientPort: number
  readonly localHost: string | undefined
  readonly localPort: number
  readonly isTls: boolean
  /** Of its TLS, where that is told: as OpenSSL calls it, and the name that was asked for. */
  readonly tlsVersion?: string
  readonly serverName?: string | null
  /** The certificate that it showed; left out: none. */
  readonly certificate?: ProxyCertificate | null
  /** Told to a process of ours; left out to others. */
  readonly listener?: string
  /** Its descriptor comes with it. */
  readonly hasDescriptor?: boolean
}

export interface ProxyCertificate {
  readonly isGood: boolean
  /** In a session of before. */
  readonly isResumed: boolean
  readonly commonName: string | null
}

/** The header's bytes; null when an address is none, or not known. */
export function writeProxyHeader(header: ProxyHeader): Buffer | null {
  const { clientHost, clientPort, localHost, localPort, isTls, listener, hasDescriptor = false } = header
  const [client, local] = sameFamily(addressOf(clientHost), addressOf(localHost))
  if (!client || !local) return null
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(clientPort, 0)
  ports.writeUInt16BE(localPort, 2)
  const tls = isTls ? tlsTlvs(header) : NO_BYTES
  const descriptor = hasDescriptor ? tlv(TLV_DESCRIPTOR, NO_BYTES) : NO_BYTES
  const name = listener === undefined ? NO_BYTES : tlv(TLV_LISTENER, Buffer.from(listener))
  const rest = Buffer.concat([client, local, ports, tls, descriptor, name])
  const head = Buffer.alloc(4)
  head[0] = VERSION_2_PROXY
  head[1] = client.length === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6
  head.writeUInt16BE(rest.length, 2)
  return Buffer.concat([PROXY_SIGNATURE, head, rest])
}

function tlsTlvs({ tlsVersion, serverName, certificate = null }: ProxyHeader): Buffer {
  const version = tlsVersion === undefined ? NO_BYTES : tlv(TLV_TLS_VERSION, Buffer.from(tlsVersion))
  const name = serverName ? tlv(TLV_AUTHORITY, Buffer.from(serverName)) : NO_BYTES
  const shown = certificate === null ? 0 : certificate.isResumed ? CERTIFICATE_IN_SESSION : SHOWN_NOW
  const isGood = certificate?.isGood === true
  const whose = certificate?.commonName ?? null
  const common = isGood && whose !== null ? tlv(TLV_COMMON_NAME, Buffer.from(whose)) : NO_BYTES
  const client = Uint8Array.of(CLIENT_TLS | shown, 0, 0, 0, isGood ? 0 : 1)
  return Buffer.concat([name, tlv(TLV_TLS, Buffer.concat([client, version, common]))])
}

function tlv(type: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(3)
  head[0] = type
  head.writeUInt16BE(value.length, 1)
  return Buffer.concat([head, value])
}

/** A link-local address may name its interface behind `%`: that is of this machine only. */
const addressOf = (host: string | undefined): Uint8Array | null =>
  host === undefined ? null : parseAddress(host.replace(/%.*$/, ''))

type Ip = Uint8Array | null

/** Both addresses are of one family in the header: beside an IPv6 one, an IPv4 one is mapped. */
function sameFamily(a: Ip, b: Ip): readonly [Ip, Ip] {
  if (!a || !b || a.length === b.length) return [a, b]
  return a.length === 4 ? [mapped(a), b] : [a, mapped(b)]
}

function mapped(v4: Uint8Array): Uint8Array {
  const made = new Uint8Array(16)
  made.set([0xff, 0xff], 10)
  made.set(v4, 12)
  return made
}

// ── reading ──

/** Version 1: the longest line, its CR LF included (§2.1). */
const LINE_BYTES_MAX = 107
/** Version 2: its first bytes, which say how many follow (§2.2). */
const PREFIX_BYTES = 16
/**
 * Of a whole header: addresses take at most 216 bytes, and TLVs of several hundred are usual; a certificate
 * among them may be a few KiB.
 */
export const HEADER_BYTES_MAX = 4096
const LINE_BEGINS = Buffer.from('PROXY ', 'latin1')

export interface ReadProxyHeader {
  /** Bytes of the header; what stands behind them is the connection's own. */
  readonly length: number
  /** Null: the proxy does not say (LOCAL, UNKNOWN, a Unix socket): the socket's own ends count. */
  readonly client: Address | null
  readonly local: Address | null
  /** Where its TLVs begin, counted as `length` is. */
  readonly tlvsAt: number
}

/** Why it is none: it does not begin as one, it is broken, longer than it may be, or its sum is another. */
export type HeaderFault = 'missing' | 'malformed' | 'too_long' | 'bad_checksum'

/**
 * Reads the header that begins at `start`, as far as `length` bytes of it are here; 'more' when they are not
 * all. Nothing behind it is looked at.
 */
export function readProxyHeader(
  bytes: Uint8Array,
  start: number,
  length: number,
  most = HEADER_BYTES_MAX,
): ReadProxyHeader | 'more' | HeaderFault {
  if (length === 0) return 'more'
  if (beginsWith(LINE_BEGINS, bytes, start, length)) return readLine(bytes, start, length)
  if (!beginsWith(PROXY_SIGNATURE, bytes, start, length)) return 'missing'
  return length < PREFIX_BYTES ? 'more' : readBinary(bytes, start, length, most)
}

function beginsWith(begin: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  for (let i = 0; i < Math.min(begin.length, length); i++) if (bytes[start + i] !== begin[i]) return false
  return true
}

const CR = 13
const LF = 10

/**
 * §2.1: one line, `PROXY TCP4 client local port port` CR LF, each with one space before it. A receiver waits
 * for CR LF, and takes the line for broken where that is not among the first 107 bytes.
 */
function readLine(bytes: Uint8Array, start: number, length: number): ReadProxyHeader | 'more' | HeaderFault {
  const seen = Math.min(length, LINE_BYTES_MAX)
  let end = LINE_BEGINS.length
  while (end < seen && bytes[start + end] !== CR) {
    if (bytes[start + end] === LF) return 'malformed'
    end++
  }
  if (end + 1 >= seen) return seen === LINE_BYTES_MAX ? 'too_long' : 'more'
  if (bytes[start + end + 1] !== LF) return 'malformed'
  const text = String.fromCharCode(...bytes.subarray(start + LINE_BEGINS.length, start + end))
  const whole = { length: end + 2, tlvsAt: end + 2 }
  // "UNKNOWN": whatever stands behind it up to the end of the line is not looked at.
  if (text === 'UNKNOWN' || text.startsWith('UNKNOWN ')) return { ...whole, client: null, local: null }
  const [, family, client = '', local = '', clientPort = '', localPort = ''] = LINE.exec(text) ?? []
  const ends = [endOf(family, client, clientPort), endOf(family, local, localPort)] as const
  if (ends[0] === null || ends[1] === null) return 'malformed'
  return { ...whole, client: ends[0], local: ends[1] }
}

const LINE = /^(TCP[46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4})$/

function endOf(family: string | undefined, host: string, port: string): Address | null {
  if (host.includes(':') !== (family === 'TCP6') || Number(port) > 65_535) return null
  return Address.parse(host, Number(port))
}

/** High half: the family, low half: the kind of socket. What they do not name must be refused (§2.2). */
const FAMILIES: ReadonlyMap<number, { readonly addressBytes: number; readonly isTold: boolean }> = new Map([
  [0x00, { addressBytes: 0, isTold: false }],
  [TCP_OVER_IPV4, { addressBytes: 12, isTold: true }],
  [TCP_OVER_IPV6, { addressBytes: 36, isTold: true }],
  // Unix sockets, of streams and of datagrams: such a client has no address that we know.
  [0x31, { addressBytes: 216, isTold: false }],
  [0x32, { addressBytes: 216, isTold: false }],
])
const VERSION_2_LOCAL = 0x20

function readBinary(
  bytes: Uint8Array,
  start: number,
  length: number,
  most: number,
): ReadProxyHeader | 'more' | HeaderFault {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, length)
  const command = view.getUint8(12)
  if (command !== VERSION_2_PROXY && command !== VERSION_2_LOCAL) return 'malformed'
  const end = PREFIX_BYTES + view.getUint16(14)
  const family = FAMILIES.get(view.getUint8(13))
  // "LOCAL": the connection is the proxy's own; whatever else is said must be passed over.
  const isLocal = command === VERSION_2_LOCAL
  if (!isLocal && (family === undefined || end < PREFIX_BYTES + family.addressBytes)) return 'malformed'
  if (end > most) return 'too_long'
  if (length < end) return 'more'
  if (isLocal || family === undefined) return { length: end, tlvsAt: end, client: null, local: null }
  const tlvsAt = PREFIX_BYTES + family.addressBytes
  // Of UNSPEC nothing is looked at, not even the form of what follows.
  const fault = family.addressBytes > 0 ? tlvsFault(bytes, start, start + tlvsAt, start + end) : null
  if (fault !== null) return fault
  if (!family.isTold) return { length: end, tlvsAt, client: null, local: null }
  const ipBytes = (family.addressBytes - 4) / 2
  const portsAt = tlvsAt - 4
  return {
    length: end,
    tlvsAt,
    client: addressAt(view, PREFIX_BYTES, ipBytes, view.getUint16(portsAt)),
    local: addressAt(view, PREFIX_BYTES + ipBytes, ipBytes, view.getUint16(portsAt + 2)),
  }
}

/** A proxy that listens on every address sees IPv4 clients within IPv6: they are what they are. */
function addressAt(view: DataView, at: number, ipBytes: number, port: number): Address {
  const isMapped = ipBytes === 16 && view.getBigUint64(at) === 0n && view.getUint32(at + 8) === 0xffff
  const [from, count] = isMapped ? [at + 12, 4] : [at, ipBytes]
  return new Address(new Uint8Array(view.buffer, view.byteOffset + from, count).slice(), port)
}

/** What is wrong with those that begin at `from`, of the header in `bytes[start..to)`; null: nothing. */
function tlvsFault(bytes: Uint8Array, start: number, from: number, to: number): HeaderFault | null {
  let sum: Uint8Array | null = null
  const areWhole = readTlvs(bytes, from, to, (type, value) => {
    if (type !== TLV_CRC32C) return true
    // Of two each would be a part of what the other is about.
    if (sum !== null || value.length !== 4) return false
    sum = value
    return true
  })
  if (!areWhole) return 'malformed'
  return sum === null || isSumOf(sum, bytes, start, to) ? null : 'bad_checksum'
}

/** §2.2.3: the sum over the whole header, with zeros where it stands itself. */
function isSumOf(sum: Uint8Array, bytes: Uint8Array, start: number, to: number): boolean {
  const header = bytes.subarray(start, to)
  const at = sum.byteOffset - header.byteOffset
  return crc32c(header, at, at + 4) === new DataView(sum.buffer, sum.byteOffset, 4).getUint32(0)
}

/**
 * Walks the TLVs in `bytes[from..to)`: type, length and value of each (§2.2.1). False when one ends behind
 * them, or `take` refuses it.
 */
export function readTlvs(
  bytes: Uint8Array,
  from: number,
  to: number,
  take: (type: number, value: Uint8Array) => boolean = () => true,
): boolean {
  let at = from
  while (at < to) {
    if (to - at < 3) return false
    const length = (bytes[at + 1] ?? 0) * 256 + (bytes[at + 2] ?? 0)
    const value = at + 3
    if (value + length > to) return false
    if (!take(bytes[at] ?? 0, bytes.subarray(value, value + length))) return false
    at = value + length
  }
  return true
}
