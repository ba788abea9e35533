// Turn listeners: addresses that are literal, credentials that can be checked, and keys that fit together.
import { parseBind } from '../lib/bind.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import { parseRange, Ranges } from '../lib/ranges.ts'
import type { TurnListenerConfig } from '../turn/turn.options.ts'
import type { CheckedListener } from './listener-protocol.ts'
import { checkCertificate } from './check-certificate.ts'
import { checkLiteral } from './check-literal.ts'
import { checkRelay } from './check-relay.ts'
import { checkUsers } from './check-users.ts'
import type { Written } from './written.ts'
import type { Path } from './tree.ts'
import { isStandIn } from './stand-in.ts'

/** Checks a turn listener. */
export function checkTurn(
  checked: Written,
  { path, options: listener, open }: CheckedListener<TurnListenerConfig>,
): void {
  const { auth, relay, peers, tls } = listener
  checkLiteral(checked, [...path, 'bind'], listener.bind, 'turn')
  if (auth !== 'none') {
    checkAuth(checked, [...path, 'auth'])
    checkUsers(checked, [...path, 'auth', 'users'], auth.users)
  }
  if (relay !== false) checkRelay(checked, open, path, { relay, quotas: listener.quotas })
  checkAllowed(checked, [...path, 'peers', 'allow'], peers.allow)
  checkDiscovery(checked, path, listener)
  checkAlternates(checked, path, listener)
  checkProxies(checked, path, listener)
  if (tls === undefined) return checkUnheeded(checked, [...path, 'timeouts', 'handshake'])
  checkLiteral(checked, [...path, 'tls', 'bind'], tls.bind, 'turn')
  checkCertificate(checked, { cert: [...path, 'tls', 'cert'], key: [...path, 'tls', 'key'] }, tls)
}

/** Clients that come by an https listener have its own. */
function checkUnheeded(checked: Written, path: Path): void {
  if (!checked.isWritten(path)) return
  checked.warn({
    code: 'unused',
    path,
    found: 'a time for handshakes where no TLS ends',
    allowed: 'it beside "tls"',
    hint: 'clients that come by an https listener have the time of that one',
  })
}

function checkProxies(
  checked: Written,
  path: Path,
  { transports, tls, proxy_protocol }: TurnListenerConfig,
): void {
  if (proxy_protocol === undefined || tls !== undefined || transports.includes('tcp')) return
  checked.report({
    code: 'conflict',
    path: [...path, 'proxy_protocol'],
    found: 'the PROXY protocol on a listener for UDP alone',
    allowed: 'it is spoken over TCP: "transports" with tcp, or "tls"',
    hint: null,
  })
}

function checkAuth(checked: Written, path: Path): void {
  const isEmpty = (key: string): boolean => {
    const written = checked.written([...path, key])
    if (written === null) return true
    return written.is === 'map'
      ? written.entries.size === 0
      : written.is === 'list' && written.items.length === 0
  }
  if (checked.written(path)?.is === 'map' && isEmpty('users') && isEmpty('secrets'))
    checked.report({
      code: 'missing-key',
      path,
      found: 'neither users nor secrets',
      allowed: 'at least one of them',
      hint: 'write users: { NAME: PASSWORD }, or secrets: [SECRET]; auth: none lets everybody',
    })
}

/** What is refused whatever is allowed: nobody is there, or another address is hidden in it. */
const NEVER = ['0.0.0.0/8', '::', '2001::/32', '2002::/16'].map((range) => ({
  range: Ranges.parse([range]),
  prefix: parseRange(range)?.prefix ?? 0,
}))

