// Whom clients may reach. In this order: what can never be reached, peers.deny, listeners of our own, relayed
// addresses of our own, peers.allow, special ranges, and all the rest is public. An IPv4 address in an IPv6
// one is judged as well.
import { Address } from '../../lib/address.ts'
import { parseRange } from '../../lib/ranges.ts'
import { embedded, unmapped } from './embedded.ts'
import { type Prefix, PrefixTable } from './prefix-table.ts'
import { SPECIAL_RANGES, type SpecialRange, type SpecialWord } from './special-ranges.ts'

/** Why a peer is or is not reached: a closed list, for metrics. */
export type PeerReason = SpecialWord | 'denied' | 'own_listener' | 'own_relay' | 'allowed' | 'public'

export interface Verdict {
  readonly allowed: boolean
  readonly reason: PeerReason
  /** A sentence: "10.0.0.1 is private (10.0.0.0/8); add it to peers.allow to let clients reach it". */
  readonly why: string
  /**
   * Whether it is the same for each port of the address, and whatever allocations there are; else it must be
   * asked about again.
   */
  readonly isForAllPorts: boolean
}

/** Whether an allocation has this port of an address (4 or 16 bytes) now; ANY_PORT: any of it. */
export type IsRelayed = (ip: Uint8Array, port: number) => boolean

export interface OwnAddresses {
  /** Where allocations are made: addresses of the machine, and as they are advertised. */
  readonly relays: readonly Uint8Array[]
  /**
   * Where listeners of ours are open, of any protocol; 0.0.0.0 and :: are all addresses of `machine` and
   * `relays`.
   */
  readonly listeners: readonly Address[]
  /** Addresses of this machine, and those it is known by outside. */
  readonly machine: readonly Uint8Array[]
}

export interface PeerRulesOptions {
  readonly allow: readonly string[]
  readonly deny: readonly string[]
  readonly own: OwnAddresses
}

/** Stands for "some port": what is said of an address for a permission, which is good for all ports. */
export const ANY_PORT = 0

const SPECIAL = specialRanges()
const NOT_RELAYED: IsRelayed = () => false

export class PeerRules {
  readonly #allow: PrefixTable<null>
  readonly #deny: PrefixTable<null>
  /** Addresses of relays. */
  readonly #relays: ReadonlySet<string>
  /** Address → ports of listeners there. */
  readonly #listeners = new Map<string, Set<number>>()
  /** Ports that are open on every address of the machine: also on each of 127.0.0.0/8. */
  readonly #everywhere = new Set<number>()

  /** Throws a RangeError on what is no range in `allow` or `deny`: config was checked before. */
  constructor({ allow, deny, own }: PeerRulesOptions) {
    this.#allow = tableOf(allow)
    this.#deny = tableOf(deny)
    this.#relays = new Set(own.relays.map((ip) => keyOf(unmapped(ip))))
    const machine = [...own.machine, ...own.relays]
    for (const { ip, port } of own.listeners) {
      const isEverywhere = ip.every((byte) => byte === 0)
      if (isEverywhere) this.#everywhere.add(port)
      for (const at of isEverywhere ? machine : [ip]) {
        const key = keyOf(unmapped(at))
        this.#listeners.set(key, (this.#listeners.get(key) ?? new Set()).add(port))
      }
    }
  }

  /**
   * Whether clients may reach this port of this address (4 or 16 bytes), and why. ANY_PORT: whether they may
   * reach any of it.
   */
  verdict(ip: Uint8Array, port: number, isRelayed: IsRelayed): Verdict {
    const plain = unmapped(ip)
    // A relayed address of ours in disguise is none: no allocation of IPv6 reaches one of IPv4.
    return this.#judge(plain, port, plain === ip ? isRelayed : NOT_RELAYED)
  }

