import { afterEach, beforeEach, expect, spyOn, test } from 'bun:test'
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { libc } from '../../../server/lib/native.ts'
import { LineSink } from '../../../server/telemetry/line-sink.ts'
import { waitFor } from '../../support/wait.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-sink-'))
  file = join(folder, 'a.log')
})
afterEach(() => rmSync(folder, { recursive: true }))

const onFailed = (): void => {}

function append(sink: LineSink, text: string): void {
  if (!sink.begin(text.length + 1)) return
  sink.line.ascii(`${text}\n`)
  sink.end()
}

test('lines are written once there are 128 KB of them, or when it is time', async () => {
  const sink = new LineSink({ to: { file }, onFailed, everyMs: 500 })
  const line = 'x'.repeat(1023)
  for (let i = 0; i < 128; i++) append(sink, line)
  expect(readFileSync(file)).toHaveLength(0)
  append(sink, line)
  await waitFor(() => readFileSync(file).length === 131_072)
  await waitFor(() => readFileSync(file).length === 131_072 + 1024)
  await sink.close()
})

test('lines of several processes never interleave', async () => {
  const writer = join(import.meta.dir, 'sink-writer.ts')
  const children = ['a', 'b', 'c'].map((letter) =>
    Bun.spawn([process.execPath, writer, file, letter, '5000'], { stderr: 'inherit' }),
  )
  for (const child of children) expect(await child.exited).toBe(0)
  const lines = readFileSync(file, 'latin1').trimEnd().split('\n')
  expect(lines).toHaveLength(15_000)
  for (const line of lines) expect(line).toMatch(/^(a+|b+|c+)$/)
})

// Bun gives a child a socket as its stdout, `cat` a pipe.
test.each(['', ' | cat'])(
  'lines of several processes never interleave on a shared stdout%s either',
  async (pipe) => {
    const writer = join(import.meta.dir, 'sink-writer.ts')
    const shell = `(for l in a b c; do "${process.execPath}" "${writer}" - $l 3000 & done; wait)${pipe}`
    const child = Bun.spawn(['sh', '-c', shell], { stdout: 'pipe', stderr: 'inherit' })
    const lines = (await new Response(child.stdout).text()).trimEnd().split('\n')
    expect(lines).toHaveLength(9000)
    for (const line of lines) expect(line).toMatch(/^(a+|b+|c+)$/)
  },
)

test('a line longer than a batch is written whole', async () => {
  const sink = new LineSink({ to: { file }, onFailed })
  append(sink, 'short')
  append(sink, 'y'.repeat(100_000))
  append(sink, 'short')
  await sink.close()
  expect(
    readFileSync(file, 'latin1')
      .split('\n')
      .map((line) => line.length),
  ).toEqual([5, 100_000, 5, 0])
  expect(sink.dropped).toBe(0)
})

test('a reader that is stuck costs lines beyond the backlog, which are counted; the rest arrives in order', async () => {
  expect(Bun.spawnSync(['mkfifo', file]).exitCode).toBe(0)
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  const sink = new LineSink({ to: { file }, onFailed, backlogBytesMax: 200_000, everyMs: 10 })
  for (let i = 0; i < 15_000; i++) append(sink, String(i).padStart(99, '0'))
  sink.flush()
  const took = 15_000 - sink.dropped
  const held = libc().fcntl(reader, F_GETPIPE_SZ, 0) / 100
  expect(took).toBeGreaterThan(1900 + held * 0.9)
  expect(took).toBeLessThan(2100 + held)
  const chunks: string[] = []
  const buffer = Buffer.alloc(65_536)
  const isAll = (): boolean => {
    chunks.push(buffer.latin1Slice(0, readOrNone(reader, buffer)))
    return chunks.join('').length >= took * 100
  }
  await waitFor(isAll)
  const numbers = chunks.join('').trimEnd().split('\n').map(Number)
  expect(numbers).toHaveLength(took)
  expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers)
  await sink.close()
  closeSync(reader)
})

