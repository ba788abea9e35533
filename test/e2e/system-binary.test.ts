// The executable alone: copied to a folder of its own, it needs nothing of the sources, in any of its
// processes.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cpSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNamed } from '../support/backends.ts'
import { rawClient } from '../support/client.ts'
import { binary } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { isRunning, killAll, sendSignal, treeOf } from '../support/processes.ts'
import { waitFor, within } from '../support/wait.ts'

const SOURCES = join(import.meta.dir, '../..')
/** Nothing of ours is on the PATH, and no home to find a Bun in. */
const ENV = { PATH: '/usr/bin:/bin' }

let folder = ''
let program = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-alone-'))
  program = join(folder, 'sluice')
  cpSync((await binary())[0]!, program)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

class Alone implements AsyncDisposable {
  stdout = ''
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>

  constructor(config: string, of = program) {
    this.#child = Bun.spawn([of, 'run', '-c', config], {
      cwd: folder,
      env: ENV,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    void this.#read()
  }

  get pid(): number {
    return this.#child.pid
  }

  /** Supervisor and workers. */
  get processes(): number[] {
    return treeOf(this.pid)
  }

  get exited(): Promise<number> {
    return within(this.#child.exited, 'the end')
  }

  event(name: string): Promise<Record<string, unknown>> {
    return waitFor(
      () =>
        this.stdout
          .split('\n')
          .slice(0, -1)
          .filter((line) => line.includes(`"event":"${name}"`))
          .map((line) => JSON.parse(line) as Record<string, unknown>)
          .at(-1),
      { what: `${name}; got ${this.stdout}` },
    )
  }

  stop(): void {
    this.#child.kill('SIGTERM')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    killAll(this.processes)
    await this.#child.exited
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const bytes of this.#child.stdout) this.stdout += decoder.decode(bytes, { stream: true })
  }
}

/** What a process has open or mapped that lies in the source tree, or is another program than the copy. */
function outside(pid: number): string[] {
  const links = [
    `/proc/${pid}/exe`,
    `/proc/${pid}/cwd`,
    ...readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`),
  ]
  const open = links.flatMap((link) => {
    try {
      return [readlinkSync(link)]
    } catch {
      return []
    }
  })
  const mapped = readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .map((line) => line.slice(line.indexOf('/')).trim())
  return [...new Set([...open, ...mapped])].filter(
    (path) => path.startsWith(`${SOURCES}/`) || path === SOURCES,
  )
}

const run = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
  const child = Bun.spawn([program, ...args], {
    cwd: folder,
    env: ENV,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, stdout, stderr }
}

const configOf = (port: number, servers: readonly { name: string; url: string; weight?: number }[]): string =>
  JSON.stringify(
    {
      listeners: { web: { bind: `127.0.0.1:${port}`, backend: 'b' } },
      backends: { b: { servers } },
      workers: 2,
      drain: '2s',
      admin: { bind: '127.0.0.1:0' },
      logs: { access: { file: join(folder, 'access.log') } },
    },
    null,
    1,
  )

test('it runs, tells its state, reloads and stops, and touches nothing of the sources', async () => {
  await using a = startNamed('a')
  await using b = startNamed('b')
  const config = join(folder, 'sluice.yaml')
  const port = freePort()
  const both = [
    { name: 'a', url: a.url, weight: 3 },
    { name: 'b', url: b.url },
  ]
  writeFileSync(config, configOf(port, both))
  expect(await run('check', config)).toMatchObject({ code: 0, stderr: '' })

  await using alone = new Alone(config)
  const serving = await alone.event('serving')
  const { processes } = alone
  expect(processes).toHaveLength(3)
  expect((serving['workers'] as number[]).toSorted()).toEqual(processes.slice(1).toSorted())
  for (const pid of processes) {
    expect(readlinkSync(`/proc/${pid}/exe`)).toBe(program)
    expect(outside(pid)).toEqual([])
  }
  await using client = await rawClient(port)
  for (let i = 0; i < 40; i++) expect((await client.get('/')).status).toBe(200)
  expect([a.requests.length, b.requests.length]).toEqual([30, 10])

  const admin = `http://${String(serving['admin'])}`
  const status = await run('status', '--admin', admin)
  expect(status.code).toBe(0)
  expect(status.stdout).toContain('2 of 2 servers up')
  expect(status.stdout).toMatch(/^b +a +unchecked +3 +0 +30 /m)
  const health = await run('health', '--admin', admin, '--json')
  expect(JSON.parse(health.stdout)).toMatchObject({ healthy: true, total_count: 2 })

  writeFileSync(config, configOf(port, both.slice(1)))
  await alone.event('applied')
  a.forget()
  for (let i = 0; i < 10; i++) expect((await client.get('/')).body).toBe('b')
  expect(a.requests).toHaveLength(0)
  for (const pid of processes) expect(outside(pid)).toEqual([])

  // A worker that dies is replaced by one of the same program.
  sendSignal(processes[1], 'SIGKILL')
  const replaced = await alone.event('worker_replaced')
  expect(readlinkSync(`/proc/${String(replaced['pid'])}/exe`)).toBe(program)

  client.rst()
  alone.stop()
  expect(await alone.exited).toBe(0)
  await waitFor(() => !processes.some(isRunning), { what: 'all processes to end' })
})

test('it goes on where its file is taken away: a worker that dies is replaced', async () => {
  const config = join(folder, 'gone.yaml')
  writeFileSync(config, configOf(freePort(), [{ name: 'a', url: 'http://127.0.0.1:1' }]))
  const gone = join(folder, 'gone')
  cpSync(program, gone)
  await using alone = new Alone(config, gone)
  await alone.event('serving')
  rmSync(gone)
  sendSignal(alone.processes[1], 'SIGKILL')
  await alone.event('worker_replaced')
  expect(alone.processes).toHaveLength(3)
})

test('who asks while it starts is answered soon, time after time', async () => {
  await using origin = startNamed('a')
  const config = join(folder, 'quick.yaml')
  const port = freePort()
  writeFileSync(config, configOf(port, [{ name: 'a', url: origin.url }]))
  for (let i = 0; i < 5; i++) {
    await using alone = new Alone(config)
    // Who comes too early is refused or reset: it tries again.
    const body = await waitFor(() => firstAnswer(port), { everyMs: 1, what: 'an answer' })
    expect(body).toBe('a')
    await alone.event('serving')
    alone.stop()
    expect(await alone.exited).toBe(0)
  }
})

test('a failed start of the copy is told and leaves no process', async () => {
  const config = join(folder, 'wrong.yaml')
  writeFileSync(config, 'listen: "127.0.0.1:0"\nbackends: [{ url: "http://127.0.0.1:1", wieght: 2 }]\n')
  const checked = await run('check', config)
  expect(checked.code).toBe(1)
  expect(checked.stdout + checked.stderr).toContain('wrong.yaml:2:')
  expect(checked.stdout + checked.stderr).toContain('weight')
  await using alone = new Alone(config)
  expect(await alone.exited).toBe(1)
  expect(alone.processes.filter(isRunning)).toEqual([])
})

async function firstAnswer(port: number): Promise<string | null> {
  try {
    await using client = await rawClient(port)
    return (await client.get('/')).body
  } catch {
    return null
  }
}
