// sluice upgrade: has a running gateway hand over to another program, and tells how that went.
import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { UpgradeFacts, Upgrading } from '../control/upgrade/facts.ts'
import { parseDuration } from '../lib/durations.ts'
import { askSocket, printed, readControlArgs } from './control.ts'
import { type Answered, type Gateway, unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'

const HELP = `Has a running gateway hand over to another program, as USR2 does, and waits until that serves in its place: the new one is started with the same
arguments, reads the config by itself, gets all sockets, and serves; then the old one finishes what is in flight, within "drain" of its config. One that
does not start, refuses the config, or dies in its first seconds leaves the old one as it was.

Usage: sluice upgrade [PROGRAM] [-c FILE | --admin URL] [--probation TIME] [--step TIME] [--json]

  PROGRAM                the new executable; default: the one that runs, as its file is now
      --probation TIME   the new one is watched so long once it serves, with a way back; default 5s
      --step TIME        each step of its start may take so long; default 30s
      --json             print how it went as JSON
  -h, --help             this text
${GATEWAY_HELP}
What is cut off: allocations of TURN over UDP, event streams of the dashboard (which come back by themselves), and connections that outlast "drain".
Exit code: 0 the new one serves; 1 the old one goes on, or no gateway was reached; 2 wrong usage.
`

const LOOK_EVERY_MS = 100
/** What the machine may need beyond that. */
const MORE_MS = 10_000

/** Asks for it and waits for its end. */
export async function upgrade(args: readonly string[], io: Io): Promise<number> {
  const options = {
    probation: { takes: 'value' },
    step: { takes: 'value' },
    json: { takes: 'flag' },
  } as const
  const words = { min: 0, max: 1 }
  const asked = readControlArgs({ command: 'upgrade', help: HELP, options, words }, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const [named] = read.words
  const program = named === undefined ? null : resolve(io.cwd, named)
  const times = { probation_ms: msOf(read.value('probation')), step_ms: msOf(read.value('step')) }
  if (Number.isNaN(times.probation_ms) || Number.isNaN(times.step_ms)) {
    io.stderr(
      'sluice upgrade: --probation and --step are times from 100ms to 10m, such as 5s; a number alone is seconds\n',
    )
    return 2
  }
  const why = program === null ? null : whyNoProgram(program)
  if (why !== null) {
    io.stderr(`sluice upgrade: ${why}\n`)
    return 1
  }
  const body = Buffer.from(JSON.stringify({ ...(program !== null && { program }), ...times }))
  const post = { method: 'POST', path: '/api/v1/upgrade', body, headers: JSON_TYPE }
  const answer = await askSocket(gateway, post, io)
  if (answer === null) return 1
  if (read.flag('json') && answer.status >= 400) return printed(answer, io)
  if (answer.status !== 202 || !isUpgrading(answer.body)) return unexpected(answer, gateway.command, io)
  const end = await endOf(gateway, answer.body)
  return told(end, answer.body, { ...io, isJson: read.flag('json') })
}

const JSON_TYPE = { 'content-type': 'application/json' }

type Told = UpgradeFacts & { readonly process: number }

/** Null: nobody said it in time. Between the two nobody answers. */
async function endOf(gateway: Gateway, { process, within_ms: withinMs }: Upgrading): Promise<Told | null> {
  const quiet: Io = { stdout: () => {}, stderr: () => {}, env: {}, cwd: '/' }
  for (let waitedMs = 0; waitedMs < withinMs + MORE_MS; waitedMs += LOOK_EVERY_MS) {
    await Bun.sleep(LOOK_EVERY_MS)
    const said = factsIn(await askSocket(gateway, { method: 'GET', path: '/api/v1/upgrade' }, quiet))
    const isEnd = said?.state === 'failed' || (said?.state === 'done' && said.process !== process.pid)
    if (said !== null && isEnd) return said
  }
  return null
}

function told(
  end: Told | null,
  { process, within_ms: withinMs }: Upgrading,
  { isJson, ...io }: Io & { readonly isJson: boolean },
): number {
  const isDone = end?.state === 'done'
  if (isJson && end !== null) io.stdout(`${JSON.stringify(end)}\n`)
  else if (isDone)
    io.stdout(
      `upgraded: process ${end.process} (version ${end.version ?? 'unknown'}) serves, process ${process.pid} finishes what is in flight\n`,
    )
  else if (end !== null)
    io.stderr(`sluice upgrade: ${end.why ?? 'it failed'}; process ${process.pid} goes on as it was\n`)
  else
    io.stderr(
      `sluice upgrade: nobody has said within ${withinMs / 1000} s how it went; see the log of the gateway\n`,
    )
  return isDone ? 0 : 1
}

/** Undefined: not said; NaN: no such time. */
function msOf(time: string | null): number | undefined {
  if (time === null) return undefined
  // A number alone is seconds.
  const ms = /^[0-9.]+$/.test(time) ? Math.round(Number(time) * 1000) : (parseDuration(time) ?? Number.NaN)
  return ms >= 100 && ms <= 600_000 ? ms : Number.NaN
}

function whyNoProgram(program: string): string | null {
  try {
    if (!statSync(program).isFile()) return `${program} is no file`
    accessSync(program, constants.X_OK)
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EACCES'
      ? `${program} cannot be run by this user (chmod +x?)`
      : `${program} is not there (${code})`
  }
}

function factsIn(answer: Answered | null): Told | null {
  const facts = answer?.body as Partial<Told> | null | undefined
  return answer?.status === 200 && typeof facts?.state === 'string' ? (facts as Told) : null
}

function isUpgrading(body: unknown): body is Upgrading {
  const begun = body as Partial<Upgrading> | null
  return typeof begun?.process?.pid === 'number' && typeof begun.within_ms === 'number'
}
