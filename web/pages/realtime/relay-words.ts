// What came of the relay test in words: which way works, where it failed, and what to do about it.
import type { Look } from '../../data/servers.ts'
import { ms, number, took } from '../../data/say.ts'
import type { Outcome } from './relay-outcome.ts'

export interface Way {
  readonly transport: 'UDP' | 'TCP' | 'TLS'
  readonly host: string
  readonly port: string
}

/** Of `turn:203.0.113.10:3478?transport=udp`, `turns:[2001:db8::1]:443?transport=tcp`. */
export function wayOf(url: string): Way {
  const [, scheme = 'turn', rest = ''] = /^(\w+):([^?]*)/.exec(url) ?? []
  const isTls = scheme === 'turns' || scheme === 'stuns'
  const [, host = rest, port = isTls ? '5349' : '3478'] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(rest) ?? []
  const transport = isTls ? 'TLS' : url.includes('transport=tcp') ? 'TCP' : 'UDP'
  return { transport, host, port }
}

export interface SaidStep {
  readonly state: Look
  readonly title: string
  readonly time: string
  readonly detail: string
  /** What is the cause most likely. */
  readonly cause: string
  readonly todo: string
}

export interface RelaySurroundings {
  /** `49152-65535`. */
  readonly relayPorts: string
  readonly isLoopbackPage: boolean
}

export function saidOf(outcome: Outcome, around: RelaySurroundings): SaidStep {
  const way = wayOf(outcome.url)
  const title = `TURN by ${way.transport} ${way.port}`
  const quiet = { cause: '', todo: '' }
  if (outcome.isOpen) {
    const pair = outcome.pair ?? outcome.relayed.join(', ')
    const isLossy = outcome.isDone && outcome.lost > outcome.sent / 20
    const trips = outcome.p50Ms === null ? '' : `; a message takes ${ms(outcome.p50Ms)} ms there and back`
    return {
      ...{ state: isLossy ? 'warn' : outcome.isDone ? 'up' : 'drain', title, time: took(outcome.openMs) },
      detail: `two connections of this browser talked through it: ${pair}${trips}`,
      cause: isLossy ? `${number(outcome.lost)} of ${number(outcome.sent)} messages were lost.` : '',
      todo: isLossy ? 'Look at the network between here and the gateway, and at quotas.bandwidth.' : '',
    }
  }
  if (!outcome.isDone) {
    const detail =
      outcome.relayed.length > 0
        ? `relayed as ${outcome.relayed.join(', ')}, the two are about to meet`
        : 'asking for a relayed address'
    return { ...{ state: 'drain', title, time: '', detail }, ...quiet }
  }
  const failed = { state: 'down', title, time: took(outcome.tookMs) } as const
  return { ...failed, ...failureOf(outcome, way, around) }
}

type Failure = Pick<SaidStep, 'detail' | 'cause' | 'todo'>

function failureOf(outcome: Outcome, way: Way, around: RelaySurroundings): Failure {
  // It got an address, and nothing through it.
  if (outcome.relayed.length > 0)
    return {
      detail: `Relayed as ${outcome.relayed.join(', ')}, but nothing came through.`,
      cause: `The relay cannot reach its own address from there: the advertised address is not that of this machine, or a firewall drops UDP to ports ${around.relayPorts}.`,
      todo: `Open UDP ${around.relayPorts} to the gateway, and set relay.advertise to the address that the outside knows it by.`,
    }
  const error = outcome.errors.find(({ code }) => code !== 701) ?? outcome.errors[0]
  if (error !== undefined && error.code !== 701 && error.code !== 0)
    return refusedFailure(error.code, error.text, way)
  if (error?.code === 0)
    return {
      detail: error.text,
      cause: 'This browser refuses to try.',
      todo: 'Look whether an extension or a policy switches WebRTC off.',
    }
  return unreachable(way, around)
}

