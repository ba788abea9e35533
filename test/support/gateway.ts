// A gateway in processes of its own, as users run it: from source or as the compiled executable.
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { appendFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from '../../build.ts'
import { SOCKETS_VARIABLE } from '../../server/sockets/choose.ts'
import { rawClient, type RawClient } from './client.ts'
import { commandOf, isRunning, killAll, treeOf } from './processes.ts'
import { socketsWanted } from './sockets.ts'
import { PATIENCE_MS, pause, waitFor, within } from './wait.ts'

const ROOT = join(import.meta.dir, '../..')
/** Where `admin` is when the config does not say: a second test would find it taken, or another's gateway. */
const DEFAULT_ADMIN = '127.0.0.1:9090'

export interface GatewayOptions {
  /**
   * A whole config as text, taken as it is; or a value, to which quiet defaults are added (see
   * `withDefaults`).
   */
  readonly config: string | Readonly<Record<string, unknown>>
  /**
   * False: the sources rather than the executable. SLUICE_TEST_BINARY=0 runs them wherever a test does not
   * say. The executable starts with a third of their CPU time.
   */
  readonly binary?: boolean
  /** Sets `workers` of a config given as a value; default 1. */
  readonly workers?: number
  /** A program and arguments that end by becoming the gateway. */
  readonly through?: readonly string[]
  /** Descriptors that it inherits, from 3 on. */
  readonly fds?: readonly number[]
  /** Further arguments of `run`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Name of the config file; its ending tells the format. */
  readonly file?: string
  /** The folder of the config file; default: a new one, removed at the end. */
  readonly folder?: string
}

/** An event of the supervisor: a JSON line on stdout or stderr that has `event`. */
export interface GatewayEvent {
  readonly event: string
  readonly [key: string]: unknown
}

export class Gateway implements AsyncDisposable {
  /** All events, in their order. */
  readonly events: GatewayEvent[] = []
  stdout = ''
  stderr = ''
  readonly #known = new Set<number>()
  readonly #waitedFor = new Map<string, number>()

  readonly process: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
  readonly folder: string
  readonly configFile: string
  readonly #ownsFolder: boolean
  readonly #defaults: (config: GatewayOptions['config']) => string
  readonly #said: Promise<unknown>

  constructor(
    process: Bun.Subprocess<'ignore', 'pipe', 'pipe'>,
    {
      folder,
      configFile,
      ownsFolder,
      defaults,
    }: {
      readonly folder: string
      readonly configFile: string
      readonly ownsFolder: boolean
      readonly defaults: (config: GatewayOptions['config']) => string
    },
  ) {
    this.process = process
    this.folder = folder
    this.configFile = configFile
    this.#ownsFolder = ownsFolder
    this.#defaults = defaults

    this.#said = Promise.all([
      this.#follow(process.stdout, (text) => (this.stdout += text)),
      this.#follow(process.stderr, (text) => (this.stderr += text)),
    ])
    running.add(this)
  }

  get pid(): number {
    return this.process.pid
  }

  /** Ids of the workers that run now. */
  get workers(): number[] {
    return treeOf(this.pid)
      .slice(1)
      .filter((pid) => commandOf(pid).at(-1) === 'worker')
  }

  /** Id of the TURN relay's process, where there is one. */
  get relay(): number | null {
    return treeOf(this.pid).find((pid) => commandOf(pid).at(-1) === 'relay') ?? null
  }

  /** The port of a listener; of the only one when none is named. */
  port(name?: string): number {
    const serving = this.last('serving')
    const listeners = {
      ...(serving?.['listeners'] as object),
      ...(this.last('applied')?.['listeners'] as object),
    }
    const bind = (listeners as Record<string, string>)[name ?? Object.keys(listeners)[0] ?? '']
    if (bind === undefined) throw new Error(`No listener ${name}; there are ${JSON.stringify(listeners)}.`)
    return Number(bind.slice(bind.lastIndexOf(':') + 1))
  }

  /** The admin listener's URL. */
  get admin(): string {
    return `http://${String((this.last('applied') ?? this.last('serving'))?.['admin'] ?? this.last('serving')?.['admin'])}`
  }

  /** A raw client of a listener. */
  client(name?: string): Promise<RawClient> {
    return rawClient(this.port(name))
  }

  /** A request by fetch to a listener, for tests that do not look at bytes. */
  fetch(target: string, init?: RequestInit & { listener?: string }): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port(init?.listener)}${target}`, { redirect: 'manual', ...init })
  }

  /** The next event of this name that no earlier call gave. */
  async event(name: string, where: (event: GatewayEvent) => boolean = () => true): Promise<GatewayEvent> {
    const found = await this.#orExplain(
      waitFor(
        () => {
          const from = this.#waitedFor.get(name) ?? 0
          const index = this.events.findIndex((e, i) => i >= from && e.event === name && where(e))
          return index >= 0 ? { index, event: this.events[index]! } : null
        },
        { what: `the event ${name}` },
      ),
    )
    this.#waitedFor.set(name, found.index + 1)
    return found.event
  }

  /** The newest event of this name so far. */
  last(name: string): GatewayEvent | undefined {
    return this.events.findLast((event) => event.event === name)
  }

  /** Replaces the config file as editors do: by renaming a finished file over it. */
  async writeConfig(config: GatewayOptions['config']): Promise<void> {
    await writeFile(`${this.configFile}.new`, this.#defaults(config))
    await rename(`${this.configFile}.new`, this.configFile)
  }

  /** Writes a config and waits until it is applied or rejected, whichever it is. */
  async apply(config: GatewayOptions['config']): Promise<GatewayEvent> {
    const from = this.events.length
    await this.writeConfig(config)
    return this.#orExplain(
      waitFor(
        () => this.events.slice(from).find(({ event }) => event === 'applied' || event === 'rejected'),
        {
          what: 'applied or rejected',
        },
      ),
    )
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  /** The exit code, once it ended by itself; all that it said is there by then. */
  exited(): Promise<number> {
    return this.#orExplain(within(this.ended(), 'the gateway to exit'))
  }

  /** The same, without an end to the wait. */
  async ended(): Promise<number> {
    const code = await this.process.exited
    // Workers that outlive it have its streams still: what it said itself lies there, to be read at once.
    const isRead = this.#said.then(() => true)
    for (let looks = 0; looks < 10; looks++) if (await Promise.race([isRead, pause(50)])) break
    return code
  }

  /** Asks it to stop gracefully and gives its exit code. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    this.signal(signal)
    return this.exited()
  }

  /** Lines of the access log so far, parsed. Only for configs given as a value. */
  async accessLog(): Promise<Record<string, unknown>[]> {
    const lines = await this.accessLines()
    return lines
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  /** The same as it was written. */
  async accessLines(): Promise<string[]> {
    const file = Bun.file(join(this.folder, 'access.log'))
    if (!(await file.exists())) return []
    // Behind the last line feed stands what is being written.
    return (await file.text()).split('\n').slice(0, -1)
  }

  /** Kills what is left of it: a test that is about how it ends stops it before. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.killNow()
    await this.process.exited
    running.delete(this)
    if (this.#ownsFolder) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Kills all its processes, without waiting. */
  killNow(): void {
    // Held, so that no worker is born while its siblings are killed.
    if (isRunning(this.pid)) this.signal('SIGSTOP')
    for (const pid of treeOf(this.pid)) this.#known.add(pid)
    // A killed supervisor's workers live on: their ids are known from its events.
    killAll([...this.#known].filter((pid) => isRunning(pid) && isOurs(pid, this.folder)))
    this.process.kill('SIGKILL')
  }

  async #follow(stream: ReadableStream<Uint8Array>, keep: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const bytes of stream) {
      const text = decoder.decode(bytes, { stream: true })
      keep(text)
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#onLine(line)
    }
  }

  #onLine(line: string): void {
    if (!line.startsWith('{')) return
    try {
      const value = JSON.parse(line) as Partial<GatewayEvent>
      if (typeof value.event !== 'string') return
      this.events.push(value as GatewayEvent)
      const workers = value['workers']
      for (const pid of Array.isArray(workers) ? workers : [value['pid']]) {
        if (typeof pid === 'number') this.#known.add(pid)
      }
    } catch {
      // Not an event: a line of something else.
    }
  }

  async #orExplain<T>(wait: Promise<T>): Promise<T> {
    try {
      return await wait
    } catch (problem) {
      throw new Error(
        `${String(problem)}\nstdout: ${this.stdout.slice(-2000)}\nstderr: ${this.stderr.slice(-4000)}`,
        {
          cause: problem,
        },
      )
    }
  }
}

/** Starts a gateway and waits until it serves. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = await spawnGateway(options)
  try {
    const early = gateway.ended().then((code) => {
      throw new Error(`The gateway exited with ${code}.\n${gateway.stdout}\n${gateway.stderr}`)
    })
    early.catch(() => {})
    const serving = await Promise.race([gateway.event('serving'), early])
    if (options.env?.[SOCKETS_VARIABLE] === undefined) expectSocketsOfRun(serving)
    if (serving['admin'] === DEFAULT_ADMIN)
      throw new Error(`${DEFAULT_ADMIN} is anybody's: name an admin address, with port 0, or none.`)
    return gateway
  } catch (problem) {
    await gateway[Symbol.asyncDispose]()
    throw problem
  }
}

