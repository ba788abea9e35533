// `sluice demo` in a process of its own, with all that it keeps in a folder of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary } from './gateway.ts'
import { killAll, treeOf } from './processes.ts'
import { waitFor, within } from './wait.ts'

export interface Demo {
  /** URL of its admin listener. */
  readonly admin: string
  /** Of the listener of its rules. */
  readonly web: string
  /** Signs in once. */
  readonly link: string
  stop(): Promise<void>
}

/**
 * Starts it from the executable, and waits until it has made all that there is to see. `wanted`: at the ports
 * that people know; else at free ones, as other tests mean that nobody is there.
 */
export async function startDemo(ports: 'wanted' | 'any' = 'any'): Promise<Demo> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-shown-'))
  const child = Bun.spawn([...(await binary()), 'demo', ...(ports === 'any' ? ['--any-port'] : [])], {
    cwd: folder,
    env: { ...process.env, TMPDIR: folder },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  running.add(child.pid)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) void follow(stream, (text) => (said += text))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await within(child.exited, 'the demo to end').catch(() => killAll(treeOf(child.pid)))
    running.delete(child.pid)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await waitFor(
      () => {
        if (child.exitCode !== null) throw new Error(`The demo ended with ${child.exitCode}:\n${said}`)
        return said.includes('Ctrl-C')
      },
      { what: 'the demo to be ready' },
    )
    const link = /https?:\/\/\S+\/_admin\/#\/link\/\S+/.exec(said)?.[0]
    const web = /gateway +(http:\/\/[^/\s]+)/.exec(said)?.[1]
    if (link === undefined || web === undefined) throw new Error(`The demo tells no addresses:\n${said}`)
    return { admin: new URL(link).origin, web, link, stop }
  } catch (problem) {
    await stop()
    throw problem
  }
}

async function follow(stream: ReadableStream<Uint8Array>, keep: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  for await (const bytes of stream) keep(decoder.decode(bytes, { stream: true }))
}

const running = new Set<number>()
process.on('exit', () => killAll([...running].flatMap(treeOf)))