  #judge(ip: Uint8Array, port: number, isRelayed: IsRelayed): Verdict {
    const inner = embedded(ip).map((v4) => this.#judge(v4, port, isRelayed))
    const found = this.#reasonOf(ip, port, inner, isRelayed(ip, port))
    // Ports matter where something of ours is, seen through all disguises. After a reload allocations may be
    // elsewhere than config says.
    const isOurs = this.#isOurs(ip) || isRelayed(ip, ANY_PORT)
    const isForAllPorts = !isOurs && inner.every((verdict) => verdict.isForAllPorts)
    return { ...found, why: `${hostOf(ip)} ${found.why}`, isForAllPorts }
  }

  #reasonOf(
    ip: Uint8Array,
    port: number,
    inner: readonly Verdict[],
    isRelayed: boolean,
  ): Omit<Verdict, 'isForAllPorts'> {
    const special = SPECIAL.find(ip)
    const allowed = this.#allow.find(ip)
    // 1. What no packet should ever go to.
    if (special?.value.isAlways) return refuse(special.value.word, `${textOf(special)} and is never reached`)
    // 2. peers.deny goes before all that allows.
    const denied = this.#deny.find(ip)
    if (denied) return refuse('denied', `is in peers.deny (${denied.text})`)
    // 3. The same for an IPv4 address that stands in it.
    const hidden = inner.find((verdict) => !verdict.allowed)
    if (hidden) return refuse(hidden.reason, `leads to an address that is refused: ${hidden.why}`)
    // 4. Listeners of our own, unless the config names this very address.
    if (this.#isListener(ip, port) && allowed?.bits !== ip.length * 8)
      return refuse('own_listener', `port ${port} is a listener of this gateway`)
    // 5. Relayed addresses of our own: clients reach each other, also where these are private. Only what is
    //   relayed now: other ports
    //    of the same range may be another program's.
    if (isRelayed) return allow('own_relay', 'is a relayed address of this gateway')
    // 6. peers.allow.
    if (allowed) return allow('allowed', `is in peers.allow (${allowed.text})`)
    // 7. What is special, and what is not.
    if (!special) return allow('public', 'is public')
    const but = this.#relays.has(keyOf(ip)) ? ', and no allocation of this gateway is there now' : ''
    return refuse(
      special.value.word,
      `${textOf(special)}${but}; add it to peers.allow to let clients reach it`,
    )
  }

  #isOurs(ip: Uint8Array): boolean {
    const key = keyOf(ip)
    return this.#listeners.has(key) || this.#relays.has(key) || (isLoopback4(ip) && this.#everywhere.size > 0)
  }

  #isListener(ip: Uint8Array, port: number): boolean {
    return this.#listeners.get(keyOf(ip))?.has(port) || (isLoopback4(ip) && this.#everywhere.has(port))
  }
}

const allow = (reason: PeerReason, why: string) => ({ allowed: true, reason, why })

const refuse = (reason: PeerReason, why: string) => ({ allowed: false, reason, why })

const isLoopback4 = (ip: Uint8Array): boolean => ip.length === 4 && ip[0] === 127

const textOf = ({ value, text }: Prefix<SpecialRange>): string => `is ${value.is} (${text})`

function specialRanges(): PrefixTable<SpecialRange> {
  const table = new PrefixTable<SpecialRange>()
  for (const special of SPECIAL_RANGES) table.add(rangeOf(special.range), special.range, special)
  return table
}

function tableOf(list: readonly string[]): PrefixTable<null> {
  const table = new PrefixTable<null>()
  for (const text of list) table.add(rangeOf(text), text, null)
  return table
}

function rangeOf(text: string): NonNullable<ReturnType<typeof parseRange>> {
  const range = parseRange(text)
  if (range === null) throw new RangeError(`"${text}" is neither an address nor a range`)
  return range
}

const keyOf = (ip: Uint8Array): string => String.fromCharCode(...ip)

const hostOf = (ip: Uint8Array): string => new Address(ip, 0).host
