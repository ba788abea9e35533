import { expect, test } from 'bun:test'
import type { OverviewProblem } from '../../../../server/control/overview/document.ts'
import { configProblems } from '../../../../server/control/overview/of-config.ts'
import type { DiskFacts } from '../../../../server/control/overview/seen.ts'
import { type ConfigFacts, healthOf } from '../../../../server/telemetry/documents.ts'
import { minutesAgo, NOW_MS, seenWith } from '../../../support/seen-with.ts'

const DISK: DiskFacts = { state: 'differs', why: null, changedMs: minutesAgo(26), isReadOnly: false }
const SLIP = {
  ...{ path: 'backends.api.servers[1].weigth', message: 'unknown field', hint: 'did you mean "weight"?' },
  ...{ file: '/etc/sluice/sluice.yaml', line: 42, column: 9 },
}

function problems(config: Partial<ConfigFacts>, disk: DiskFacts | null = DISK): OverviewProblem[] {
  const health = { ...healthOf([]), config: { revision: 2, rejected: null, ...config } }
  return [...configProblems(seenWith({ health, disk }))]
}
const rejected = (...found: object[]) => ({
  rejected: { time: '2026-03-01T11:34:00.000Z', problems: found as (typeof SLIP)[] },
})

test('a rejected file is told with its place, what was found, what is meant, and what goes on', () => {
  const [one, ...more] = problems(rejected(SLIP))
  expect(more).toEqual([])
  expect(one).toMatchObject({
    ...{ id: 'config:file', state: 'rejected', severity: 'down', since: '2026-03-01T11:34:00.000Z' },
    title: 'The file on disk is not running',
    cause: 'sluice.yaml:42:9 backends.api.servers[1].weigth: unknown field.',
    remedy: 'Did you mean "weight"? r2 keeps serving until the file is right.',
    about: { kind: 'config', name: '/etc/sluice/sluice.yaml', line: 42, column: 9 },
  })
  expect(one?.actions).toEqual([
    { kind: 'restore', label: 'Restore r2…', role: 'editor', revision: 2 },
    {
      kind: 'open_line',
      label: 'Open line 42',
      role: 'editor',
      file: '/etc/sluice/sluice.yaml',
      line: 42,
      column: 9,
    },
  ])
})

test('more problems of a file are counted', () => {
  expect(problems(rejected(SLIP, SLIP))[0]?.cause).toEndWith('unknown field. Another problem stands in it.')
  expect(problems(rejected(SLIP, SLIP, SLIP))[0]?.cause).toEndWith(
    'unknown field. 2 more problems stand in it.',
  )
})

test('of a file that is right, and waits for a restart, nobody is told to mend it', () => {
  const data = { path: 'data', message: 'found /b, in use is /a: a change needs a restart' }
  const right = { ...data, code: 'needs_restart' }
  expect(problems(rejected(right))[0]).toMatchObject({
    ...{ state: 'rejected', severity: 'warn', title: 'The file on disk waits for a restart' },
    cause: 'data: found /b, in use is /a: a change needs a restart.',
    remedy: 'Restart the gateway to serve the file. Until then r2 serves, and no other change of the file.',
  })
  expect(problems(rejected(right, SLIP))[0]?.title).toBe('The file on disk is not running')
})

test('what was refused of the API is nothing that goes on: the file is what is served', () => {
  expect(problems(rejected(SLIP), { ...DISK, state: 'in_sync' })).toEqual([])
})

test('a file that cannot be read is told with why, and nobody is offered to write where nobody may', () => {
  const disk = {
    ...DISK,
    state: 'unreadable',
    why: '/etc/sluice/sluice.yaml: no file of this name',
    changedMs: null,
  } as const
  const [one] = problems({}, disk)
  expect(one).toMatchObject({
    ...{ state: 'unreadable', severity: 'warn', title: 'The config file cannot be read' },
    cause: '/etc/sluice/sluice.yaml: no file of this name.',
  })
  // What cannot be looked at is not written over.
  expect(one?.actions.map(({ kind }) => kind)).toEqual(['open'])
})

test('a file that says something else is told once it is settled; a read-only one with what a restart does', () => {
  expect(problems({}, { ...DISK, changedMs: NOW_MS - 1000 })).toEqual([])
  expect(problems({}, { ...DISK, state: 'in_sync' })).toEqual([])
  expect(problems({})[0]).toMatchObject({
    ...{ state: 'differs', severity: 'warn', since: '2026-03-01T11:34:00.000Z' },
    title: 'The file on disk is not what is served',
    cause: 'r2 is served, and the file says something else. A restart serves the file.',
  })
  const [locked] = problems({}, { ...DISK, isReadOnly: true })
  expect(locked?.cause).toContain('could not be written into the file: it, or its folder, is read-only.')
  expect(locked?.actions.map(({ kind }) => kind)).toEqual(['open'])
})

test('a change that waits is told with the time that is left, and presses when it is little', () => {
  const inMs = (ms: number) => problems({ unconfirmed: new Date(NOW_MS + ms).toISOString() }, null)[0]
  expect(inMs(90_000)).toMatchObject({
    ...{
      id: 'config:unconfirmed',
      state: 'unconfirmed',
      severity: 'note',
      title: 'r2 waits to be confirmed',
    },
    cause: 'It is served, and is taken back in 1 min unless somebody confirms it.',
  })
  expect(inMs(20_000)).toMatchObject({ severity: 'warn', cause: expect.stringContaining('in 20 s unless') })
  expect(inMs(20_000)?.actions.map(({ kind }) => kind)).toEqual(['confirm', 'roll_back'])
})

test('a change that was taken back is told with why', () => {
  const taken = { revision: 3, why: 'p95 rose from 12 ms to 480 ms' }
  const [one] = problems({ rejected: { time: '2026-03-01T11:34:00.000Z', problems: [], taken_back: taken } })
  expect(one).toMatchObject({
    ...{ state: 'reverted', severity: 'warn', title: 'r3 was taken back' },
    cause: 'P95 rose from 12 ms to 480 ms.',
  })
})
