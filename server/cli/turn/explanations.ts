// What answers and silences mean, and what to do about them: for people who run a server, whichever it is.
import { reasonOf } from '../../turn/bytes/errors.ts'
import type { LinkFailure } from './link.ts'
import { type Finding, printable } from './report.ts'
import type { Silence } from './transactions.ts'
import type { Answer } from './answer.ts'
import type { ClientTransport } from '../../lib/turn-url.ts'

interface Words {
  readonly found: string
  readonly advice: string
}

const OF_ALLOCATE: Readonly<Record<number, Words>> = {
  300: {
    found: 'the server sends us to another one',
    advice: 'Name that one instead.',
  },
  400: {
    found: 'the server takes the request for malformed',
    advice:
      'It may only be a STUN server (Sluice: relay: false), or refuse wrong credentials so (pion does). Else see its log.',
  },
  403: {
    found: 'the server refuses allocations',
    advice: 'It drains before a stop, or it bars this user or address. See its log.',
  },
  420: {
    found: 'the server does not know what an allocation is',
    advice: 'It may only be a STUN server: turn its relay on, or use a "stun:" URL.',
  },
  437: {
    found: 'the server takes us for a client that has an allocation already',
    advice:
      'An address translator gave us the port of an earlier client, or an earlier test was cut off. Try again.',
  },
  440: {
    found: 'the server has no address of this family to relay on',
    advice: 'Give it one (Sluice: relay.bind; coturn: relay-ip).',
  },
  441: {
    found: 'the server knows these credentials as those of somebody else',
    advice: 'Look whether the user and its realm are the ones that the server has.',
  },
  442: {
    found: 'the server does not relay UDP',
    advice: 'Let it: WebRTC relays nothing else.',
  },
  486: {
    found: 'a quota of allocations is reached',
    advice:
      'Allocations of clients that vanished count for ten minutes. Wait, or raise the quota (Sluice: quotas.user, quotas.address, quotas.realm; coturn: user-quota, total-quota). This test needs two allocations.',
  },
  500: { found: 'the server has failed', advice: 'See its log.' },
  508: {
    found: 'the server has no room for an allocation',
    advice:
      'No relay port is free, or it is full. Widen the ports (Sluice: relay.ports, quotas.total; coturn: min-port, max-port).',
  },
}

const OF_OTHERS: Readonly<Record<number, Words>> = {
  401: {
    found: 'the server refuses credentials that it took a moment ago',
    advice: 'If they were time-limited they may have expired meanwhile. Else see its log.',
  },
  403: {
    found: 'the server refuses this peer',
    advice: 'Its rules about peers say so (Sluice: peers; coturn: denied-peer-ip, allowed-peer-ip).',
  },
  437: {
    found: 'the server does not know our allocation any more',
    advice:
      'It was started anew, or our address or port changed on the way: then an address translator forgets too soon.',
  },
  438: {
    found: 'the server calls each new nonce of its own stale',
    advice:
      'Its clock may jump, several servers may share the address without sharing what nonces are made with, or our address changes on the way.',
  },
  441: OF_ALLOCATE[441] ?? { found: '', advice: '' },
  443: {
    found: 'the peer is of another address family than the allocation',
    advice: 'Allocate an address of the same family.',
  },
  508: {
    found: 'the server has no room for this',
    advice: 'A limit of one allocation is reached (Sluice: quotas.permissions, quotas.channels).',
  },
}

/** An error answer to Allocate. */
export const explainAllocate = (answer: Answer): Finding => explain(answer, OF_ALLOCATE)

/** An error answer to anything that comes after it. */
export const explainOther = (answer: Answer): Finding => explain(answer, OF_OTHERS)

function explain(answer: Answer, table: Readonly<Record<number, Words>>): Finding {
  const words = table[answer.code] ??
    OF_OTHERS[answer.code] ?? { found: 'the server refuses', advice: 'See its log.' }
  return { found: `${saidBy(answer)}: ${words.found}`, advice: words.advice, facts: factsOf(answer) }
}

