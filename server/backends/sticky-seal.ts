// What a sticky cookie says, and who it is from. Its value is 30 bytes in base64url:
//
//   0      version of this layout
//   1–9    the server: HMAC-SHA-256(key of names, its name), its first bytes: nobody reads an address out of it
//   10–13  when it was given, in seconds since 1970, rounded up to a step; 0: without an end
//   14–29  HMAC-SHA-256(key of cookies, all before), its first 128 bits
//
// Both keys are made of the secret and the name of the backend: a cookie of another backend is no better than
// one that somebody made up. All who have the secret read it alike, and nobody keeps anything of it. As times
// are rounded, clients that came about the same time have the same cookie: it tells none of them from
// another, and few values are known to be good for all of them.
import { timingSafeEqual } from 'node:crypto'
import { filled } from '../lib/filled.ts'

const VERSION = 1
const SERVER_BYTES = 9
const GIVEN_AT = 1 + SERVER_BYTES
const MAC_AT = GIVEN_AT + 4
const MAC_BYTES = 16
const BYTES = MAC_AT + MAC_BYTES
/** Of a value. */
export const SEALED_LENGTH = (BYTES / 3) * 4

/** Steps that a ttl has; a cookie lives as much longer as one of them. */
const STEPS = 64
/** Clocks of two machines differ by so much. */
const SKEW_S = 300
/** Values that are known to be good: twice as many at most. */
const KNOWN_MAX = 8192

const SLOTS = 1024

/** What a good cookie says. */
export interface Opened {
  /** Which of the secrets has signed it; 0: the one that signs. */
  readonly secret: number
  /** The server, as its secret calls it. */
  readonly server: string
  /** When it was given, in seconds. */
  readonly givenS: number
}

interface Keys {
  readonly names: Bun.CryptoHasher
  readonly cookies: Bun.CryptoHasher
  /** What servers are called, by their names. */
  readonly called: Map<string, string>
}

/** Cookies of one backend. */
export class StickySeal {
  readonly #of: string
  readonly #keys: readonly Keys[]
  /** By slot, what was found good last, and its value: most requests are known here, and make no text. */
  readonly #recent = filled<Opened | null>(SLOTS, null)
  readonly #values = Buffer.alloc(SLOTS * SEALED_LENGTH)
  /** What was found good lately, and before that. */
  #known = new Map<string, Opened>()
  #before = new Map<string, Opened>()

  /** At least one secret: the first signs. */
  constructor(backend: string, secrets: readonly string[]) {
    this.#of = identityOf(backend, secrets)
    this.#keys = secrets.map((secret) => ({
      names: hasherOf(secret, `servers of ${backend}`),
      cookies: hasherOf(secret, `cookies of ${backend}`),
      called: new Map(),
    }))
  }

  /** Whether another one would find the same. */
  isOf(backend: string, secrets: readonly string[]): boolean {
    return this.#of === identityOf(backend, secrets)
  }

  get secrets(): number {
    return this.#keys.length
  }

  /** What a server is called under a secret. */
  nameOf(secret: number, server: string): string {
    const { called, names } = this.#keys[secret]!
    let name = called.get(server)
    if (name === undefined) {
      name = names.copy().update(server).digest().toString('base64url', 0, SERVER_BYTES)
      if (called.size >= CALLED_MAX) called.clear()
      called.set(server, name)
    }
    return name
  }

  /** The value of a cookie for a server. */
  seal(server: string, givenS: number): string {
    const bytes = Buffer.alloc(BYTES)
    bytes[0] = VERSION
    bytes.write(this.nameOf(0, server), 1, 'base64url')
    bytes.writeUInt32BE(givenS, GIVEN_AT)
    macOf(this.#keys[0]!, bytes).copy(bytes, MAC_AT, 0, MAC_BYTES)
    return bytes.toString('base64url')
  }

  /** What the value of a cookie at `bytes[at..]` says, SEALED_LENGTH of them; null: it is none of ours. */
  open(bytes: Buffer, at: number): Opened | null {
    const slot = slotOf(bytes, at)
    const recent = this.#recent[slot]
    if (recent !== null && recent !== undefined && this.#isSame(bytes, at, slot)) return recent
    const value = bytes.latin1Slice(at, at + SEALED_LENGTH)
    const opened = this.#known.get(value) ?? this.#before.get(value) ?? this.#read(value)
    // Only what is good is kept: whoever makes values up pushes nothing out.
    if (opened === null) return null
    this.#keep(value, opened)
    this.#recent[slot] = opened
    bytes.copy(this.#values, slot * SEALED_LENGTH, at, at + SEALED_LENGTH)
    return opened
  }

  /** In a time that does not tell how much of them is the same: one of them may be a guess. */
  #isSame(bytes: Buffer, at: number, slot: number): boolean {
    const values = this.#values
    const from = slot * SEALED_LENGTH
    let differs = 0
    for (let i = 0; i < SEALED_LENGTH; i++) differs |= values[from + i]! ^ bytes[at + i]!
    return differs === 0
  }

  #keep(value: string, opened: Opened): void {
    if (this.#known.size >= KNOWN_MAX) {
      this.#before = this.#known
      this.#known = new Map()
    }
    this.#known.set(value, opened)
  }

  #read(value: string): Opened | null {
    // 1. The one way to spell 30 bytes.
    if (!/^[\w-]+$/.test(value)) return null
    const bytes = Buffer.from(value, 'base64url')
    if (bytes[0] !== VERSION) return null
    // 2. Who has signed it: all secrets take the same time, whichever it is and however much of it fits.
    let secret = -1
    for (let i = this.#keys.length - 1; i >= 0; i--)
      if (timingSafeEqual(macOf(this.#keys[i]!, bytes).subarray(0, MAC_BYTES), bytes.subarray(MAC_AT)))
        secret = i
    if (secret === -1) return null
    // 3. What it says.
    const server = bytes.toString('base64url', 1, GIVEN_AT)
    return { secret, server, givenS: bytes.readUInt32BE(GIVEN_AT) }
  }
}

/** The time of a cookie that is given now: those of one step are alike. `ttlS` 0: without an end. */
export function givenAt(nowS: number, ttlS: number): number {
  if (ttlS === 0) return 0
  const step = Math.max(1, Math.floor(ttlS / STEPS))
  return Math.ceil(nowS / step) * step
}

/** Whether a cookie is over. One from the future beyond all clocks of ours would never be. */
export function isOver(givenS: number, nowS: number, ttlS: number): boolean {
  if (ttlS === 0) return false
  return nowS - givenS > ttlS || givenS - nowS > SKEW_S + ttlS / STEPS
}

/** The end of a value is a part of its signature: as good as chance. */
function slotOf(bytes: Buffer, at: number): number {
  const end = at + SEALED_LENGTH
  return ((bytes[end - 1]! << 8) ^ (bytes[end - 2]! << 4) ^ bytes[end - 3]!) & (SLOTS - 1)
}

const CALLED_MAX = 65_536

const identityOf = (backend: string, secrets: readonly string[]): string => JSON.stringify([backend, secrets])

/** Bun's own, as a copy of one that has its key costs a third of what one of node:crypto does. */
const hasherOf = (secret: string, purpose: string): Bun.CryptoHasher =>
  new Bun.CryptoHasher(
    'sha256',
    new Bun.CryptoHasher('sha256', secret).update(`sluice sticky: ${purpose}`).digest(),
  )

const macOf = ({ cookies }: Keys, bytes: Buffer): Buffer =>
  cookies.copy().update(bytes.subarray(0, MAC_AT)).digest()
