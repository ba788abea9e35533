// Addresses that are opened: each by one listener only. UDP and TCP are spaces of their own.
import { parseBind, tcpBindsOf, udpBindsOf } from '../lib/bind.ts'
import { canonicalAddress } from '../lib/ranges.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'
import { isStandIn } from './stand-in.ts'

/** An address that a listener opens. */
export interface OpenAddress {
  readonly transport: 'tcp' | 'udp'
  readonly host: string
  readonly port: number
  /** Null: the admin listener. */
  readonly listener: string | null
  /** What says so in the config. */
  readonly path: Path
  /** As it says so. */
  readonly bind: string
}

/** Reports addresses that are opened twice. */
export function checkBinds(checked: Checked, open: readonly OpenAddress[]): void {
  const byPort = new Map<string, OpenAddress[]>()
  const reported = new Set<string>()
  for (const address of open) {
    const { transport, host, port, path } = address
    const others = byPort.get(`${transport} ${port}`) ?? []
    // What discovery opens beside its own listener has checks of its own.
    const isOwn = (one: OpenAddress): boolean => transport === 'udp' && one.listener === address.listener
    const other = others.find((one) => overlaps(one.host, host) && !isOwn(one))
    // One slip can be one in both transports.
    const pair = JSON.stringify([path, other?.path])
    if (other !== undefined && !reported.has(pair)) reportTwice(checked, address, other)
    reported.add(pair)
    byPort.set(`${transport} ${port}`, [...others, address])
  }
}

/** All that is opened on a port that is known: port 0 is another one each time. */
export function openAddresses({ config }: Checked): readonly OpenAddress[] {
  const found: OpenAddress[] = []
  const add = (
    transport: 'tcp' | 'udp',
    listener: string | null,
    path: Path,
    bind: string,
    at = parseBind(bind),
  ) => {
    const host = canonicalAddress(at.host) ?? at.host.toLowerCase()
    if (at.port !== 0) found.push({ transport, host, port: at.port, listener, path, bind })
  }
  for (const [name, options] of Object.entries(config.listeners)) {
    const { bind, tls, discovery } = { tls: undefined, discovery: undefined, ...options }
    if ([bind, tls?.bind ?? '', discovery ?? ''].some(isStandIn)) continue
    const path = ['listeners', name]
    for (const { bind: own, isTls } of tcpBindsOf(name, options))
      add('tcp', name, isTls ? [...path, 'tls', 'bind'] : [...path, 'bind'], own)
    const [first, ...others] = udpBindsOf(name, options)
    if (first !== undefined) add('udp', name, [...path, 'bind'], bind)
    // Those behind the first without discovery are the same address for IPv6.
    if (discovery !== undefined)
      for (const { host, port } of others) add('udp', name, [...path, 'discovery'], discovery, { host, port })
  }
  if (config.admin !== false && !isStandIn(config.admin.bind))
    add('tcp', null, ['admin', 'bind'], config.admin.bind)
  return found
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

/** Who has an address, in words. */
export function ownerOf(checked: Checked, { listener, path, bind }: OpenAddress): string {
  const owner = listener === null ? 'the admin listener' : `listener "${listener}"`
  const quoted = checked.quoted(path, bind)
  return path.at(-1) === 'discovery' ? `${owner} has discovery at ${quoted}` : `${owner} is at ${quoted}`
}

/** Whether two sockets cannot both be open on one port. "::" takes v4 as well. */
export function overlaps(a: string, b: string): boolean {
  if (a === b || a === '::' || b === '::') return true
  if (a === '0.0.0.0') return !b.includes(':')
  if (b === '0.0.0.0') return !a.includes(':')
  const [x, y] = [loopbacksOf(a), loopbacksOf(b)]
  return x.some((one) => y.includes(one))
}

const loopbacksOf = (host: string): readonly string[] =>
  host === 'localhost' ? ['127.0.0.1', '::1'] : [host]
