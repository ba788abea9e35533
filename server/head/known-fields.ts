// Header fields that mean something to a proxy, each with a small number, found by length first: most fields
// of a request cost one look at their length and one at a letter.

import { latin1 } from './bytes.ts'

export const KNOWN = {
  other: 0,
  host: 1,
  connection: 2,
  contentLength: 3,
  transferEncoding: 4,
  expect: 5,
  upgrade: 6,
  keepAlive: 7,
  proxyConnection: 8,
  te: 9,
  trailer: 10,
  xForwardedFor: 11,
  xForwardedProto: 12,
  xForwardedHost: 13,
  xForwardedPort: 14,
  forwarded: 15,
  via: 16,
  xRequestId: 17,
  xRealIp: 18,
  userAgent: 19,
  proxyAuthorization: 20,
  http2Settings: 21,
  date: 22,
  proxyAuthenticate: 23,
  maxForwards: 24,
  /** Any name with an underscore, but for the next. */
  underscore: 25,
  /**
   * A name of this table, or one that begins with "x-forwarded-", written with an underscore: some servers
   * take it for that field.
   */
  disguised: 26,
  /**
   * Any other name that begins with "x-forwarded-": proxies say such things of a request, and nobody else.
   */
  xForwardedOther: 27,
  /**
   * What is told of a client's certificate: Client-Cert, Client-Cert-Chain (RFC 9440), and what begins with
   * "x-client-cert".
   */
  clientCert: 28,
  /** A Cookie field with a sign-in to a dashboard (sign-in-cookies.ts); any other is `other`. */
  cookie: 29,
} as const

const NAMES: readonly (readonly [string, number])[] = [
  ['host', KNOWN.host],
  ['connection', KNOWN.connection],
  ['content-length', KNOWN.contentLength],
  ['transfer-encoding', KNOWN.transferEncoding],
  ['expect', KNOWN.expect],
  ['upgrade', KNOWN.upgrade],
  ['keep-alive', KNOWN.keepAlive],
  ['proxy-connection', KNOWN.proxyConnection],
  ['te', KNOWN.te],
  ['trailer', KNOWN.trailer],
  ['x-forwarded-for', KNOWN.xForwardedFor],
  ['x-forwarded-proto', KNOWN.xForwardedProto],
  ['x-forwarded-host', KNOWN.xForwardedHost],
  ['x-forwarded-port', KNOWN.xForwardedPort],
  ['forwarded', KNOWN.forwarded],
  ['via', KNOWN.via],
  ['x-request-id', KNOWN.xRequestId],
  ['x-real-ip', KNOWN.xRealIp],
  ['user-agent', KNOWN.userAgent],
  ['proxy-authorization', KNOWN.proxyAuthorization],
  ['http2-settings', KNOWN.http2Settings],
  ['date', KNOWN.date],
  ['proxy-authenticate', KNOWN.proxyAuthenticate],
  ['max-forwards', KNOWN.maxForwards],
  ['cookie', KNOWN.cookie],
  ['client-cert', KNOWN.clientCert],
  ['client-cert-chain', KNOWN.clientCert],
]

interface KnownName {
  readonly name: Uint8Array
  readonly id: number
}

const LONGEST = 19
const BY_LENGTH: readonly (readonly KnownName[])[] = Array.from({ length: LONGEST + 1 }, (_, length) =>
  NAMES.filter(([name]) => name.length === length).map(([name, id]) => ({ name: Buffer.from(name), id })),
)

const FORWARDED_PREFIX = 'x-forwarded-'
const FORWARDED_PREFIX_BYTES = Buffer.from(FORWARDED_PREFIX)
const CERTIFICATE_PREFIX = 'x-client-cert'
const CERTIFICATE_PREFIX_BYTES = Buffer.from(CERTIFICATE_PREFIX)

/** The number of the field named `bytes[start..end)`; KNOWN.other for one without. */
export function knownField(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length <= LONGEST) {
    const candidates = BY_LENGTH[length]!
    for (let c = 0; c < candidates.length; c++) {
      const { name, id } = candidates[c]!
      // Field names hold no character that `| 32` folds onto a letter but the letter's own two cases.
      let i = 0
      while (i < length && (bytes[start + i]! | 32) === name[i]) i++
      if (i === length) return id
    }
  }
  // One look at a letter for most names: this runs for each field of each head.
  if (length <= FORWARDED_PREFIX.length || (bytes[start]! | 32) !== FORWARDED_PREFIX_BYTES[0])
    return KNOWN.other
  if (begins(FORWARDED_PREFIX_BYTES, bytes, start)) return KNOWN.xForwardedOther
  return begins(CERTIFICATE_PREFIX_BYTES, bytes, start) ? KNOWN.clientCert : KNOWN.other
}

/** Both prefixes are shorter than the name, or as long. */
function begins(prefix: Uint8Array, bytes: Uint8Array, start: number): boolean {
  let i = 0
  while (i < prefix.length && (bytes[start + i]! | 32) === prefix[i]) i++
  return i === prefix.length
}

/** The number of a field whose name has an underscore. */
export function underscoreField(bytes: Buffer, start: number, end: number): number {
  const plain = latin1(bytes, start, end).toLowerCase().replaceAll('_', '-')
  const isDisguised =
    knownName(plain) !== KNOWN.other ||
    plain.startsWith(FORWARDED_PREFIX) ||
    plain.startsWith(CERTIFICATE_PREFIX)
  return isDisguised ? KNOWN.disguised : KNOWN.underscore
}

/** The number of a field by its lower-case name. */
export function knownName(lower: string): number {
  return NAMES.find(([name]) => name === lower)?.[1] ?? KNOWN.other
}
