// sluice certificates: those that come by ACME, how each is, and what was done for it.
import type { AcmeFacts } from '../control/acme/followed.ts'
import type { Step } from '../control/acme/step-log.ts'
import { askSocket, readControlArgs } from './control.ts'
import { type Gateway, unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'
import { table } from './table.ts'

const HELP = `Tells of the certificates of a running gateway that come by ACME: how each is, when it is renewed, and why it could not be obtained.

Usage: sluice certificates [NAME] [--retry] [-c FILE | --admin URL] [--json]

  NAME               one of them, and what was done for it lately, step by step
      --retry        try it now, however often it failed: for who has mended what was wrong
      --json         print JSON
  -h, --help         this text
${GATEWAY_HELP}
STATE is good, due (about to be obtained), obtaining, or waiting (it failed, and is tried again at NEXT TRY).
"sluice status" shows those from files and of our own making as well.
Exit code: 0 all are good, or on their way; 1 one waits, there is no such certificate, or no gateway was reached; 2 wrong usage.
`

const PATH = '/api/v1/certificates'

/** Prints how they are; or has one tried. */
export async function certificates(args: readonly string[], io: Io): Promise<number> {
  const options = { retry: { takes: 'flag' }, json: { takes: 'flag' } } as const
  const shape = { command: 'certificates', help: HELP, options, words: { min: 0, max: 1 } }
  const asked = readControlArgs(shape, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const [name] = read.words
  if (read.flag('retry')) return name === undefined ? noName(io) : retry(name, gateway, io)
  const path = name === undefined ? PATH : `${PATH}/${encodeURIComponent(name)}`
  const answer = await askSocket(gateway, { method: 'GET', path }, io)
  if (answer === null) return 1
  if (answer.status === 404 && name !== undefined) return noSuch(name, io)
  if (answer.status !== 200) return unexpected(answer, gateway.command, io)
  const one = answer.body as AcmeFacts & { readonly steps: readonly Step[] }
  const all = name === undefined ? (answer.body as { readonly acme: readonly AcmeFacts[] }).acme : [one]
  if (read.flag('json')) io.stdout(`${JSON.stringify(name === undefined ? all : one)}\n`)
  else io.stdout(`${textOf(all)}${name === undefined ? '' : stepsText(one.steps)}`)
  return all.some(({ state }) => state === 'waiting') ? 1 : 0
}

async function retry(name: string, gateway: Gateway, io: Io): Promise<number> {
  const path = `${PATH}/${encodeURIComponent(name)}/retry`
  const answer = await askSocket(gateway, { method: 'POST', path }, io)
  if (answer === null) return 1
  if (answer.status === 404) return noSuch(name, io)
  if (answer.status === 409) {
    io.stderr(
      `sluice certificates: ${(answer.body as { detail: string }).detail} Nothing is asked of a CA for it\n`,
    )
    return 1
  }
  if (answer.status !== 202) return unexpected(answer, gateway.command, io)
  io.stdout(`${name} is tried now: "sluice certificates ${name}" tells how that goes\n`)
  return 0
}

function noName(io: Io): number {
  io.stderr('sluice certificates: --retry needs the name of a certificate\n')
  return 2
}

function noSuch(name: string, io: Io): number {
  io.stderr(`sluice certificates: there is no certificate ${name} that comes by ACME\n`)
  return 1
}

const HEAD = ['CERTIFICATE', 'STATE', 'NAMES', 'ISSUER', 'UNTIL', 'RENEWAL', 'NEXT TRY']

function textOf(all: readonly AcmeFacts[]): string {
  if (all.length === 0)
    return 'no certificates that come by ACME; "sluice status" shows all that are served\n'
  const rows = all.map(({ certificate, state, names, issuer, until, renew_at, next_try }) => [
    certificate,
    state,
    names.length > 2 ? `${names[0]} and ${names.length - 1} more` : names.join(' '),
    issuer ?? '-',
    minuteOf(until),
    minuteOf(renew_at),
    minuteOf(next_try),
  ])
  const failures = all.flatMap(({ certificate, last_failure: failure }) =>
    failure === null
      ? []
      : [
          `\n${certificate} failed at ${minuteOf(failure.time)}, ${failure.in_a_row} in a row:\n  ${failure.why}\n`,
          ...(failure.hint === null ? [] : [`  hint: ${failure.hint}\n`]),
        ],
  )
  return `${table(HEAD, rows)}${failures.join('')}`
}

const stepsText = (steps: readonly Step[]): string =>
  steps.length === 0 ? '' : `\n${steps.map(({ time, step }) => `${time}  ${step}\n`).join('')}`

/** 2026-11-29 12:34, in UTC as all times. */
const minuteOf = (time: string | null): string => (time === null ? '-' : time.slice(0, 16).replace('T', ' '))
