// Whatever a config says, however it is written, and whatever is changed: it then says what was wanted and
// nothing else, comments of others are all there, and no lines change but those of what was touched.
// SLUICE_FUZZ_RUNS says how many.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { parse, stringify } from 'smol-toml'
import { parseDocument } from 'yaml'
import { editText } from '../../server/config/edit/edit.ts'
import { asGiven, asRead, type Edit, type Value, valueAt, withEdit } from '../../server/config/edit/values.ts'
import type { Plain } from '../../server/config/spell.ts'
import { changedLines } from '../../server/lib/unified-diff.ts'
import { type Random, seededRandom, seedOfRun } from '../support/random.ts'
import { someConfig, someEdit, Writer } from './edit-inputs.ts'

const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 600)
setDefaultTimeout(Math.max(60_000, RUNS * 20))

/** By a reader that is not ours. */
const readByOther = (text: string): unknown =>
  parseDocument(text, { uniqueKeys: false, stringKeys: true, logLevel: 'silent' }).toJS()

const commentsIn = (text: string): string[] =>
  (text.match(/# (?:\d+ (?:above|aside)|head|the end)/g) ?? []).toSorted()

/** How many lines a value may take. */
function linesOf(value: Value): number {
  if (value instanceof Map) return 1 + [...value.values()].reduce((sum, one) => sum + linesOf(one), 0)
  if (Array.isArray(value)) return 1 + value.reduce((sum: number, one: Value) => sum + linesOf(one), 0)
  return typeof value === 'string' ? value.split('\n').length + 1 : 1
}

interface Case {
  readonly text: string
  readonly before: Value
  readonly edit: Edit
}

/** Most lines that may go and come: of what was touched, its comments, a blank line, a key beside it. */
function mostLines({ text, before, edit }: Case): number {
  const old = valueAt(before, edit.path)
  const comments = commentsIn(text).length
  const around = 4 + comments
  if (edit.do === 'move') return 2 * (linesOf(valueAt(before, edit.path.slice(0, -1))) + around)
  const own = edit.do === 'insert' ? 0 : old === undefined ? 0 : 2 * linesOf(old)
  return own + ('to' in edit && typeof edit.to === 'object' ? 2 * linesOf(asRead(edit.to)) : 3) + around
}

function check(random: Random): void {
  const config = someConfig(random)
  const text = new Writer(random).write(config)
  const before = asRead(config)
  const edit = someEdit(random, config)
  const goal = withEdit(before, edit)
  const edited = editText('a.yaml', text, [edit])
  const told = (): string => JSON.stringify({ edit, edited, text }, null, 1)
  if ('refused' in edited) throw new Error(`refused: ${told()}`)
  // 1. It says what was wanted, also to a reader that is not ours.
  const read = readByOther(edited.text)
  if (!Bun.deepEquals(read, asGiven(goal) as Plain)) throw new Error(`another meaning: ${told()}`)
  // 2. No comment goes, unless it was one of what went.
  const [old, now] = [commentsIn(text), commentsIn(edited.text)]
  const isGoing =
    edit.do === 'remove' || (edit.do === 'set' && typeof valueAt(before, edit.path) === 'object')
  const isKept = isGoing ? now.every((one) => old.includes(one)) : now.join() === old.join()
  if (!isKept) throw new Error(`comments: ${told()}`)
  // 3. No line changes but those of what was touched.
  const { went, came } = changedLines(text, edited.text)
  if (went + came > mostLines({ text, before, edit })) throw new Error(`${went} - ${came} +: ${told()}`)
  // 4. Lines end as they did.
  if (text.includes('\r\n') && /[^\r]\n/.test(edited.text)) throw new Error(`line ends: ${told()}`)
}

/** In TOML a list of tables takes nothing else: false where an edit would make it do so, and is refused. */
function checkToml(random: Random): boolean {
  const config = someConfig(random)
  let count = 0
  const lines = stringify(config).split('\n')
  const text = `${lines.map((line) => (line !== '' && random.below(4) === 0 ? `# ${count++} above\n${line}` : line)).join('\n')}\n`
  const edit = someEdit(random, config)
  const edited = editText('a.toml', text, [edit])
  if ('refused' in edited) return false
  const told = (): string => JSON.stringify({ edit, edited, text }, null, 1)
  const goal = asGiven(withEdit(asRead(config), edit)) as Plain
  if (!Bun.deepEquals(JSON.parse(JSON.stringify(parse(edited.text))), goal))
    throw new Error(`another meaning: ${told()}`)
  const [old, now] = [commentsIn(text), commentsIn(edited.text)]
  const isGoing = edit.do === 'remove' || edit.do === 'set'
  if (!(isGoing ? now.every((one) => old.includes(one)) : now.join() === old.join()))
    throw new Error(`comments: ${told()}`)
  return true
}

/** Tries it on inputs of its own seeds; how often it was so. */
function times(runs: number, isSo: (random: Random) => boolean): number {
  const first = seedOfRun()
  let count = 0
  for (let run = 0; run < runs; run++)
    try {
      if (isSo(seededRandom(first + run))) count++
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`SLUICE_SEED=${first + run}: ${why}`, { cause: error })
    }
  return count
}

test('an edit of YAML says what was wanted, keeps all else, and is never refused', () => {
  const done = times(RUNS, (random) => {
    check(random)
    return true
  })
  expect(done).toBe(RUNS)
})

test('of a large file as well, of which only what was changed is read again', () => {
  const large = Array.from({ length: 900 }, (_, i) => ({ name: `n${i}`, url: `http://10.0.0.1:${i}` }))
  const done = times(RUNS / 60, (random) => {
    const config = { large, ...someConfig(random) }
    const { large: all, ...others } = config
    const text = new Writer(random).write(config)
    const edit = someEdit(random, random.below(2) === 0 ? { large: all.slice(0, 3) } : others)
    const edited = editText('a.yaml', text, [edit])
    if ('refused' in edited) throw new Error(edited.refused)
    const goal = asGiven(withEdit(asRead(config), edit)) as Plain
    if (!Bun.deepEquals(readByOther(edited.text), goal)) throw new Error(JSON.stringify(edit))
    return true
  })
  expect(done).toBe(Math.ceil(RUNS / 60))
})

test('an edit of TOML says what was wanted, and keeps the comments of others', () => {
  expect(times(RUNS, checkToml)).toBeGreaterThan(RUNS * 0.8)
})