function refusedFailure(code: number, text: string, { host, port }: Way): Failure {
  const detail = `${host}:${port} answered ${code}${text === '' ? '' : ` ${text}`}.`
  switch (code) {
    case 401:
    case 441:
      return {
        ...{
          detail,
          cause:
            'The credentials were made a moment ago: another server answers at that address, or one of another secret.',
        },
        todo: 'Look where the address leads, and whether several gateways share one secret.',
      }
    case 403:
      return { detail, cause: 'It drains, or bars this address.', todo: 'See the log of the listener.' }
    case 437:
      return { detail, cause: 'An earlier test was cut off.', todo: 'Run it again.' }
    case 440:
      return {
        detail,
        cause: 'It has no address of this family to relay on.',
        todo: 'Add one to relay.bind.',
      }
    case 486:
      return {
        ...{ detail, cause: 'A quota of allocations is reached; each way needs two.' },
        todo: 'Wait for ten minutes, or raise quotas.user, quotas.address or quotas.realm.',
      }
    case 508:
      return {
        detail,
        cause: 'No relay port is free, or the total is reached.',
        todo: 'Widen relay.ports, or raise quotas.total.',
      }
    default:
      return { detail, cause: '', todo: 'See the log of the listener.' }
  }
}

function unreachable({ transport, host, port }: Way, { isLoopbackPage }: RelaySurroundings): Failure {
  const isLoopback = /^(?:127\.|localhost$|\[::1\])/.test(host)
  if (isLoopback)
    return {
      detail: `${host}:${port} did not answer this browser.`,
      cause: isLoopbackPage
        ? 'Browsers use no loopback address for calls: it is reached from other programs all the same.'
        : 'That is the address of this computer, not of the gateway.',
      todo: 'Have the listener bound to an address of the network, or write under Host by which clients reach it.',
    }
  const what = transport === 'UDP' ? 'UDP' : 'TCP'
  const tls =
    transport === 'TLS'
      ? ` Or the certificate does not fit: browsers take none that is not for ${host}, or that they do not trust.`
      : ''
  return {
    detail: `No answer from ${host}:${port}.`,
    cause: `Something between this browser and the gateway drops ${what} ${port}, or the address leads elsewhere.${tls}`,
    todo:
      transport === 'UDP'
        ? `Open UDP ${port} in the firewall; where that cannot be, TCP and TLS take its place.`
        : `Open TCP ${port} in the firewall, or take clients on port 443 as well: turn: NAME of an https listener.`,
  }
}

/** “Works, but not by TLS”. */
export function resultOf(outcomes: readonly Outcome[]): { readonly state: Look; readonly word: string } {
  const open = outcomes.filter(({ isOpen }) => isOpen)
  const failed = outcomes.filter(({ isOpen, isDone }) => isDone && !isOpen)
  if (outcomes.some(({ isDone }) => !isDone)) return { state: 'drain', word: 'Under way' }
  if (open.length === 0) return { state: 'down', word: 'Does not work from here' }
  if (failed.length === 0) return { state: 'up', word: 'Works' }
  const ways = [...new Set(failed.map(({ url }) => wayOf(url).transport))]
  return { state: 'warn', word: `Works, but not by ${ways.join(' and ')}` }
}

/** What STUN told. Without another address nothing is told: that it answered is known by UDP alone. */
export function outsideSaid(
  { address, error }: { readonly address: string | null; readonly error: string | null },
  outcomes: readonly Outcome[],
): { readonly state: Look; readonly detail: string } {
  if (address !== null) return { state: 'up', detail: `${address}, as the gateway sees this browser` }
  if (error !== null) return { state: 'warn', detail: `no answer (${error.trim()})` }
  return outcomes.some(({ isOpen, url }) => isOpen && wayOf(url).transport === 'UDP')
    ? { state: 'up', detail: 'the same as from inside: nothing translates addresses on the way' }
    : {
        state: 'unk',
        detail: 'no address was told: nothing translates addresses on the way, or there was no answer',
      }
}