/** `486 (Allocation Quota Reached)`: the server's words, else the standard's. */
export function saidBy({ code, reason }: Answer): string {
  const words = printable(reason) || reasonOf(code)
  return words === '' ? String(code) : `${code} (${words})`
}

export const factsOf = ({ code, reason, rttMs, sendings }: Answer): Record<string, unknown> => ({
  code,
  reason,
  rtt_ms: round(rttMs),
  sendings,
})

/** Milliseconds as they are shown. */
export const round = (ms: number): number => Math.round(ms * 100) / 100

/** No answer to a request that the server should have answered, on a link that worked before. */
export function explainSilence({ silence, detail, sendings }: Silence): Finding {
  const facts = { silence, detail, sendings }
  if (silence === 'timeout') {
    const often = sendings > 1 ? ` (asked ${sendings} times)` : ''
    return {
      found: `no answer any more: ${detail}${often}`,
      advice: 'The server stopped, or something on the way drops the larger messages. See its log.',
      facts,
    }
  }
  if (silence === 'refused')
    return { found: `no answer any more: ${detail}`, advice: 'The server has stopped: see its log.', facts }
  return {
    found: `the server ended the connection: ${detail}`,
    advice: 'See its log: it may have a limit, or a reason of its own.',
    facts,
  }
}

/** A server that is not reached. */
export function explainFailure(failure: LinkFailure, transport: ClientTransport, at: string): Finding {
  const facts = { ...failure, address: at, transport }
  const protocol = transport === 'udp' ? 'UDP' : 'TCP'
  switch (failure.failure) {
    case 'refused':
      return {
        found: `nothing listens at ${at} for ${protocol} (${failure.detail})`,
        advice: `Look whether the server runs, and for which addresses, ports and transports; a firewall may also answer so.`,
        facts,
      }
    case 'timeout':
      return {
        found: `${at} does not answer over ${protocol}`,
        advice: adviceOnTimeout(transport, at),
        facts,
      }
    case 'unreachable':
      return {
        found: `${at} cannot be reached from here (${failure.detail})`,
        advice: 'There is no way from this machine to that address: look at its network, and at the address.',
        facts,
      }
    case 'tls':
      return explainTls(failure.detail, at, facts)
    default:
      return { found: `${at} ends connections at once (${failure.detail})`, advice: 'See its log.', facts }
  }
}

function adviceOnTimeout(transport: ClientTransport, at: string): string {
  const port = at.slice(at.lastIndexOf(':') + 1)
  if (transport !== 'udp')
    return `A firewall or security group drops TCP to port ${port}, or the address is not the server's.`
  return `A firewall or security group drops UDP to port ${port}, or the server is down or listens elsewhere. Try --transport tcp: where that works it is UDP that is dropped.`
}

function explainTls(detail: string, at: string, facts: Finding['facts'] & object): Finding {
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST/.test(detail))
    return {
      found: `${at} does not speak TLS`,
      advice: 'Use the port of TURN over TLS (usually 5349 or 443), or a "turn:" URL with ?transport=tcp.',
      facts,
    }
  return {
    found: `no TLS with ${at}: ${detail}`,
    advice:
      'The server has no certificate or key, or no version or cipher that we speak (TLS 1.2, 1.3). See its log.',
    facts,
  }
}

/** What answered on a stream instead of a STUN server. */
export function explainForeign(bytes: Uint8Array, at: string): Finding {
  const start = printable(Buffer.from(bytes.subarray(0, 32)).toString('latin1'))
  const facts = { address: at, first_bytes: bytes.subarray(0, 32).toHex() }
  if (bytes[0] === 0x15 || bytes[0] === 0x16)
    return { found: `${at} speaks TLS`, advice: 'Use a "turns:" URL, or --transport tls.', facts }
  if (start.startsWith('HTTP/'))
    return {
      found: `${at} is a web server ("${start.slice(0, 15)}…")`,
      advice:
        'Name the port of the TURN server; where both share a port, a proxy before it takes TURN for HTTP.',
      facts,
    }
  return { found: `${at} speaks neither STUN nor TURN`, advice: 'Another service has this port.', facts }
}
