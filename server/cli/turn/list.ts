// sluice turn list: the allocations of a running gateway.
import type { AllocationFacts } from '../../turn/messages.ts'
import { unexpected } from '../gateway.ts'
import type { Io } from '../io.ts'
import { table } from '../table.ts'
import { askTurn, controlHelp, readTurnArgs } from './ask-gateway.ts'

const HELP = `Lists the allocations of a running gateway.

Usage: sluice turn list [--user NAME] [--listener NAME] [-c FILE | --admin URL] [--json]

      --user NAME      only those of this user
      --listener NAME  only those of this listener
${controlHelp('print JSON')}
BYTES are those to peers and those to the client together; --json tells more.
Exit code: 0 done; 1 no gateway was reached; 2 wrong usage.
`

/** Prints a line for each allocation. */
export async function turnList(args: readonly string[], io: Io): Promise<number> {
  const options = { user: { takes: 'value' }, listener: { takes: 'value' } } as const
  const asked = readTurnArgs({ command: 'list', help: HELP, options }, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const answer = await askTurn(gateway, 'GET', 'allocations', io)
  if (answer === null) return 1
  if (answer.status !== 200 || !Array.isArray(answer.body)) return unexpected(answer, gateway.command, io)
  const [user, listener] = [read.value('user'), read.value('listener')]
  const allocations = (answer.body as AllocationFacts[]).filter(
    (one) => (user === null || one.user === user) && (listener === null || one.listener === listener),
  )
  io.stdout(read.flag('json') ? `${JSON.stringify(allocations)}\n` : textOf(allocations))
  return 0
}

const HEAD = ['ID', 'LISTENER', 'USER', 'CLIENT', 'RELAYED', 'PEERS', 'BYTES', 'AGE', 'EXPIRES']

function textOf(allocations: readonly AllocationFacts[]): string {
  if (allocations.length === 0) return 'no allocations\n'
  const rows = allocations.map((one) => [
    one.id,
    one.listener,
    plain(one.user ?? '-'),
    `${one.transport} ${one.client}`,
    `${one.relays} ${one.relayed.join(', ')}`,
    one.peers.length,
    one.bytes_to_peers + one.bytes_to_client,
    spanOf(one.age_s),
    spanOf(one.expires_s),
  ])
  return table(HEAD, rows)
}

/** A client chooses its name: nothing in it may move the cursor of who reads it. */
const plain = (name: string): string => name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')

/** `5s`, `12m34s`, `2h03m`. */
function spanOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  if (hours > 0) return `${hours}h${String(minutes).padStart(2, '0')}m`
  return minutes > 0 ? `${minutes}m${String(rest).padStart(2, '0')}s` : `${rest}s`
}
