// sluice history: the texts that a running gateway has served.
import { askSocket, readControlArgs } from './control.ts'
import { unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'
import { table } from './table.ts'
import { usageLine } from './usage.ts'

const HELP = `The texts of the config file that a gateway has served, the newest first: who changed it, by what, and what became of that.

Usage: sluice history [N] [-n COUNT] [--json] [-c FILE | --admin URL]

  N                  shows the text of this revision as it was, byte for byte
  -n, --count COUNT  how many to list, up to 50; default 20
      --json         the document of the gateway, unchanged
  -h, --help         this text
${GATEWAY_HELP}
The last fifty are kept; 4–6 is a text that was read again as it was, which counts each time. "sluice diff A B" tells what differs between two, "sluice rollback N" brings one back.
Exit code: 0 told; 1 no such revision, or no gateway was reached; 2 wrong usage.
`

/** A revision as the gateway tells it. */
export interface ToldRevision {
  readonly revision: number
  readonly last: number
  readonly time: string
  readonly source: string
  readonly author: string | null
  readonly message: string | null
  readonly restores: number | null
  readonly state: string
  readonly why: string | null
  readonly running: boolean
  readonly text?: string
}

const LIST_MAX = 50

/** Lists them, or shows one. */
export async function history(args: readonly string[], io: Io): Promise<number> {
  const options = { count: { short: 'n', takes: 'value' }, json: { takes: 'flag' } } as const
  const asked = readControlArgs(
    { command: 'history', help: HELP, options, words: { min: 0, max: 1 } },
    args,
    io,
  )
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const count = read.value('count') ?? '20'
  if (!/^[1-9][0-9]?$/.test(count) || Number(count) > LIST_MAX)
    return usageLine('history', `"${count}" is no number from 1 to ${LIST_MAX}`, io)
  const [one] = read.words
  if (one !== undefined && !/^[1-9][0-9]{0,14}$/.test(one))
    return usageLine('history', `"${one}" is no revision`, io)
  const path = `/api/v1/config/revisions${one === undefined ? `?limit=${count}` : `/${one}`}`
  const answer = await askSocket(gateway, { method: 'GET', path }, io)
  if (answer === null) return 1
  if (answer.status === 404 && one !== undefined) {
    io.stderr(`sluice history: revision ${one} is not kept\n`)
    return 1
  }
  if (answer.status !== 200) return unexpected(answer, 'history', io)
  if (read.flag('json')) io.stdout(`${JSON.stringify(answer.body)}\n`)
  else if (one === undefined)
    list((answer.body as { readonly revisions: readonly ToldRevision[] }).revisions, io)
  else io.stdout((answer.body as ToldRevision).text ?? '')
  return 0
}

function list(revisions: readonly ToldRevision[], io: Io): void {
  const rows = revisions.map((one) => [
    `${one.running ? '*' : ' '} ${one.revision}${one.last > one.revision ? `–${one.last}` : ''}`,
    one.time.replace(/\.\d+Z$/, 'Z'),
    one.source,
    one.author ?? '-',
    one.state === 'served' ? '' : one.state,
    [said(one), one.why].filter((part) => part !== null && part !== '').join('; '),
  ])
  io.stdout(table(['REVISION', 'TIME', 'SOURCE', 'AUTHOR', 'STATE', 'MESSAGE'], rows))
}

/** What its author said of it, and whose text it is again. */
const said = ({ message, restores }: ToldRevision): string =>
  [message, restores === null ? null : `(text of ${restores})`].filter((part) => part !== null).join(' ')
