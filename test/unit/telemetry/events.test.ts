// Events of a process whose stderr nobody reads for a while, or ever.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor, within } from '../../support/wait.ts'

const WRITER = join(import.meta.dir, 'event-writer.ts')
const COUNT = 30_000
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-events-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Writer {
  readonly child: Bun.Subprocess<'pipe', 'pipe', 'inherit'>
  /** What it has said on stdout. */
  readonly said: string[]
}

function startWriter(stderr: number | 'pipe', count = COUNT, as: readonly string[] = []): Writer {
  const child = Bun.spawn([...as, process.execPath, WRITER, String(count)], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr,
  })
  const said: string[] = []
  void (async () => {
    for await (const bytes of child.stdout) said.push(...Buffer.from(bytes).toString().trim().split('\n'))
  })()
  return { child: child as unknown as Writer['child'], said }
}

const eventsIn = (text: string): { event: string; i?: number; count?: number }[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string })

test('a pipe that nobody reads stops nobody; what it and the backlog cannot hold is dropped and counted', async () => {
  const path = join(folder, 'pipe')
  Bun.spawnSync(['mkfifo', path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const { child, said } = startWriter(fd)
  await waitFor(() => said.length === 1, { what: 'all events to be logged' })
  const dropped = Number(said[0])
  expect(dropped).toBeGreaterThan(1000)
  expect(dropped).toBeLessThan(COUNT)
  void child.stdin.end()
  expect(await within(child.exited, 'an end that waits for no reader')).toBe(0)
  closeSync(fd)
})

test('once a pipe is read again, it is told how many events were dropped, and none is missing beyond these', async () => {
  const path = join(folder, 'pipe')
  Bun.spawnSync(['mkfifo', path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const { child, said } = startWriter(fd)
  await waitFor(() => said.length === 1, { what: 'all events to be logged' })
  const dropped = Number(said[0])
  let text = ''
  const bytes = Buffer.alloc(65_536)
  await waitFor(() => {
    text += bytes.latin1Slice(0, readOrNone(fd, bytes))
    return text.includes('"events_dropped"') && text.endsWith('\n')
  })
  const events = eventsIn(text)
  expect(events.at(-1)).toMatchObject({ event: 'events_dropped', count: dropped })
  const numbers = events.filter(({ event }) => event === 'many').map(({ i }) => i)
  expect(numbers).toEqual(Array.from({ length: COUNT - dropped }, (_, i) => i))
  void child.stdin.end()
  expect(await within(child.exited, 'the end')).toBe(0)
  expect(said.at(-1)).toBe(String(dropped))
  closeSync(fd)
})

const OTHER_USER = ['setpriv', '--reuid=65534', '--clear-groups']
const canSwitch = process.getuid?.() === 0 && Bun.which('setpriv') !== null

test.skipIf(!canSwitch)(
  `${canSwitch ? '' : 'skipped: needs root and setpriv: '}a pipe of another user, which cannot be opened anew, stops nobody either`,
  async () => {
    const path = join(folder, 'pipe')
    Bun.spawnSync(['mkfifo', '-m', '600', path])
    openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    const fd = openSync(path, constants.O_RDWR)
    const { child, said } = startWriter(fd, COUNT, OTHER_USER)
    await waitFor(() => said.length === 1, { what: 'all events to be logged' })
    expect(Number(said[0])).toBeGreaterThan(1000)
    void child.stdin.end()
    expect(await within(child.exited, 'the end')).toBe(0)
    closeSync(fd)
  },
)

test('a socket, as systemd gives one, that nobody reads stops nobody either', async () => {
  // Bun gives a child a socket where it is to read what it writes, and reads no further than some buffers
  // without a reader.
  const { child, said } = startWriter('pipe', 100_000)
  await waitFor(() => said.length === 1, { what: 'all events to be logged' })
  void child.stdin.end()
  const stderr = (child as unknown as { stderr: ReadableStream<Uint8Array> }).stderr
  const events = eventsIn(await new Response(stderr).text())
  const numbers = events.filter(({ event }) => event === 'many').map(({ i }) => i)
  expect(numbers.toSorted((a = 0, b = 0) => a - b)).toEqual(numbers)
  expect(await within(child.exited, 'the end')).toBe(0)
})

test('a reader that is gone costs events only', async () => {
  const shell = Bun.spawn(
    ['sh', '-c', `echo | "${process.execPath}" "${WRITER}" 1000 2>&1 >"${folder}/said" | true`],
    { stdin: 'ignore' },
  )
  await within(shell.exited, 'the end')
  const [, last] = readFileSync(join(folder, 'said'), 'latin1').trim().split('\n')
  expect(Number(last)).toBeGreaterThanOrEqual(0)
})

test('into a file all events go, in their order', async () => {
  const path = join(folder, 'file')
  const fd = openSync(path, 'w')
  const { child } = startWriter(fd, 1000)
  void child.stdin.end()
  expect(await within(child.exited, 'the end')).toBe(0)
  const numbers = eventsIn(readFileSync(path, 'latin1')).map(({ i }) => i)
  expect(numbers).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  closeSync(fd)
})

/** Bytes read; 0 when there are none yet. */
function readOrNone(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer)
  } catch {
    return 0
  }
}

test('an exception that nobody caught ends the process also when nobody reads what is said of it', async () => {
  const path = join(folder, 'pipe')
  Bun.spawnSync(['mkfifo', path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const module = JSON.stringify(join(import.meta.dir, '../../../server/telemetry/log-bugs.ts'))
  const blocking = openSync(path, constants.O_RDWR)
  const code = `import { endOnBugs } from ${module}; endOnBugs(); setTimeout(() => { throw new Error('x'.repeat(200_000)) })`
  const child = Bun.spawn([process.execPath, '-e', code], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: blocking,
  })
  expect(await within(child.exited, 'the end')).toBe(1)
  closeSync(fd)
  closeSync(blocking)
})
