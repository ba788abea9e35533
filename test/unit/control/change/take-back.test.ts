// Changes that are taken back, over a real applier and a real file: the text comes back with the config.
import { afterEach, expect, spyOn, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Applier } from '../../../../server/control/change/apply.ts'
import { Changes } from '../../../../server/control/change/changes.ts'
import type { NewText } from '../../../../server/control/change/check-given.ts'
import { applyFirst, confirmedOf } from '../../../../server/control/change/confirmation.ts'
import { FilePart } from '../../../../server/control/change/file-part.ts'
import type { Unconfirmed } from '../../../../server/control/change/history.ts'
import type { Checked, Edition } from '../../../../server/control/problem.ts'
import { Totals } from '../../../../server/telemetry/registry.ts'
import { waitFor } from '../../../support/wait.ts'
import { configOf } from '../relay/turn-config.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const valid = (of: Pick<Edition, 'text' | 'from' | 'by' | 'replaces'>): Checked => ({
  is: 'valid',
  edition: { ...of, hash: hashOf(of.text), config: { ...configOf({}), backends: {}, rules: [] } },
})

interface Scene {
  readonly changes: Changes
  readonly file: string
  readonly applier: Applier
  readonly held: (Unconfirmed | null)[]
  /** Settles when one is about to be served while another waits. */
  readonly twoWait: Promise<void>
  /** Texts that take something from a file that is gone. */
  readonly unreadable: Set<string>
  /** What was taken back, each time that changes were over. */
  readonly settled: readonly (number | null)[]
  /** What is served. */
  served(): string | undefined
  onDisk(): string
  apply(text: string, more?: Partial<NewText>): Promise<string>
}

async function scene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'take-back-'))
  folders.push(folder)
  const file = join(folder, 'sluice.yaml')
  writeFileSync(file, 'first')
  let revision = 0
  const applier = new Applier({
    parts: [new FilePart({ file, onWritten: () => {} })],
    restartProblems: () => [],
    isReusable: () => true,
    gather: () => Promise.resolve({ door: null, certificates: {}, challenges: {} }),
    dryRun: () => Promise.resolve(),
    revisionOf: () => ++revision,
    onBug: () => {},
  })
  const held: (Unconfirmed | null)[] = []
  const unreadable = new Set<string>()
  const settled: (number | null)[] = []
  const twoWait = Promise.withResolvers<void>()
  const changes = new Changes({
    file,
    source: {
      read: () =>
        Promise.resolve(valid({ text: readFileSync(file, 'utf8'), from: 'file', by: null, replaces: null })),
      check: (given) =>
        Promise.resolve({
          checked: unreadable.has(given.text) ? { is: 'invalid', problems: [] } : valid(given),
          warnings: [`${file}:1:2 x: warning: odd`],
        }),
      locate: (problems) => Promise.resolve([...problems]),
    },
    totals: new Totals(),
    applier: () => applier,
    history: () => ({
      hold: (unconfirmed) => {
        held.push(unconfirmed)
        if (unconfirmed?.hashes.length === 2) twoWait.resolve()
      },
    }),
    book: () => null,
    onApplied: () => Promise.resolve(),
    tell: () => {},
    onFileRefused: () => {},
    onBegin: () => {},
    onSettled: () => settled.push(changes.rejection?.takenBack?.revision ?? null),
  })
  expect((await changes.reload()).is).toBe('applied')
  return {
    changes,
    file,
    applier,
    held,
    twoWait: twoWait.promise,
    unreadable,
    settled,
    served: () => applier.running?.edition.text,
    onDisk: () => readFileSync(file, 'utf8'),
    apply: async (text, more = {}) => {
      const given = { text, by: 'a test', expected: null, isDryRun: false, confirmWithinMs: null, ...more }
      const { changed, warnings } = await changes.apply(given)
      if (changed.is !== 'rejected') expect(warnings).toEqual([`${file}:1:2 x: warning: odd`])
      return changed.is
    },
  }
}

