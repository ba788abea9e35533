import { afterEach, beforeEach, expect, test } from 'bun:test'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeLastLines } from '../../../../server/control/processes/last-lines.ts'
import { Ledger } from '../../../../server/scoreboard/ledger.ts'
import { LogSegments, type Segment } from '../../../../server/scoreboard/log-segments.ts'
import type { LogsConfig } from '../../../../server/telemetry/logs.options.ts'

const SIZE = 65_536
let folder = ''
let file = ''
let ledger: Ledger
let segments: LogSegments
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'last-lines-'))
  file = join(folder, 'a.log')
  ledger = new Ledger(Ledger.create(folder))
  segments = new LogSegments(ledger)
  writeFileSync(file, 'before\n')
  segments.goTo(statSync(file).ino)
})
afterEach(() => {
  ledger.close()
  rmSync(folder, { recursive: true })
})

const logs = (): LogsConfig => ({
  level: 'info',
  format: 'json',
  access: { enabled: true, file },
  audit: true,
  inspector: { requests: 0, bytes: 0 },
})
const text = (): string => readFileSync(file, 'latin1')

/** Lines that a worker has put into a segment. */
function written(...lines: readonly string[]): Segment {
  const segment = segments.acquire(SIZE)!
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  segment.bytes.set(bytes)
  segment.publish(bytes.length)
  return segment
}

test('lines that nobody began to write are written, in their order', async () => {
  written('one', 'two')
  written('three')
  expect(await writeLastLines(ledger, logs())).toBe(0)
  expect(text()).toBe('before\none\ntwo\nthree\n')
})

test('what is out, of a segment or with it, is not written again; half a line is none yet', async () => {
  written('gone').free()
  written('one', 'two').took(4)
  const last = written('three')
  last.bytes.set(Buffer.from('half'), 6)
  await writeLastLines(ledger, logs())
  expect(text()).toBe('before\ntwo\nthree\n')
})

test('a write that was done when the worker died is found in the file, also behind the lines of others', async () => {
  written('one', 'two').writing(8)
  appendFileSync(file, 'one\ntwo\nothers\n')
  await writeLastLines(ledger, logs())
  expect(text()).toBe('before\none\ntwo\nothers\n')
})

test('a write that was not done is done', async () => {
  written('one', 'two').writing(8)
  written('three')
  appendFileSync(file, 'others\n')
  await writeLastLines(ledger, logs())
  expect(text()).toBe('before\nothers\none\ntwo\nthree\n')
})

test.each(['o', 'one', 'one\nt', 'one\ntwo', 'one\n'])(
  'a write that was cut at %j leaves whole lines only',
  async (part) => {
    written('one', 'two').writing(8)
    appendFileSync(file, part)
    await writeLastLines(ledger, logs())
    expect(text()).toBe('before\none\ntwo\n')
  },
)

test('where the file is another by now, or none that can be read, nothing is written twice', async () => {
  written('one', 'two').writing(8)
  segments.goTo(1)
  await writeLastLines(ledger, logs())
  expect(text()).toBe('before\n')
})
