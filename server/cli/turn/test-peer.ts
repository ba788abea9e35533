// sluice turn test --peer: whether clients reach a peer through a running gateway, and why.
import { parseBind } from '../../lib/bind.ts'
import { canonicalAddress } from '../../lib/ip-address.ts'
import type { PeerVerdict } from '../../turn/messages.ts'
import { type Answered, unexpected } from '../gateway.ts'
import type { Io } from '../io.ts'
import { askTurn, controlHelp, readTurnArgs } from './ask-gateway.ts'

/** Help on this form of the command. */
export const EXPLAIN_HELP = `Tells whether clients reach a peer through a running gateway, and why. Nothing is sent to the peer.

Usage: sluice turn test --peer ADDRESS[:PORT] [--listener NAME] [-c FILE | --admin URL] [--json]

      --peer ADDRESS   an IP address, with a port where that matters: 192.0.2.7, 192.0.2.7:5000, [2001:db8::7]:5000
      --listener NAME  only through this listener
${controlHelp('print JSON')}
Exit code: 0 a listener lets clients reach it; 1 none does, or no gateway was reached; 2 wrong usage.
`

/** Prints what each listener says of a peer. */
export async function turnExplain(args: readonly string[], io: Io): Promise<number> {
  const options = { peer: { takes: 'value' }, listener: { takes: 'value' } } as const
  const asked = readTurnArgs({ command: 'test', help: EXPLAIN_HELP, options }, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const peer = read.value('peer') ?? ''
  if (!isPeer(peer)) {
    io.stderr(`sluice turn test: "${peer}" is no IP address, with or without a port\n`)
    return 2
  }
  const listener = read.value('listener')
  const query = listener === null ? '' : `?listener=${encodeURIComponent(listener)}`
  const answer = await askTurn(gateway, 'GET', `peers/${encodeURIComponent(peer)}${query}`, io)
  if (answer === null) return 1
  if (answer.status !== 200 || !Array.isArray(answer.body)) return unexpected(answer, gateway.command, io)
  return tell(answer, { listener, isJson: read.flag('json') }, io)
}

interface Asked {
  readonly listener: string | null
  readonly isJson: boolean
}

function tell({ body }: Answered, { listener, isJson }: Asked, io: Io): number {
  const verdicts = body as PeerVerdict[]
  if (isJson) io.stdout(`${JSON.stringify(verdicts)}\n`)
  else
    for (const one of verdicts)
      io.stdout(`${one.listener}: ${one.allowed ? 'reached' : 'refused'}: ${one.why}\n`)
  if (verdicts.length === 0) return noListener(listener, io)
  return verdicts.some(({ allowed }) => allowed) ? 0 : 1
}

function noListener(listener: string | null, io: Io): number {
  const what =
    listener === null ? 'no turn listener that relays' : `no turn listener "${listener}" that relays`
  io.stderr(`sluice turn test: the gateway has ${what}\n`)
  return 1
}

function isPeer(text: string): boolean {
  if (canonicalAddress(text) !== null) return true
  if (!/:[0-9]{1,5}$/.test(text)) return false
  const { host, port } = parseBind(text)
  // Without brackets the last group of an IPv6 address would be taken for a port.
  const isWhole = canonicalAddress(host) !== null && (!host.includes(':') || text.startsWith('['))
  return isWhole && port >= 1 && port <= 65_535
}
