// What a client says first of TLS, read before anybody speaks it: which name it asks for, and which
// protocols it offers (RFC 8446 §4.1.2). Read from the begin each time more has come, as it stays where it
// is (MSG_PEEK); nothing of what was read is kept.
//
//   record     u8 22 · u16 version · u16 length · fragment, all of them together:
//   handshake  u8 1 · u24 length · u16 version · 32 random · session <u8> · suites <u16> · compressions <u8>
//              · extensions <u16>, each u16 type · <u16>
import { comparableName } from './comparable-name.ts'

/** All records together, their heads included; those of browsers have up to 2 KiB. */
export const HELLO_BYTES_MAX = 16 * 1024

/** What it is instead, or what is wrong with it. */
export type HelloFault =
  | 'plain_http'
  | 'ssl_2'
  | 'not_tls'
  | 'too_large'
  | 'malformed'
  | 'several_names'
  | 'bad_name'

export interface ClientHello {
  /** In lower case, without a dot at the end; of one that hides another (ECH): the outer. Null: none. */
  readonly serverName: string | null
  /** As it offers them, the best first; none: it says nothing of them. */
  readonly alpn: readonly string[]
  /** As numbers (0x0304 is TLS 1.3), the best first, without those that mean nothing (GREASE). */
  readonly versions: readonly number[]
  /** It hides another hello, or looks as if (ECH): the names may be others within. */
  readonly hasHidden: boolean
}

/**
 * Reads the hello that begins at `bytes[0]`, as far as `count` bytes are here; 'more' when it is not whole.
 * `most`: so many bytes may its records have, at most HELLO_BYTES_MAX.
 */
export function readClientHello(
  bytes: Uint8Array,
  count: number,
  most: number = HELLO_BYTES_MAX,
): ClientHello | HelloFault | 'more' {
  const length = gather(bytes, count, most)
  return typeof length === 'number' ? readHello(length) : length
}

// ── records (RFC 8446 §5.1) ──

const HANDSHAKE = 22
const MAJOR_VERSION = 3
const RECORD_HEAD_BYTES = 5
const FRAGMENT_BYTES_MAX = 2 ** 14
const CLIENT_HELLO = 1
const MESSAGE_HEAD_BYTES = 4

/** The message without its records. One for all: it is read at once. */
const message = Buffer.from(new ArrayBuffer(HELLO_BYTES_MAX))

/** Brings the message together; its length once it is whole. */
function gather(bytes: Uint8Array, count: number, most: number): number | HelloFault | 'more' {
  let length = MESSAGE_HEAD_BYTES
  let had = 0
  for (let at = 0; had < length;) {
    // 1. A handshake record, whatever version it says (its minor part means nothing).
    if (at < count && bytes[at] !== HANDSHAKE) return at === 0 ? notTls(bytes, count) : 'malformed'
    if (at + 1 < count && bytes[at + 1] !== MAJOR_VERSION) return at === 0 ? 'not_tls' : 'malformed'
    if (at + RECORD_HEAD_BYTES > count) return count < most ? 'more' : 'too_large'
    const fragment = u16(bytes, at + 3)
    // 2. Which is neither empty nor longer than it may be.
    if (fragment === 0 || fragment > FRAGMENT_BYTES_MAX) return 'malformed'
    at += RECORD_HEAD_BYTES
    const part = Math.min(fragment, count - at, message.length - had)
    for (let i = 0; i < part; i++) message[had + i] = bytes[at + i] as number
    had += part
    at += fragment
    // 3. It begins a ClientHello, which says how long it is.
    if (had > 0 && message[0] !== CLIENT_HELLO) return 'malformed'
    if (had >= MESSAGE_HEAD_BYTES) {
      length = MESSAGE_HEAD_BYTES + u24(message, 1)
      if (length + RECORD_HEAD_BYTES > most) return 'too_large'
    }
    if (at > count && had < length) return count < most ? 'more' : 'too_large'
  }
  return length
}

const METHOD_BYTES_MAX = 16
/** Of SSL 2.0's hello that offers SSL 3.0 or TLS (RFC 5246 appendix E.2): u16 length, with bit 15, and 1. */
const SSL_2_BYTES = 3

function notTls(bytes: Uint8Array, count: number): HelloFault | 'more' {
  if ((bytes[0] as number) >= 0x80) {
    if (count < SSL_2_BYTES) return 'more'
    return bytes[2] === CLIENT_HELLO ? 'ssl_2' : 'not_tls'
  }
  let at = 0
  while (at < count && at < METHOD_BYTES_MAX && isCapital(bytes[at] as number)) at++
  if (at === count && at < METHOD_BYTES_MAX) return 'more'
  return at > 0 && bytes[at] === 0x20 ? 'plain_http' : 'not_tls'
}

const isCapital = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a

// ── the message (RFC 8446 §4.1.2) ──

const VERSION_AT = MESSAGE_HEAD_BYTES
const SESSION_AT = VERSION_AT + 2 + 32
const SESSION_BYTES_MAX = 32

