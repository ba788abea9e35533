// sluice stop: has a running gateway stop in order, and waits until it has.
import type { Stopping } from '../control/facts.ts'
import { isRunning } from '../control/processes/state-file.ts'
import { askSocket, printed, readControlArgs } from './control.ts'
import { isAnswered, unexpected, type Gateway } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'

const HELP = `Has a running gateway stop in order, as SIGTERM does, and waits until it has: it takes nothing new and finishes what is in flight,
within "drain" of its config.

Usage: sluice stop [-c FILE | --admin URL] [--no-wait] [--json]

      --no-wait      do not wait for the end
      --json         print what the gateway answers, unchanged, also a refusal
  -h, --help         this text
${GATEWAY_HELP}
What starts it anew by itself goes on doing so: a unit of systemd is stopped by "systemctl stop".
Exit code: 0 stopped; 1 it goes on, or no gateway was reached; 2 wrong usage.
`

const LOOK_EVERY_MS = 50
/** What a gateway may need beyond its drain. */
const MORE_MS = 15_000

/** Asks for the end and waits for it. */
export async function stop(args: readonly string[], io: Io): Promise<number> {
  const options = { 'no-wait': { takes: 'flag' }, json: { takes: 'flag' } } as const
  const asked = readControlArgs({ command: 'stop', help: HELP, options }, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const answer = await askSocket(gateway, { method: 'POST', path: '/api/v1/stop' }, io)
  if (answer === null) return 1
  if (read.flag('json') && answer.status >= 400) return printed(answer, io)
  if (answer.status !== 202 || !isStopping(answer.body)) return unexpected(answer, gateway.command, io)
  const { process, within_ms: withinMs } = answer.body
  const isJson = read.flag('json')
  if (isJson) printed(answer, io)
  if (read.flag('no-wait')) {
    if (!isJson) io.stdout(`stopping: process ${process.pid}, within ${withinMs / 1000} s\n`)
    return 0
  }
  if (await isGone(gateway, answer.body)) {
    if (!isJson) io.stdout('stopped\n')
    return 0
  }
  io.stderr(`sluice stop: the gateway goes on (process ${process.pid})\n`)
  return 1
}

async function isGone(gateway: Gateway, { process, within_ms: withinMs }: Stopping): Promise<boolean> {
  // In a container its process has another number, elsewhere it is none of ours: then nobody at its socket,
  // or its address, tells the end.
  const isSeen = !gateway.isRemote && isRunning(process)
  const goesOn = (): boolean | Promise<boolean> => (isSeen ? isRunning(process) : isAnswered(gateway))
  for (let waitedMs = 0; waitedMs < withinMs + MORE_MS; waitedMs += LOOK_EVERY_MS) {
    if (!(await goesOn())) return true
    await Bun.sleep(LOOK_EVERY_MS)
  }
  return false
}

function isStopping(body: unknown): body is Stopping {
  const stopping = body as Partial<Stopping> | null
  return typeof stopping?.process?.pid === 'number' && typeof stopping.within_ms === 'number'
}
