// Relays of turn listeners: addresses that peers can reach, and ports that nobody else has.
import { formatDuration } from '../lib/durations.ts'
import { parsePortRange, portsOf } from '../lib/port-range.ts'
import { canonicalAddress, isLoopback } from '../lib/ip-address.ts'
import { Ranges } from '../lib/ranges.ts'
import type { TurnListenerConfig, TurnRelayConfig } from '../turn/turn.options.ts'
import { checkOwnAddress } from './own-address.ts'
import { type OpenAddress, overlaps, ownerOf } from './open-address.ts'
import type { Written } from './written.ts'
import type { Path } from './tree.ts'
import { isStandIn } from './stand-in.ts'

interface Relay {
  readonly relay: TurnRelayConfig
  readonly quotas: TurnListenerConfig['quotas']
}

/** Checks what a turn listener relays; `path` is the listener's. */
export function checkRelay(
  checked: Written,
  open: readonly OpenAddress[],
  path: Path,
  { relay, quotas }: Relay,
): void {
  const here = [...path, 'relay']
  checkAddresses(checked, [...here, 'bind'], relay.bind)
  for (const [place, address] of relay.bind.entries())
    checkOwnAddress(checked, [...here, 'bind', place], address, address)
  checkAddresses(checked, [...here, 'advertise'], relay.advertise)
  checkAdvertised(checked, here, relay)
  checkLifetimes(checked, here, relay)
  checkPorts(checked, open, here, relay)
  const range = parsePortRange(relay.ports)
  const total = [...path, 'quotas', 'total']
  if (range === null || quotas.total <= portsOf(range) || !checked.isWritten(total)) return
  checked.warn({
    code: 'conflict',
    path: total,
    found: checked.said(total, quotas.total),
    allowed: `at most ${checked.isSubstituted([...path, 'relay', 'ports']) ? '' : `${portsOf(range)}, `}as many as relay.ports has`,
    hint: 'an allocation takes a port; without one clients get 508',
  })
}

const familyOf = (address: string): 'IPv4' | 'IPv6' =>
  canonicalAddress(address)?.includes(':') ? 'IPv6' : 'IPv4'

/** No machine has these: unspecified, multicast, reserved. */
const NOBODYS = Ranges.parse(['0.0.0.0/8', '224.0.0.0/3', '::', 'ff00::/8'])

function checkAddresses(checked: Written, path: Path, addresses: readonly string[]): void {
  for (const [index, address] of addresses.entries()) {
    if (isStandIn(address)) continue
    const here = [...path, index]
    const found = checked.said(here, address)
    const isBind = path.at(-1) === 'bind'
    if (NOBODYS.has(address))
      checked.report({
        code: 'wrong-value',
        path: here,
        found,
        allowed: isBind ? 'an address of this machine' : 'an address that clients and peers reach',
        hint: isBind ? 'leave "bind" out to take those that the routes of this machine prefer' : null,
      })
    else if (addresses.slice(0, index).some((one) => !isStandIn(one) && familyOf(one) === familyOf(address)))
      checked.report({
        code: 'duplicate',
        path: here,
        found: `${found}, a second one of ${familyOf(address)}`,
        allowed: 'at most one address of each family',
      })
  }
}

/** What an address translator hands on, or what no client outside can reach. */
const PRIVATE = Ranges.parse([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
  'fe80::/10',
])

function checkAdvertised(checked: Written, path: Path, { bind, advertise }: TurnRelayConfig): void {
  if ([...bind, ...advertise].some(isStandIn)) return
  const families = new Set(bind.map(familyOf))
  for (const [index, address] of advertise.entries())
    if (bind.length > 0 && !families.has(familyOf(address)))
      checked.report({
        code: 'conflict',
        path: [...path, 'advertise', index],
        found: checked.said([...path, 'advertise', index], address),
        allowed: 'addresses of the families that relay.bind has',
        hint: `name the ${familyOf(address)} address of this machine in relay.bind as well`,
      })
  const advertised = new Set(advertise.map(familyOf))
  for (const [index, address] of bind.entries())
    if (PRIVATE.has(address) && !isLoopback(address) && !advertised.has(familyOf(address)))
      checked.warn({
        code: 'conflict',
        path: [...path, 'bind', index],
        found: `${checked.said([...path, 'bind', index], address)}, a private address, without "advertise"`,
        allowed: 'relay.advertise beside it: the address that clients and peers know it by',
        hint: 'name the public one; the same one when all of them are inside',
      })
}

function checkLifetimes(checked: Written, path: Path, { lifetime, lifetime_max }: TurnRelayConfig): void {
  if (lifetime <= lifetime_max) return
  const [own, most] = [
    [...path, 'lifetime'],
    [...path, 'lifetime_max'],
  ]
  const saidOwn = checked.said(own, formatDuration(lifetime))
  const saidMost = checked.said(most, formatDuration(lifetime_max))
  if (checked.isWritten(own))
    checked.report({
      code: 'conflict',
      path: own,
      found: saidOwn,
      allowed: `at most lifetime_max, ${saidMost}`,
    })
  else
    checked.report({
      code: 'conflict',
      path: most,
      found: saidMost,
      allowed: `at least lifetime, ${saidOwn}`,
    })
}

function checkPorts(
  checked: Written,
  open: readonly OpenAddress[],
  path: Path,
  relay: TurnRelayConfig,
): void {
  const range = parsePortRange(relay.ports)
  if (range === null || relay.bind.some(isStandIn)) return
  const hosts = relay.bind.map((address) => canonicalAddress(address) ?? address)
  const isHere = ({ host }: OpenAddress): boolean =>
    hosts.length === 0 ? !isLoopback(host) : hosts.some((one) => overlaps(one, host))
  const inRange = open.filter((one) => one.port >= range.first && one.port <= range.last && isHere(one))
  const found = `${checked.said([...path, 'ports'], relay.ports)} with the port of a listener in it`
  const allowed = 'a range without the ports of listeners'
  const finding = { code: 'conflict', path: [...path, 'ports'], found, allowed } as const
  const udp = inRange.find(({ transport }) => transport === 'udp')
  const tcp = inRange.find(({ transport }) => transport === 'tcp')
  // A TCP socket of an allocation would share the port, and take connections from the listener.
  if (relay.tcp && tcp !== undefined) checked.report({ ...finding, hint: ownerOf(checked, tcp) })
  else if (udp !== undefined)
    checked.warn({ ...finding, hint: `${ownerOf(checked, udp)}; allocations never get this port` })
}