test('workers that keep dying of a text that was given: the one before comes back, in the file as well', async () => {
  const made = await scene()
  expect(await made.apply('second')).toBe('applied')
  expect([made.served(), made.onDisk()]).toEqual(['second', 'second'])
  made.changes.unsound()
  await waitFor(() => made.changes.rejection !== null)
  expect([made.served(), made.onDisk()]).toEqual(['first', 'first'])
  expect(made.applier.running?.edition).toMatchObject({ from: 'rollback', hash: hashOf('first') })
  expect(made.changes.rejection?.problems[0]?.message).toBe(
    'revision 2 was rolled back: its workers kept dying',
  )
  // Who is told of each end of a change hears of it.
  expect(made.settled.at(-1)).toBe(2)
  expect(made.changes.rejection?.takenBack).toEqual({ revision: 2, why: 'its workers kept dying' })
  // What was given up is nothing to go back to.
  expect([made.changes.rollBack(null), made.changes.takenBack]).toEqual([null, 2])
  await made.changes.reload()
  expect([made.changes.rollBack(null), made.changes.takenBack]).toEqual([null, 2])
  expect(await made.apply('third')).toBe('applied')
  expect(made.changes.takenBack).toBeNull()
})

test('workers that keep dying of what a person wrote: the file stays theirs', async () => {
  const made = await scene()
  writeFileSync(made.file, 'second')
  expect((await made.changes.reload()).is).toBe('applied')
  made.changes.unsound()
  await waitFor(() => made.changes.rejection !== null)
  expect([made.served(), made.onDisk()]).toEqual(['first', 'second'])
  expect(made.changes.rejection?.takenBack?.why).toBe(`its workers kept dying; ${made.file} has another text`)
  // Nobody writes over it unasked.
  expect(await made.apply('third')).toBe('rejected')
  expect(await made.apply('third', { expected: hashOf('second') })).toBe('applied')
})

test('what was applied before a change could be taken back is not taken back with it', async () => {
  const made = await scene()
  await made.apply('second')
  writeFileSync(made.file, 'third')
  const newer = made.changes.reload()
  made.changes.unsound()
  expect((await newer).is).toBe('applied')
  await made.apply('fourth', { isDryRun: true })
  expect([made.served(), made.onDisk(), made.changes.rejection]).toEqual(['third', 'third', null])
})

test('the text to go back to is kept before the change is served, and given up where that comes to nothing', async () => {
  const made = await scene()
  const confirmWithinMs = 60_000
  expect(await made.apply('second', { confirmWithinMs })).toBe('applied')
  expect(made.held.at(-1)).toEqual({ hashes: [hashOf('second')], previous: 'first' })
  made.held.length = 0
  // One that is to be confirmed while another waits: what was confirmed last is what comes back.
  expect(await made.apply('third', { confirmWithinMs })).toBe('applied')
  expect(made.held).toEqual([
    // Whichever of them stands in the file when the gateway is killed: it is not confirmed.
    { hashes: [hashOf('second'), hashOf('third')], previous: 'first' },
    { hashes: [hashOf('third')], previous: 'first' },
  ])
  expect(await made.apply('fourth', { confirmWithinMs, expected: 'aaaaaaaa' })).toBe('rejected')
  expect(made.held.at(-1)).toEqual({ hashes: [hashOf('third')], previous: 'first' })
  expect(made.changes.unconfirmed?.previous.text).toBe('first')
  expect([made.changes.confirm(), made.changes.confirm()]).toEqual([true, false])
  made.changes.stop()
})

test('what is being taken back is confirmed no more, and what came back waits for nothing', async () => {
  const made = await scene()
  expect(await made.apply('second', { confirmWithinMs: 20 })).toBe('applied')
  const confirmed: boolean[] = []
  // The text of before is read anew: by now it is decided.
  spyOn(made.unreadable, 'has').mockImplementation(() => {
    confirmed.push(made.changes.confirm())
    return false
  })
  await waitFor(() => made.changes.rejection !== null)
  expect([confirmed, made.served(), made.changes.unconfirmed]).toEqual([[false], 'first', null])
  expect(await made.apply('third', { confirmWithinMs: 60_000 })).toBe('applied')
  expect(made.changes.confirm()).toBe(true)
})

test('the same text read again, as by a signal for the logs, confirms nothing and is nothing to go back to', async () => {
  const made = await scene()
  expect(await made.apply('second', { confirmWithinMs: 200 })).toBe('applied')
  for (let i = 0; i < 3; i++) expect((await made.changes.reload()).is).toBe('applied')
  expect(made.changes.unconfirmed?.previous.text).toBe('first')
  await waitFor(() => made.changes.rejection !== null)
  expect([made.served(), made.onDisk()]).toEqual(['first', 'first'])
  expect(made.held.at(-1)).toBeNull()

  expect(await made.apply('third')).toBe('applied')
  expect((await made.changes.reload()).is).toBe('applied')
  expect((await made.changes.rollBack(null))?.is).toBe('applied')
  expect([made.served(), made.onDisk()]).toEqual(['first', 'first'])
})

