// A certificate that nobody else has signed: ECDSA on P-256, by RFC 5280.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto'
import { canonicalAddress } from '../lib/ip-address.ts'
import type { PemPair } from './certificate.ts'
import { bits, element, integer, objectId, octets, pem, sequence, setOf, time, utf8, yes } from './der.ts'
import { inALabels } from './read-certificate.ts'

/** Clients of Apple refuse more than 398 days of whatever they trust. */
export const SELF_SIGNED_DAYS = 397
const DAY_MS = 86_400_000
/** Clocks of clients may be behind ours. */
const EARLIER_MS = 3_600_000

const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'))
const COMMON_NAME = objectId('2.5.4.3')
/** RFC 5280 §A: the longest a common name may be. */
const COMMON_NAME_MAX = 64

export interface SelfSignedOptions {
  readonly nowMs: number
  readonly days?: number
  /** PEM of the key that it is to have; left out: a new one. */
  readonly key?: string | undefined
  /** In DER, each whole: what a challenge wants beside the usual (RFC 8737 §3). */
  readonly extensions?: readonly Uint8Array[]
}

/** For these names and addresses, from now on. */
export function selfSigned(
  names: readonly string[],
  { nowMs, days = SELF_SIGNED_DAYS, key, extensions = [] }: SelfSignedOptions,
): PemPair {
  const privateKey =
    key === undefined ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : createPrivateKey(key)
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const [name = 'localhost'] = names
  const whose = sequence(setOf(sequence(COMMON_NAME, utf8(name.length > COMMON_NAME_MAX ? 'sluice' : name))))
  const body = sequence(
    element(0xa0, integer(Buffer.of(2))), // version 3
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    whose, // issuer
    sequence(time(nowMs - EARLIER_MS), time(nowMs + days * DAY_MS)),
    whose, // subject
    publicKey,
    element(0xa3, sequence(...ownExtensions(names, publicKey), ...extensions)),
  )
  const signature = sign('sha256', body, privateKey)
  return {
    cert: pem('CERTIFICATE', sequence(body, ECDSA_WITH_SHA256, bits(signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

/** RFC 5280 §4.1.2.2: positive and not zero. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}

function ownExtensions(names: readonly string[], publicKey: Uint8Array): Buffer[] {
  const keyId = createHash('sha1').update(publicKey).digest()
  return [
    // basicConstraints: it may be trusted as its own issuer.
    extension('2.5.29.19', sequence(yes()), true),
    // subjectKeyIdentifier
    extension('2.5.29.14', octets(keyId)),
    // extKeyUsage: serverAuth
    extension('2.5.29.37', sequence(objectId('1.3.6.1.5.5.7.3.1'))),
    // subjectAltName
    extension('2.5.29.17', sequence(...names.map(generalName))),
  ]
}

export const extension = (id: string, value: Uint8Array, isCritical = false): Buffer =>
  sequence(objectId(id), ...(isCritical ? [yes()] : []), octets(value))

/** RFC 5280 §4.2.1.6: dNSName or iPAddress. */
export function generalName(name: string): Buffer {
  const address = canonicalAddress(name)
  if (address === null) return element(0x82, Buffer.from(inALabels(name) || name, 'latin1'))
  return element(0x87, addressBytes(address))
}

function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const before = groups(head)
  const after = groups(tail ?? '')
  const middle = tail === undefined ? [] : Array<number>(8 - before.length - after.length).fill(0)
  return Buffer.from([...before, ...middle, ...after].flatMap((group) => [group >> 8, group & 0xff]))
}
