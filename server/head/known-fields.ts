// Header fields that mean something to a proxy, each with a small number, found by length first: most fields of a
// request cost one look at their length and one at a letter.

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
  /** Any name with an underscore. */
  underscore: 25,
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
]

interface KnownName {
  readonly name: Uint8Array
  readonly id: number
}

const LONGEST = 19
const BY_LENGTH: readonly (readonly KnownName[])[] = Array.from({ length: LONGEST + 1 }, (_, length) =>
  NAMES.filter(([name]) => name.length === length).map(([name, id]) => ({ name: Buffer.from(name), id })),
)

/** The number of the field named `bytes[start..end)`; KNOWN.other for one without. */
export function knownField(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length > LONGEST) return KNOWN.other
  const candidates = BY_LENGTH[length]!
  for (let c = 0; c < candidates.length; c++) {
    const { name, id } = candidates[c]!
    // Field names hold no character that `| 32` folds onto a letter but the letter's own two cases.
    let i = 0
    while (i < length && (bytes[start + i]! | 32) === name[i]) i++
    if (i === length) return id
  }
  return KNOWN.other
}

/** The number of a field by its lower-case name. */
export function knownName(lower: string): number {
  return NAMES.find(([name]) => name === lower)?.[1] ?? KNOWN.other
}