test('what is confirmed while another change is made is what that one would go back to', async () => {
  const made = await scene()
  const confirmWithinMs = 60_000
  await made.apply('second', { confirmWithinMs })
  const third = made.apply('third', { confirmWithinMs })
  await made.twoWait
  expect(made.changes.confirm()).toBe(true)
  expect(made.held.at(-1)).toEqual({ hashes: [hashOf('third')], previous: 'second' })
  expect(await third).toBe('applied')
  expect(made.changes.unconfirmed?.previous.text).toBe('second')
  expect(made.held.at(-1)).toEqual({ hashes: [hashOf('third')], previous: 'second' })
  made.changes.stop()
})

test('two that go back at once go back once, and not from what came after they were asked', async () => {
  const made = await scene()
  await made.apply('second')
  const both = await Promise.all([made.changes.rollBack('one'), made.changes.rollBack('two')])
  expect(both.map((done) => done?.is)).toEqual(['applied', 'rejected'])
  expect(made.served()).toBe('first')
  const third = made.apply('third')
  const back = made.changes.rollBack(null)
  expect([await third, (await back)?.is]).toEqual(['applied', 'rejected'])
  expect([made.served(), made.onDisk()]).toEqual(['third', 'third'])
})

test('what comes back takes its values of other files anew, and the old ones where they cannot be had', async () => {
  const made = await scene()
  const first = made.applier.running?.edition.config
  await made.apply('second')
  await made.changes.rollBack(null)
  expect(made.served()).toBe('first')
  const back = made.applier.running?.edition.config
  expect(back).not.toBe(first)
  await made.apply('third')
  made.unreadable.add('first')
  expect((await made.changes.rollBack(null))?.is).toBe('applied')
  expect([made.served(), made.applier.running?.edition.config === back]).toEqual(['first', true])
})

test('a file that cannot be written keeps nothing in service that was not confirmed', async () => {
  const made = await scene()
  expect(await made.apply('second', { confirmWithinMs: 100 })).toBe('applied')
  // Nothing can be written beside it.
  mkdirSync(join(made.file, '..', '.sluice.yaml.sluice-new'))
  await waitFor(() => made.served() === 'first')
  await waitFor(() => String(made.changes.rejection?.problems[0]?.message).includes('still has its text'))
  expect(made.onDisk()).toBe('second')
  // The next start does not take it for confirmed.
  expect(made.held.at(-1)).toEqual({ hashes: [hashOf('second')], previous: 'first' })
})

test('a start serves what was before, also where that cannot be written; else what stands in the file', async () => {
  const made = await scene()
  const read = made.applier.running?.edition as Edition
  const unconfirmed = { hashes: ['another', read.hash], previous: 'confirmed' }
  const revisionOf = (): number => 7
  const { edition: before, takenBack } = await confirmedOf(
    read,
    { unconfirmed, revisionOf },
    {
      check: (given) => Promise.resolve({ checked: valid(given), warnings: [] }),
    },
  )
  expect(before).toMatchObject({
    ...{ text: 'confirmed', from: 'rollback', replaces: read.hash },
    note: { message: 'it was not confirmed before the gateway ended' },
  })
  expect(takenBack).toEqual({ revision: 7, why: 'it was not confirmed before the gateway ended' })
  mkdirSync(join(made.file, '..', '.sluice.yaml.sluice-new'))
  made.held.length = 0
  const history = { hold: (held: Unconfirmed | null) => void made.held.push(held) }
  expect((await applyFirst(before, history, made.applier)).is).toBe('applied')
  expect([made.served(), made.onDisk(), made.held]).toEqual(['confirmed', 'first', []])

  const problems = [{ path: '', message: 'no such variable' }]
  const check = (): Promise<{ checked: Checked; warnings: [] }> =>
    Promise.resolve({ checked: { is: 'invalid', problems }, warnings: [] })
  expect(await confirmedOf(read, { unconfirmed, revisionOf }, { check })).toEqual({
    ...{ edition: read, takenBack: null },
  })
})
