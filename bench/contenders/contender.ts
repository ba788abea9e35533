// What takes part in a comparison: a proxy of one worker in front of the origin, in processes of its own.
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning, killAll, treeOf } from '../../test/support/processes.ts'
import { waitFor } from '../../test/support/wait.ts'
import type { Pair } from '../https.ts'

/** Where a contender may write, and what is behind it. */
export interface Setting {
  readonly folder: string
  readonly originPort: number
  /** Where HAProxy's log datagrams go. */
  readonly sinkPort: number
  /** Bytes are passed on as they come, without a look at what they say. */
  readonly isTcp?: boolean
  /** The origin speaks TLS, and is chosen by the name that clients ask for. */
  readonly isPassed?: boolean
  /** What ends TLS; left out: it is spoken in the clear. */
  readonly tls?: Pair | undefined
}

export interface Contender {
  readonly name: string
  readonly port: number
  /** From spawn to the first answer. */
  readonly startMs: number
  /** All its processes. */
  pids(): number[]
  stop(): Promise<void>
}

/** How to start one. */
export interface Recipe {
  readonly name: string
  /** Null when it is not installed. */
  readonly program: string | null
  /** Most client connections, where there is a limit that matters here. */
  readonly connectionsMax?: number
  /** Whether it ends TLS here. */
  readonly takesTls?: true
  /** Whether it passes TLS through by names. */
  readonly passesTls?: true
  start(setting: Setting): Promise<Contender>
}

export interface Launch {
  readonly name: string
  readonly command: readonly string[]
  readonly port: number
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  readonly isTls?: boolean
}

/** Finds a program, also where Debian keeps servers. */
export const programNamed = (name: string): string | null =>
  Bun.which(name, { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` })

/**
 * Spawns it and waits until it answers. Its processes are ended by id, also when this harness is interrupted.
 */
export async function launch({
  name,
  command,
  port,
  folder,
  env,
  isTls = false,
}: Launch): Promise<Contender> {
  const log = openSync(join(folder, `${name}.out`), 'a')
  const startedMs = performance.now()
  const child = Bun.spawn([...command], {
    cwd: folder,
    stdin: 'ignore',
    stdout: log,
    stderr: log,
    env: { ...process.env, ...env },
  })
  running.add(child.pid)
  try {
    await waitFor(() => (child.exitCode === null ? answers(port, isTls) : fail(name, folder)), {
      what: `${name} to answer`,
      everyMs: 1,
    })
  } catch (problem) {
    await end(child)
    throw problem
  }
  const startMs = performance.now() - startedMs
  return { name, port, startMs, pids: () => treeOf(child.pid), stop: () => end(child) }
}

async function end(child: Bun.Subprocess): Promise<void> {
  const pids = treeOf(child.pid)
  child.kill('SIGTERM')
  await waitFor(() => !isRunning(child.pid), { forMs: 3000 }).catch(() => {})
  killAll(pids.filter(isRunning))
  await child.exited
  running.delete(child.pid)
}

function fail(name: string, folder: string): never {
  throw new Error(`${name} did not start:\n${readFileSync(join(folder, `${name}.out`), 'utf8').slice(-2000)}`)
}

async function answers(port: number, isTls: boolean): Promise<boolean> {
  try {
    const answer = await fetch(`${isTls ? 'https' : 'http'}://127.0.0.1:${port}/small`, {
      tls: { rejectUnauthorized: false },
      headers: { Connection: 'close', Host: 'www.example.org' },
      signal: AbortSignal.timeout(1000),
    })
    await answer.arrayBuffer()
    return answer.status === 200
  } catch {
    return false
  }
}

/** A port that is free now. */
export function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = probe
  probe.stop(true)
  return port
}

/** A folder of its own below the harness's. */
export function folderFor({ folder }: Setting, name: string): string {
  const own = join(folder, name)
  mkdirSync(own, { recursive: true })
  return own
}

const running = new Set<number>()
process.on('exit', () => killAll([...running].flatMap(treeOf)))