/** What makes a gateway have the sockets that this run is about. */
function socketsOfRun(): Record<string, string> {
  const wanted = socketsWanted()
  return wanted === null ? {} : { [SOCKETS_VARIABLE]: wanted }
}

function expectSocketsOfRun({ sockets }: GatewayEvent): void {
  const wanted = socketsWanted() ?? sockets
  if (sockets !== wanted)
    throw new Error(`The gateway has sockets of the kind ${String(sockets)}, not ${String(wanted)}.`)
}

/** Starts a gateway and does not wait: for tests of starts that fail. */
export async function spawnGateway(options: GatewayOptions): Promise<Gateway> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'sluice-test-'))
  const configFile = join(folder, options.file ?? 'sluice.yaml')
  const textOf = (config: GatewayOptions['config']): string =>
    typeof config === 'string'
      ? config
      : JSON.stringify(withDefaults(config, folder, options.workers ?? 1), null, 1)
  await writeFile(configFile, textOf(options.config))
  const command = await commandFor(options.binary)
  const child = Bun.spawn(
    [...(options.through ?? []), ...command, 'run', '-c', configFile, ...(options.args ?? [])],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe', ...(options.fds ?? [])],
      env: { ...process.env, ...socketsOfRun(), ...options.env },
    },
  ) as Bun.Subprocess<'ignore', 'pipe', 'pipe'>
  return new Gateway(child, {
    folder,
    configFile,
    ownsFolder: options.folder === undefined,
    defaults: textOf,
  })
}

