// Changes that are taken back, over a real applier and a real file: the text comes back with the config.
import { afterEach, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Applier } from '../../../../server/control/change/apply.ts'
import { Changes, type NewText } from '../../../../server/control/change/changes.ts'
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
    gather: () => Promise.resolve({ door: null, certificates: {} }),
    dryRun: () => Promise.resolve(),
    revisionOf: () => ++revision,
    onBug: () => {},
  })
  const held: (Unconfirmed | null)[] = []
  const changes = new Changes({
    file,
    source: {
      read: () =>
        Promise.resolve(valid({ text: readFileSync(file, 'utf8'), from: 'file', by: null, replaces: null })),
      check: (given) => Promise.resolve({ checked: valid(given), warnings: [`${file}:1:2 x: warning: odd`] }),
      locate: (problems) => Promise.resolve([...problems]),
    },
    totals: new Totals(),
    applier: () => applier,
    history: () => ({ hold: (unconfirmed) => void held.push(unconfirmed) }),
    onApplied: () => Promise.resolve(),
    tell: () => {},
    onBegin: () => {},
    onSettled: () => {},
  })
  expect((await changes.reload()).is).toBe('applied')
  return {
    changes,
    file,
    applier,
    held,
    served: () => applier.running?.edition.text,
    onDisk: () => readFileSync(file, 'utf8'),
    apply: async (text, more = {}) => {
      const given = { text, by: 'a test', expected: null, isDryRun: false, confirmWithinMs: null, ...more }
      const { changed, warnings } = await changes.apply(given)
      if (changed.is !== 'rejected') expect(warnings).toEqual([':1:2 x: warning: odd'])
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
  // What was given up is nothing to go back to.
  expect(made.changes.rollBack(null)).toBeNull()
})

test('workers that keep dying of what a person wrote: the file stays theirs', async () => {
  const made = await scene()
  writeFileSync(made.file, 'second')
  expect((await made.changes.reload()).is).toBe('applied')
  made.changes.unsound()
  await waitFor(() => made.changes.rejection !== null)
  expect([made.served(), made.onDisk()]).toEqual(['first', 'second'])
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
  expect(made.held).toEqual([null, { hash: hashOf('second'), previous: 'first' }])
  made.held.length = 0
  // One that is to be confirmed while another waits: what was confirmed last is what comes back.
  expect(await made.apply('third', { confirmWithinMs })).toBe('applied')
  expect(made.held).toEqual([{ hash: hashOf('third'), previous: 'first' }])
  made.held.length = 0
  expect(await made.apply('fourth', { confirmWithinMs, expected: 'aaaaaaaa' })).toBe('rejected')
  expect(made.held).toEqual([])
  expect(made.changes.unconfirmed?.previous.text).toBe('first')
  expect([made.changes.confirm(), made.changes.confirm()]).toEqual([true, false])
  made.changes.stop()
})