function checkAllowed(checked: Written, path: Path, allow: readonly string[]): void {
  for (const [index, text] of allow.entries()) {
    const range = isStandIn(text) ? null : parseRange(text)
    if (range === null) continue
    const here = [...path, index]
    const found = checked.said(here, text)
    const [address = ''] = text.split('/')
    if (range.prefix === 0)
      checked.warn({
        code: 'wrong-value',
        path: here,
        found,
        allowed: 'ranges of peers that clients need',
        hint: 'it lets clients reach loopback, the private network and the metadata service of this machine; public peers need no entry',
      })
    else if (NEVER.some((one) => one.range.has(address) && range.prefix >= one.prefix))
      checked.warn({
        code: 'wrong-value',
        path: here,
        found,
        allowed: 'ranges that can be reached',
        hint: 'peers in it are always refused: it holds no peer, or hides another address (Teredo, 6to4)',
      })
  }
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::'
const familyOf = (host: string): 4 | 6 => (host.includes(':') ? 6 : 4)

function checkDiscovery(
  checked: Written,
  path: Path,
  { bind, discovery, transports }: TurnListenerConfig,
): void {
  const here = [...path, 'discovery']
  if (discovery === undefined || !checkLiteral(checked, here, discovery, 'turn') || isStandIn(bind)) return
  const report = (at: Path, found: string, allowed: string, hint: string | null = null): void =>
    checked.report({ code: 'conflict', path: at, found, allowed, hint })
  const [first, second] = [parseBind(bind), parseBind(discovery)]
  const said = checked.said(here, discovery)
  const saidBind = checked.said([...path, 'bind'], bind)
  if (!transports.includes('udp'))
    return report(
      here,
      'discovery without UDP',
      'it where transports has udp',
      'it is about UDP only (RFC 5780)',
    )
  if (isWildcard(first.host))
    report([...path, 'bind'], `${saidBind} with discovery`, 'one address of this machine beside discovery')
  if (isWildcard(second.host)) return report(here, said, 'one address of this machine')
  if (isWildcard(first.host) || canonicalAddress(first.host) === null) return
  if (familyOf(first.host) !== familyOf(second.host))
    report(here, said, `an address of the same family as ${saidBind}`)
  else if (canonicalAddress(first.host) === canonicalAddress(second.host))
    report(here, said, `another address than that of ${saidBind}`)
  if (first.port === second.port && first.port !== 0)
    report(here, said, `another port than that of ${saidBind}`)
}

function checkAlternates(checked: Written, path: Path, listener: TurnListenerConfig): void {
  const { alternate } = listener
  if (alternate === undefined) return
  const own = ownAddresses(listener)
  for (const [index, server] of alternate.servers.entries()) {
    if (isStandIn(server)) continue
    const here = [...path, 'alternate', 'servers', index]
    const { host, port } = parseBind(server)
    const address = canonicalAddress(host)
    const report = (allowed: string, hint: string): void =>
      checked.report({ code: 'wrong-value', path: here, found: checked.said(here, server), allowed, hint })
    if (address === null || isWildcard(address) || port === 0)
      report(
        'the address and port of a server, such as "203.0.113.7:3478"',
        'clients are told an address, not a name',
      )
    else if (own.has(`${address} ${port}`))
      report('another server than this listener', 'clients would be sent here again and again')
  }
}

/** Reports alternates that are an address of another listener by which clients come to this one. */
export function checkAlternatesBehind(
  checked: Written,
  path: Path,
  { alternate, relay }: TurnListenerConfig,
  binds: readonly string[],
): void {
  const own = addressesOf(binds, relay)
  for (const [index, server] of (alternate?.servers ?? []).entries()) {
    const { host, port } = parseBind(server)
    if (isStandIn(server) || !own.has(`${canonicalAddress(host)} ${port}`)) continue
    const here = [...path, 'alternate', 'servers', index]
    const found = `${checked.said(here, server)}, by which clients come to this listener`
    const hint = 'clients would be sent here again and again'
    checked.report({ code: 'wrong-value', path: here, found, allowed: 'another server', hint })
  }
}

/** Where clients find this listener, as far as its config tells. */
const ownAddresses = ({ bind, tls, relay }: TurnListenerConfig): ReadonlySet<string> =>
  addressesOf([bind, tls?.bind ?? bind], relay)

function addressesOf(binds: readonly string[], relay: TurnListenerConfig['relay']): ReadonlySet<string> {
  const own = new Set<string>()
  const relayed = relay === false ? [] : [...relay.bind, ...relay.advertise]
  for (const one of binds) {
    const { host, port } = parseBind(one)
    for (const address of isWildcard(host) ? relayed : [host]) own.add(`${canonicalAddress(address)} ${port}`)
  }
  return own
}