const SERVER_NAME = 0
const ALPN = 16
const SUPPORTED_VERSIONS = 43
const ENCRYPTED_CLIENT_HELLO = 0xfe0d

class Facts implements ClientHello {
  serverName: string | null = null
  alpn: readonly string[] = []
  versions: readonly number[] = []
  hasHidden = false
}

function readHello(length: number): ClientHello | HelloFault {
  // 1. legacy_version, random, legacy_session_id<0..32>.
  const suitesAt = vectorEnd(SESSION_AT, 1, length)
  if (suitesAt < 0 || suitesAt - SESSION_AT - 1 > SESSION_BYTES_MAX) return 'malformed'
  // 2. cipher_suites<2..2^16-2>, legacy_compression_methods<1..2^8-1>.
  const compressionsAt = vectorEnd(suitesAt, 2, length)
  const extensionsAt = vectorEnd(compressionsAt, 1, length)
  if (extensionsAt < 0 || compressionsAt < suitesAt + 4 || extensionsAt < compressionsAt + 2)
    return 'malformed'
  const facts = new Facts()
  // 3. Extensions, to the very end; before TLS 1.3 there may be none at all.
  if (extensionsAt < length) {
    if (vectorEnd(extensionsAt, 2, length) !== length) return 'malformed'
    const fault = readExtensions(extensionsAt + 2, length, facts)
    if (fault !== null) return fault
  }
  // 4. Without supported_versions the version is the best it speaks (§4.2.1).
  if (facts.versions.length === 0) facts.versions = [u16(message, VERSION_AT)]
  return facts
}

function readExtensions(from: number, end: number, facts: Facts): HelloFault | null {
  const seen = new Set<number>()
  for (let at = from; at < end;) {
    const next = vectorEnd(at + 2, 2, end)
    if (next < 0) return 'malformed'
    const type = u16(message, at)
    // §4.2: none twice.
    if (seen.has(type)) return 'malformed'
    seen.add(type)
    const fault = readExtension(type, at + 4, next, facts)
    if (fault !== null) return fault
    at = next
  }
  return null
}

function readExtension(type: number, at: number, end: number, facts: Facts): HelloFault | null {
  switch (type) {
    case SERVER_NAME:
      return readServerName(at, end, facts)
    case ALPN:
      return readAlpn(at, end, facts)
    case SUPPORTED_VERSIONS:
      return readVersions(at, end, facts)
    case ENCRYPTED_CLIENT_HELLO:
      facts.hasHidden = true
  }
  return null
}

const HOST_NAME = 0
/** RFC 1035 §3.1, as it is written. */
const NAME_BYTES_MAX = 255
const NAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i

/** RFC 6066 §3: server_name_list<1..2^16-1>, of one name of a type at most. */
function readServerName(at: number, end: number, facts: Facts): HelloFault | null {
  if (at + 2 >= end || vectorEnd(at, 2, end) !== end) return 'malformed'
  for (let entry = at + 2; entry < end;) {
    const next = vectorEnd(entry + 1, 2, end)
    if (next < 0) return 'malformed'
    if (message[entry] === HOST_NAME) {
      if (facts.serverName !== null) return 'several_names'
      const name = next - entry - 3 <= NAME_BYTES_MAX ? text(entry + 3, next) : ''
      if (!NAME.test(name)) return 'bad_name'
      facts.serverName = comparableName(name)
    }
    entry = next
  }
  return null
}

/** RFC 7301 §3.1: protocol_name_list<2..2^16-1>, each <1..2^8-1>. */
function readAlpn(at: number, end: number, facts: Facts): HelloFault | null {
  if (at + 2 >= end || vectorEnd(at, 2, end) !== end) return 'malformed'
  const protocols: string[] = []
  for (let entry = at + 2; entry < end;) {
    const next = vectorEnd(entry, 1, end)
    if (next < entry + 2) return 'malformed'
    protocols.push(text(entry + 1, next))
    entry = next
  }
  facts.alpn = protocols
  return null
}

/** RFC 8446 §4.2.1: versions<2..254>. */
function readVersions(at: number, end: number, facts: Facts): HelloFault | null {
  if (vectorEnd(at, 1, end) !== end || end < at + 3 || (end - at) % 2 === 0) return 'malformed'
  const versions: number[] = []
  for (let entry = at + 1; entry < end; entry += 2) {
    const version = u16(message, entry)
    if (!isGrease(version)) versions.push(version)
  }
  facts.versions = versions
  return null
}

/** RFC 8701 §2: 0x0a0a, 0x1a1a ... 0xfafa. */
const isGrease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff)

/** Where a vector ends that begins at `at` with its length in so many bytes; -1: not before `end`. */
function vectorEnd(at: number, lengthBytes: 1 | 2, end: number): number {
  const from = at + lengthBytes
  if (at < 0 || from > end) return -1
  const to = from + (lengthBytes === 1 ? (message[at] as number) : u16(message, at))
  return to <= end ? to : -1
}

const text = (from: number, to: number): string => message.latin1Slice(from, to)

const u16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
const u24 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 16) | u16(bytes, at + 1)