/**
 * What tests seldom care about: an admin listener on a free port, one worker, the access log beside the
 * config, a short drain.
 */
function withDefaults(config: Readonly<Record<string, unknown>>, folder: string, workers: number): object {
  return {
    workers,
    drain: '2s',
    admin: { bind: '127.0.0.1:0' },
    logs: { level: 'debug', access: { file: join(folder, 'access.log') } },
    ...config,
  }
}

function commandFor(isBinary = process.env['SLUICE_TEST_BINARY'] !== '0'): Promise<string[]> | string[] {
  return isBinary ? binary() : sources()
}

/** The command that runs the sources. */
export const sources = (): string[] => [process.execPath, '--no-env-file', join(ROOT, 'server/main.ts')]

/** The command that runs the executable, built when its sources changed. */
export async function binary(): Promise<string[]> {
  building ??= build()
  return [(await building).binary]
}
let building: ReturnType<typeof build> | null = null

/** Runs a command of the CLI to its end. */
export async function runCommand(
  args: readonly string[],
  options: { binary?: boolean; cwd?: string; env?: Record<string, string> } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = await commandFor(options.binary)
  const child = Bun.spawn([...command, ...args], {
    cwd: options.cwd ?? ROOT,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, ...options.env },
    timeout: PATIENCE_MS,
  })
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, stdout, stderr }
}

/** Writes over the config file in place and in two steps, as careless editors do. */
export async function writeInPlace(gateway: Gateway, text: string): Promise<void> {
  await writeFile(gateway.configFile, text.slice(0, text.length >> 1))
  await appendFile(gateway.configFile, text.slice(text.length >> 1))
}

// A process id that a stranger was given meanwhile must not be killed: ours run in the gateway's folder.
function isOurs(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '') === folder
  } catch {
    return false
  }
}

const running = new Set<Gateway>()
process.on('exit', () => {
  for (const gateway of running) gateway.killNow()
})
