// A map at the top of a config that an edit has emptied: what says nothing any more goes, and the comments
// that stand about it stay, apart from those of its neighbours.
import { syntaxOf } from '../spell.ts'
import { treeIn } from './tree-in.ts'
import { editText } from './edit.ts'
import { isMap, isSame, type Value, valueOf } from './values.ts'

/** The maps at the top that are empty, and were not before. */
export const emptiedKeys = (before: Value, after: Value): readonly string[] =>
  isMap(after)
    ? [...after.keys()].filter((key) => isEmpty(after.get(key)) && !isEmpty(valueIn(before, key)))
    : []

const isEmpty = (value: Value): boolean => isMap(value) && value.size === 0
const valueIn = (value: Value, key: string): Value => (isMap(value) ? value.get(key) : undefined)

/** The text without these keys; one that cannot go alone stays, as what it says does no harm. */
export function withoutEmptied(file: string, text: string, keys: readonly string[]): string {
  let made = text
  for (const key of keys) made = withoutKey(file, made, key) ?? made
  return made
}

function withoutKey(file: string, text: string, key: string): string | null {
  const value = read(file, text)
  if (!isMap(value) || !isEmpty(value.get(key))) return null
  const goal = new Map(value)
  goal.delete(key)
  for (const candidate of candidates(file, text, key))
    if (isSame(read(file, candidate), goal)) return candidate
  return null
}

function* candidates(file: string, text: string, key: string): Generator<string> {
  const lines = text.split(/(?<=\n)/)
  // 1. In lines of its own: `key: {}`, `key = {}`, `[key]`.
  for (const [index, line] of lines.entries()) {
    const behind = behindEmpty(line.replace(/^\uFEFF/, ''), key)
    if (behind !== null) yield withoutLines(lines, index, behind)
  }
  // 2. In brackets, as in JSON: of comments within them nobody knows whose they are.
  if (syntaxOf(file) !== 'json' && text.includes('#')) return
  const edited = editText(file, text, [{ do: 'remove', path: [key] }])
  if (!('refused' in edited)) yield edited.text
}

/** The comment behind a map that is empty, or nothing; null: the line is another. */
function behindEmpty(line: string, key: string): string | null {
  const [, bare, section, behind = ''] =
    /^(?:["']?([A-Za-z_]+)["']?[ \t]*[:=][ \t]*\{[ \t]*\}|\[[ \t]*([A-Za-z_]+)[ \t]*\])[ \t]*(#[^\r\n]*)?\r?\n?$/.exec(
      line,
    ) ?? []
  return (bare ?? section) === key ? behind : null
}

function withoutLines(lines: readonly string[], index: number, behind: string): string {
  const mark = lines[index]?.startsWith('\uFEFF') === true ? '\uFEFF' : ''
  const newline = lines.some((line) => line.endsWith('\r\n')) ? '\r\n' : '\n'
  const below = commentsBelow(lines, index + 1)
  const [before, after] = [lines.slice(0, index), lines.slice(below)]
  const kept = [...(behind === '' ? [] : [behind + newline]), ...outdented(lines.slice(index + 1, below))]
  const isAbout = kept.length > 0 || before.at(-1)?.startsWith('#') === true
  if (!isAbout) {
    // Blank lines on both sides of it: one side stays.
    if (before.length === 0 || isSetApart(before.at(-1)))
      while (after[0] !== undefined && isBlank(after[0])) after.shift()
    if (after.length === 0 && before.length > 0 && isSetApart(before.at(-1))) before.pop()
    return mark + [...before, ...after].join('')
  }
  // Comments about this map are not taken for those of what comes next, or for the end of what was before.
  const isBehindBlock = kept.length > 0 && /^[ \t]/.test(before.at(-1) ?? '') && !isSetApart(before.at(-1))
  const [above, under] = [isBehindBlock ? newline : '', isSetApart(after[0]) ? '' : newline]
  return mark + [...before, above, ...kept, under, ...after].join('')
}

const isSetApart = (line: string | undefined): boolean => line === undefined || isBlank(line)

/** Comments as far to the left as they can go together. */
function outdented(lines: readonly string[]): readonly string[] {
  const margin = Math.min(...lines.filter((line) => !isBlank(line)).map((line) => line.search(/\S/)))
  return lines.map((line) => (isBlank(line) ? line.replace(/^[ \t]+/, '') : line.slice(margin)))
}

const isBlank = (line: string): boolean => line.trim() === ''

/** Behind the last comment that is written further in, right below. */
function commentsBelow(lines: readonly string[], from: number): number {
  let end = from
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (isBlank(line)) continue
    if (!/^[ \t]+#/.test(line)) break
    end = at + 1
  }
  return end
}

function read(file: string, text: string): Value {
  const tree = treeIn(file, text.replace(/^\uFEFF/, ''))
  return tree === null ? undefined : valueOf(tree)
}
