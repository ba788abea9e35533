// Codes of an authenticator app: TOTP (RFC 6238) over HOTP (RFC 4226). Six digits, 30 s, SHA-1: what all apps
// know, and what those that cannot be told otherwise take for granted.
import { createHmac, randomBytes } from 'node:crypto'

const STEP_MS = 30_000
const DIGITS = 6
/** RFC 4226 §4, R6: 128 bits at least, 160 recommended. */
const SECRET_BYTES = 20
/** RFC 6238 §5.2: a step back, for what takes time on its way; one ahead, for clocks that go before ours. */
const STEPS_AROUND = [0, -1, 1]

export const newTotpSecret = (): Uint8Array => randomBytes(SECRET_BYTES)

/** RFC 6238 §4.2: T = (unix time - T0) / X, with T0 = 0. */
const stepAt = (nowMs: number): number => Math.floor(nowMs / STEP_MS)

/** The code of a step. */
export function codeOf(secret: Uint8Array, step: number): string {
  // RFC 4226 §5.3, 1: HS = HMAC-SHA-1(K, C), with C as eight bytes, most significant first.
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const hash = createHmac('sha1', secret).update(counter).digest()
  // 2: dynamic truncation: the low half of the last byte says where 31 bits are taken from.
  const offset = (hash.at(-1) ?? 0) & 0xf
  const bits = hash.readUInt32BE(offset) & 0x7fff_ffff
  // 3: D = Snum mod 10^Digit, with its leading zeros.
  return String(bits % 10 ** DIGITS).padStart(DIGITS, '0')
}

/**
 * The step whose code this is, if it is after `lastStep`: RFC 6238 §5.2, a code is good once only. Null: it
 * is none that may be taken now.
 */
export function stepOfCode(
  secret: Uint8Array,
  code: string,
  when: { readonly nowMs: number; readonly lastStep: number },
): number | null {
  const digits = code.replace(/[ -]/g, '')
  if (!/^[0-9]{6}$/.test(digits)) return null
  const now = stepAt(when.nowMs)
  const steps = STEPS_AROUND.map((around) => now + around).filter((step) => step > when.lastStep)
  return steps.find((step) => codeOf(secret, step) === digits) ?? null
}

/** RFC 4648 §6, without padding: how apps take secrets. */
export function base32(bytes: Uint8Array): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  let [bits, value, text] = [0, 0, '']
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(value >> (bits - 5)) & 31]
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31]
}

/** What a QR code of a set-up holds, as apps read it. */
export function totpUri(secret: Uint8Array, user: string, gateway: string): string {
  const label = `${encodeURIComponent('Sluice')}:${encodeURIComponent(`${user}@${gateway}`)}`
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=Sluice&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`
}