test('a pipe that its reader has emptied is written to at once, so that a quick reader loses nothing', async () => {
  expect(Bun.spawnSync(['mkfifo', file]).exitCode).toBe(0)
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  const sink = new LineSink({ to: { file }, onFailed, everyMs: 60_000 })
  const held = libc().fcntl(reader, F_GETPIPE_SZ, 0)
  const timers = spyOn(globalThis, 'setTimeout')
  const rounds = 6
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < held / 1000 + 100; i++) append(sink, 'x'.repeat(999))
    sink.flush()
    empty(reader)
    await waitFor(() => empty(reader) > 0, { everyMs: 5 })
  }
  const looksMs = timers.mock.calls.map(([, ms]) => ms ?? 0).filter((ms) => ms !== 5 && ms !== 60_000)
  timers.mockRestore()
  expect(sink.dropped).toBe(0)
  // It looks again after a millisecond, and more and more seldom while nobody reads.
  expect(looksMs.filter((ms) => ms === 1).length).toBeGreaterThanOrEqual(rounds)
  expect(Math.max(...looksMs)).toBeLessThanOrEqual(32)
  await sink.close()
  closeSync(reader)
})

test('a pipe is made as large as it may be', async () => {
  expect(Bun.spawnSync(['mkfifo', file]).exitCode).toBe(0)
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  const sink = new LineSink({ to: { file }, onFailed })
  const most = Number(readFileSync('/proc/sys/fs/pipe-max-size', 'latin1'))
  expect(libc().fcntl(reader, F_GETPIPE_SZ, 0)).toBe(Math.min(most, 1_048_576))
  await sink.close()
  closeSync(reader)
})

test('a file that cannot be opened is told once, and opened when it can be', async () => {
  const events: unknown[] = []
  file = join(folder, 'later', 'a.log')
  const sink = new LineSink({
    to: { file },
    onFailed: (reason) => events.push(reason),
  })
  append(sink, 'kept')
  sink.flush()
  sink.flush()
  expect(events).toEqual([expect.stringContaining('ENOENT')])
  mkdirSync(join(folder, 'later'))
  sink.flush()
  await sink.close()
  expect(readFileSync(file, 'latin1')).toBe('kept\n')
  expect(sink.dropped).toBe(0)
})

test('a device that is full loses lines, which are counted, and is told once', async () => {
  const events: string[] = []
  const sink = new LineSink({ to: { file: '/dev/full' }, onFailed: (reason) => events.push(reason) })
  for (let i = 0; i < 10; i++) append(sink, 'lost')
  sink.flush()
  append(sink, 'lost')
  await sink.close()
  expect(sink.dropped).toBe(11)
  expect(events).toEqual([expect.stringContaining('ENOSPC')])
})

test('closing writes what waits, and nothing is taken after it', async () => {
  const sink = new LineSink({ to: { file }, onFailed })
  append(sink, 'last')
  await sink.close()
  append(sink, 'late')
  await sink.close()
  expect(readFileSync(file, 'latin1')).toBe('last\n')
  expect(sink.dropped).toBe(1)
})

test('closing a file is over when its last line is written, not when its time is', async () => {
  const sink = new LineSink({ to: { file }, onFailed })
  append(sink, 'last')
  await sink.close(3_600_000)
  expect(readFileSync(file, 'latin1')).toBe('last\n')
}, 30_000)

const F_GETPIPE_SZ = 1032

/** Reads all that is there; how many bytes. */
function empty(fd: number): number {
  const buffer = Buffer.alloc(65_536)
  let total = 0
  for (let count = readOrNone(fd, buffer); count > 0; count = readOrNone(fd, buffer)) total += count
  return total
}

/** Bytes read; 0 when there are none yet. */
function readOrNone(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer)
  } catch {
    return 0
  }
}
