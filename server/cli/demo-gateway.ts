// The gateway of the demo: this very program, run as a user would, in a process of its own.
import { join } from 'node:path'
import type { Io } from './io.ts'

export interface DemoGateway {
  /** URLs without a slash at the end. */
  readonly web: string
  readonly admin: string
  readonly exited: Promise<'exited'>
  stop(): Promise<void>
}

const START_MS = 15_000
const STOP_MS = 5000

interface Event {
  readonly event: string
  readonly revision?: number
  readonly server?: string
  readonly reason?: string
  readonly listeners?: Readonly<Record<string, string>>
  readonly admin?: string
}

/** Starts the gateway and waits until it serves; null when it does not, which was said on stderr. */
export async function startDemoGateway(configFile: string, io: Io): Promise<DemoGateway | null> {
  const child = Bun.spawn([...thisProgram(), 'run', '-c', configFile], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...io.env },
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await child.exited
    clearTimeout(timer)
  }
  const late = setTimeout(() => child.kill('SIGKILL'), START_MS)
  const lines = linesOf(child.stderr)
  const serving = await firstServing(child.stdout, io)
  clearTimeout(late)
  if (serving === null) {
    await child.exited
    io.stderr(`sluice demo: the gateway did not start\n${(await Array.fromAsync(lines)).join('\n')}\n`)
    return null
  }
  void tell(lines, io)
  return {
    web: `http://${serving.listeners?.['web']}`,
    admin: `http://${serving.admin}`,
    exited: child.exited.then(() => 'exited' as const),
    stop,
  }
}

/** The command that runs this program: the executable alone when compiled, else Bun with main.ts. */
function thisProgram(): string[] {
  const isCompiled = import.meta.path.startsWith('/$bunfs')
  return isCompiled ? [process.execPath] : [process.execPath, join(import.meta.dir, '../main.ts')]
}

/**
 * Resolves with the event "serving" and goes on reading: what happens later is told, and the gateway never
 * waits for us.
 */
async function firstServing(stdout: ReadableStream<Uint8Array>, io: Io): Promise<Event | null> {
  const { promise, resolve } = Promise.withResolvers<Event | null>()
  void (async () => {
    let isServing = false
    for await (const line of linesOf(stdout)) {
      const event = parsed(line)
      if (event?.event === 'serving') {
        isServing = true
        resolve(event)
      }
      const words = event === null ? null : wordsFor(event)
      if (isServing && words !== null) io.stdout(`${words}\n`)
    }
    resolve(null)
  })()
  return promise
}

/** What whoever plays with the config wants to know; null for the rest. */
function wordsFor({ event, revision, server, reason }: Event): string | null {
  switch (event) {
    case 'applied':
      return `config applied (revision ${revision})`
    case 'rejected':
      return 'config rejected: the one before stays'
    case 'server_down':
      return `server ${server} is down: ${reason}`
    case 'server_up':
      return `server ${server} is up`
    default:
      return null
  }
}

/** Problems of an edited config, with file, line and hint. */
async function tell(lines: AsyncIterable<string>, io: Io): Promise<void> {
  for await (const line of lines) io.stderr(`${line}\n`)
}

function parsed(line: string): Event | null {
  try {
    return JSON.parse(line) as Event
  } catch {
    return null
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
