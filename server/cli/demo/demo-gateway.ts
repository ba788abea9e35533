// The gateway of the demo: this very program, run as a user would, in a process of its own.
import { join } from 'node:path'
import type { Io } from '../io.ts'
import { WHILE_STDIN } from '../while-stdin.ts'

export interface DemoGateway {
  readonly exited: Promise<'exited'>
  /** From here on what happens, and what is wrong with an edited config, is told. */
  tell(): void
  stop(): Promise<void>
}

/** Why it did not start. */
export interface NotStarted {
  /** As the gateway said it. */
  readonly problem: string
  /** Somebody has one of its ports. */
  readonly isPortTaken: boolean
}

const START_MS = 15_000
const STOP_MS = 5000

interface Event {
  readonly event: string
  readonly revision?: number
  readonly server?: string
  readonly reason?: string
}

/** Starts the gateway and waits until it serves. */
export async function startDemoGateway(configFile: string, io: Io): Promise<DemoGateway | NotStarted> {
  const child = Bun.spawn([...thisProgram(), 'run', '-c', configFile], {
    // Nothing is said by it: it ends with us, also where a signal leaves us no word.
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...io.env, [WHILE_STDIN]: '1' },
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await child.exited
    clearTimeout(timer)
  }
  const late = setTimeout(() => child.kill('SIGKILL'), START_MS)
  let isTelling = false
  // Read from the start, so that the gateway never waits for us: what it warns of as it starts is meant so.
  const early: string[] = []
  const said = readLines(child.stderr, (line) => {
    if (!isTelling) early.push(line)
    // Events are for programs; of those that matter here stdout tells.
    else if (parsed(line) === null) io.stderr(`${line}\n`)
  })
  const isServing = await served(child.stdout, (event) => {
    const words = isTelling ? wordsFor(event) : null
    if (words !== null) io.stdout(`${words}\n`)
  })
  clearTimeout(late)
  if (!isServing) {
    await Promise.all([child.exited, said])
    const problem = early.join('\n')
    return { problem, isPortTaken: /has this port|EADDRINUSE|address already in use/i.test(problem) }
  }
  const tell = (): void => {
    isTelling = true
  }
  return { exited: child.exited.then(() => 'exited' as const), tell, stop }
}

/** The command that runs this program: the executable alone when compiled, else Bun with main.ts. */
function thisProgram(): string[] {
  const isCompiled = import.meta.path.startsWith('/$bunfs')
  return isCompiled ? [process.execPath] : [process.execPath, join(import.meta.dir, '../../main.ts')]
}

/** Resolves once it serves, or with false where it never does, and goes on reading. */
function served(stdout: ReadableStream<Uint8Array>, onEvent: (event: Event) => void): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const read = readLines(stdout, (line) => {
    const event = parsed(line)
    if (event?.event === 'serving') resolve(true)
    if (event !== null) onEvent(event)
  })
  void read.then(() => resolve(false))
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

function parsed(line: string): Event | null {
  try {
    return JSON.parse(line) as Event
  } catch {
    return null
  }
}

async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
  if (rest !== '') onLine(rest)
}
