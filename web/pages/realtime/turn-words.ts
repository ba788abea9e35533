// Turn listeners in words: what they do, whom they refuse, why, and what is to be done about it.
import { count, list, number } from '../../data/say.ts'
import { refusedOf, sum, type TurnListener } from './turn-courses.ts'

/** “ports 3478 (UDP, TCP) and 5349 (TLS)”. */
function portsOf({ addresses }: TurnListener): string {
  const ports = new Map<string, Set<string>>()
  for (const { address, transport } of addresses) {
    const port = address.slice(address.lastIndexOf(':') + 1)
    ports.set(port, (ports.get(port) ?? new Set()).add(transport.toUpperCase()))
  }
  const words = list([...ports].map(([port, transports]) => `${port} (${[...transports].join(', ')})`))
  return `${ports.size === 1 ? 'port' : 'ports'} ${words}`
}

/** Where clients come to, without ports. */
function hostsOf({ addresses, relay }: TurnListener): string {
  const hosts =
    (relay?.advertise.length ?? 0) > 0
      ? (relay?.advertise ?? [])
      : addresses.map(({ address }) => hostOf(address))
  const [...known] = new Set(hosts)
  return list(known)
}

const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'))

/** “Listener turn relays for 284 clients at 203.0.113.10, ports 3478 (UDP, TCP) and 5349 (TLS).” */
export function sentenceOf(listener: TurnListener, isServing: boolean): string {
  const { name, relay, addresses } = listener
  if (!isServing) return `The relay of ${name} is being started again: nobody is relayed for right now.`
  if (addresses.length === 0) return `Clients come to ${name} by an https listener alone.`
  const where = `at ${hostsOf(listener)}, ${portsOf(listener)}`
  if (relay === null) return `Listener ${name} answers STUN ${where}. It relays nothing.`
  const open = sum(listener.allocations.open)
  return open === 0
    ? `Listener ${name} relays for nobody now, ${where}.`
    : `Listener ${name} relays for ${count(open, 'client')} ${where}.`
}

export interface Refusal {
  /** 403; '' for what is no answer. */
  readonly code: string
  readonly n: number
  readonly what: string
  readonly todo: string
  /** It is nothing to worry about. */
  readonly isUsual: boolean
}

type Words = readonly [what: string, todo: string]

const CODES: Readonly<Record<string, Words>> = {
  300: ['sent to another server', ''],
  400: ['malformed, or credentials in a way that is not taken', 'See the log with -l debug.'],
  403: [
    'may not reach a peer, or the relay drains',
    'Which ones: below. Name those that are meant in peers.allow.',
  ],
  405: ['a method that is not known', ''],
  420: ['wants an attribute that is not known', ''],
  437: [
    'their allocation is not theirs, or gone',
    'Clients come again by themselves; many of them after a restart.',
  ],
  440: ['want a family of addresses that the relay has none of', 'Add an address of it to relay.bind.'],
  441: [
    'came with credentials of somebody else',
    'An application gives one client two different credentials.',
  ],
  442: ['want TCP to peers', 'relay.tcp: true lets them. WebRTC needs it nowhere.'],
  443: ['a peer of another family of addresses', ''],
  446: ['a connection to that peer is there already', ''],
  447: ['the peer took no TCP connection', ''],
  486: [
    'hold as many allocations as they may',
    'Raise quotas.user or quotas.address where calls are larger than that.',
  ],
  487: ['an ICE role conflict', ''],
  500: ['the relay failed', 'See the log.'],
  508: ['no relay port was free, or the total is reached', 'Widen relay.ports, or raise quotas.total.'],
}

const DROPPED: Readonly<Record<string, Words>> = {
  no_allocation: [
    'data of clients that have no allocation (any more)',
    'Some for a moment behind an end are usual.',
  ],
  no_channel: ['data for a channel that is not bound', ''],
  no_permission: ['data of peers that the client did not name', 'Usual: who sends first was not asked for.'],
  refused_peer: ['data for peers that nobody may reach', ''],
  bandwidth: ['more than quotas.bandwidth lets through', 'Raise quotas.bandwidth where calls need more.'],
  slow_client: ['a client by TCP or TLS took it too slowly', 'Its network; UDP would lose less.'],
  not_sent: ['the system took no more datagrams', 'Raise net.core.wmem_max, or look at the network card.'],
  unauthenticated: [
    'strangers asked more often than limits allow',
    'Mostly scans. limits.unauthenticated and limits.binding say how many.',
  ],
  malformed: ['no STUN at all', 'Mostly scans of the port.'],
}

const USUAL: ReadonlySet<string> = new Set(['no_permission', 'no_allocation', 'malformed'])

/** The largest first; what is usual at the end. */
export function refusalsOf(listener: TurnListener): Refusal[] {
  const { refused, dropped } = listener
  const all = [
    ...Object.entries(refused).map(([code, n]) => ofCode(code, n)),
    ...Object.entries(dropped).map(([word, n]): Refusal => {
      const [what, todo] = DROPPED[word] ?? [word.replaceAll('_', ' '), '']
      return { code: '', n, what, todo, isUsual: USUAL.has(word) }
    }),
  ].filter(({ n }) => n > 0)
  return all.toSorted((a, b) => Number(a.isUsual) - Number(b.isUsual) || b.n - a.n)
}

function ofCode(code: string, n: number): Refusal {
  if (code === '401')
    return {
      ...{ code, n, isUsual: true, what: 'asked for credentials' },
      todo: 'Every client is asked so first; a wrong password counts here, too, and the log says whose.',
    }
  if (code === '438')
    return {
      ...{ code, n, isUsual: true, what: 'came with an old nonce' },
      todo: 'Clients come again by themselves.',
    }
  const [what, todo] = CODES[code] ?? ['refused', '']
  return { code, n, what, todo, isUsual: false }
}

/** “private 12, loopback 3”. */
export const peersRefused = ({ refused_peers: peers }: TurnListener): string =>
  Object.entries(peers)
    .toSorted(([, a], [, b]) => b - a)
    .map(([kind, n]) => `${kind.replaceAll('_', ' ')} ${number(n)}`)
    .join(', ')

/** “403 2 · 486 1”; '' where nobody was refused. */
export function codesOf(listener: TurnListener): string {
  if (refusedOf(listener) === 0) return ''
  return refusalsOf(listener)
    .filter(({ code, isUsual }) => code !== '' && !isUsual)
    .slice(0, 3)
    .map(({ code, n }) => `${code} ${number(n)}`)
    .join(' · ')
}

/** Who is let in, in a few words. */
export function authWords({ auth }: TurnListener): string {
  if (auth.everybody) return 'everybody, without credentials'
  const words = [
    ...(auth.secrets > 0
      ? [
          `who has credentials made with ${auth.secrets === 1 ? 'its secret' : `one of ${auth.secrets} secrets`}`,
        ]
      : []),
    ...(auth.users > 0 ? [count(auth.users, 'user') + ' of the config'] : []),
  ]
  return words.length === 0 ? 'nobody' : list(words)
}

/** `7:12`. */
export const remaining = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.max(0, Math.floor(seconds % 60))).padStart(2, '0')}`
