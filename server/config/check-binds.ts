// Addresses that are opened: each by one listener only. UDP and TCP are spaces of their own.
import { isInterface } from './interface-name.ts'
import type { Checked } from './checked.ts'
import { type OpenAddress, overlaps, ownerOf } from './open-address.ts'
import type { Path } from './tree.ts'

/** In ranges of all listeners: their descriptors travel to each worker with a plan. */
const RANGED_MAX = 2000

/** Reports addresses that are opened twice, and too many of them. */
export function checkBinds(checked: Checked, open: readonly OpenAddress[]): void {
  const ofRanges = open.filter(({ range }) => range !== undefined)
  const beyond = ofRanges[RANGED_MAX]
  if (beyond !== undefined)
    return checked.report({
      code: 'wrong-value',
      path: beyond.path,
      found: `${ofRanges.length} ports in ranges of all listeners`,
      allowed: `at most ${RANGED_MAX}: each is a socket in every worker`,
      hint: 'open fewer ports, or let the firewall lead many to one',
    })
  checkNames(checked, open)
  const byPort = new Map<string, Port>()
  const reported = new Set<string>()
  for (const address of open) {
    const { transport, host, port, path } = address
    const others = byPort.get(`${transport} ${port}`) ?? new Port()
    const other = others
      .near(host)
      .find((one) => overlaps(one.host, host) && !areBothFamilies(one, address) && !isBeside(one, address))
    // One slip can be one in both transports.
    const pair = JSON.stringify([path, other?.path])
    if (other !== undefined && !reported.has(pair)) reportTwice(checked, address, other)
    reported.add(pair)
    others.add(address)
    byPort.set(`${transport} ${port}`, others)
  }
}

function checkNames(checked: Checked, open: readonly OpenAddress[]): void {
  const seen = new Set<Path>()
  for (const { host, bind, path } of open) {
    if (!isInterface(host) || seen.has(path)) continue
    seen.add(path)
    checked.warn({
      code: 'wrong-value',
      path,
      found: `${checked.said(path, bind)}, where ${host} is looked up as the name of a host`,
      allowed: 'an address',
      hint: 'interfaces are not known by their names: write the address that it has',
    })
  }
}

/** What discovery opens beside its own listener has checks of its own. */
const isBeside = (one: OpenAddress, other: OpenAddress): boolean =>
  one.listener === other.listener && [one, other].some(({ path }) => path.at(-1) === 'discovery')

/** Where "0.0.0.0" is open as well, "::" is left with IPv6. */
const areBothFamilies = (one: OpenAddress, other: OpenAddress): boolean =>
  (one.transport === 'tcp' || one.listener === other.listener) &&
  ((one.host === '::' && other.host === '0.0.0.0') || (one.host === '0.0.0.0' && other.host === '::'))

/** Hosts that overlap with others than themselves. */
const WIDE = ['::', '0.0.0.0', 'localhost', '127.0.0.1', '::1']
/** Of one host: as many as one listener may have, and another one's. */
const KEPT = 5

/** What is open on one port. Most addresses are compared with their own host and the wide ones only. */
class Port {
  readonly #byHost = new Map<string, OpenAddress[]>()

  add(address: OpenAddress): void {
    const same = this.#byHost.get(address.host) ?? []
    if (same.length < KEPT) same.push(address)
    this.#byHost.set(address.host, same)
  }

  /** All that may overlap with a host. */
  near(host: string): readonly OpenAddress[] {
    if (WIDE.includes(host)) return [...this.#byHost.values()].flat()
    return [host, ...WIDE].flatMap((one) => this.#byHost.get(one) ?? [])
  }
}

function reportTwice(checked: Checked, address: OpenAddress, other: OpenAddress): void {
  const isAdmins = address.listener === null && !checked.isWritten(['admin', 'bind'])
  const [shown, taken] = isAdmins ? [other, address] : [address, other]
  checked.report({
    code: 'duplicate',
    path: shown.path,
    found: checked.said(shown.path, shown.bind),
    allowed: 'an address and port of its own',
    hint: `${ownerOf(checked, taken)}${taken.listener === null ? `; move it with ${checked.spelled({ admin: { bind: '127.0.0.1:PORT' } })}` : ''}`,
  })
}
