// Writes a config of the short form in the long one. Its lines stay as they are, but for their indent and a
// few keys; comments go where their lines go.
import { isShort, SHORT_KEYS } from '../short.ts'
import { syntaxOf } from '../spell.ts'
import { BlockRows } from './block-rows.ts'
import { longValue } from './config-edit.ts'
import type { Edited } from './edit.ts'
import { lineEnd, lineStart, type Member, memberAt } from './piece.ts'
import { Sheet } from './sheet.ts'
import { tomlToLong } from './toml-to-long.ts'
import { isExtension } from '../tree.ts'
import { treeIn } from './tree-in.ts'
import { asGiven, isList, isMap, isSame, type Value, valueAt, withEdit } from './values.ts'

const ENDPOINTS = { health: '/_health', metrics: '/_metrics' }

/** The same config in the long form; a text that is in it already stays as it is. */
export function toLongText(file: string, text: string): Edited {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const clean = text.slice(mark.length)
  const tree = treeIn(file, clean)
  if (tree === null) return { refused: 'the file cannot be read', index: 0 }
  if (!isShort(tree)) return { text, isReformatted: false }
  const goal = longValue(file, clean)
  for (const made of writings(file, clean)) {
    const read = longValue(file, made)
    const isGoal = goal !== null && read !== null && isSame(comparable(read), comparable(goal))
    if (isGoal) return { text: mark + made, isReformatted: false }
  }
  return { refused: 'it cannot be written in the long form by itself: edit the file by hand', index: 0 }
}

/**
 * Without what the two forms tell in different ways: of a rule without steps the short form says that it has
 * none, and the long one nothing; keys of the user's own are left out of the one.
 */
function comparable(value: Value): Value {
  if (!isMap(value)) return value
  const own = new Map([...value].filter(([key]) => !isExtension(key)))
  const steps = valueAt(own, ['rules', 0, 'middleware'])
  const isEmpty = isList<Value>(steps) && steps.length === 0
  return isEmpty ? withEdit(own, { do: 'remove', path: ['rules', 0, 'middleware'] }) : own
}

function* writings(file: string, text: string): Generator<string> {
  const syntax = syntaxOf(file)
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  if (syntax === 'toml') yield tomlToLong(text, newline)
  const sheet = syntax === 'toml' ? null : Sheet.read(file, text.endsWith('\n') ? text : text + newline)
  if (sheet === null) return
  if (!sheet.root.isFlow) yield new LongWriter(sheet).write()
  // In brackets there is nothing of the form that could stay.
  const value = asGiven(comparable(longValue(file, text) ?? null))
  if (sheet.habits.isJson && value !== null)
    yield `${JSON.stringify(value, null, sheet.habits.step || 2).replaceAll('\n', newline)}${newline}`
}

/** Of a text without brackets around it. */
class LongWriter {
  readonly #sheet: Sheet
  readonly #rows: BlockRows
  readonly #newline: string

  constructor(sheet: Sheet) {
    this.#sheet = sheet
    this.#rows = new BlockRows(sheet.text, sheet.root, true)
    this.#newline = sheet.habits.newline
  }

  write(): string {
    const { text, root } = this.#sheet
    const { members } = root
    const [listener, backend, match, steps, rest, first]: string[][] = [[], [], [], [], [], []]
    for (const [index, member] of members.entries()) {
      const chunk = this.#chunk(index)
      const key = member.key ?? ''
      if (key === 'listen') listener?.unshift(this.#in(renamed(chunk, member, 'bind'), 4))
      else if (SHORT_KEYS.listener.some((one) => one === key)) listener?.push(this.#in(chunk.text, 4))
      else if (key === 'backends') backend?.unshift(this.#in(renamed(chunk, member, 'servers'), 4))
      else if (SHORT_KEYS.backend.includes(key)) backend?.push(this.#in(chunk.text, 4))
      else if (key === 'match') match?.push(this.#in(chunk.text, 4))
      else if (key === 'middleware') steps?.push(this.#list(index))
      else if (SHORT_KEYS.steps.includes(key)) steps?.push(this.#step(chunk))
      // They may hold anchors, which stand before what names them.
      else if (isExtension(key)) first?.push(chunk.text)
      else rest?.push(chunk.text)
    }
    if (!members.some(({ key }) => key === 'status_endpoints')) listener?.push(this.#endpoints())
    const head = text.slice(0, this.#rows.linesOf(0).from)
    const tail = text.slice(this.#rows.linesOf(members.length - 1).to)
    const line = (said: string): string => said + this.#newline
    const middleware = steps?.length === 0 ? '' : line('    middleware:') + steps?.join('')
    return [
      head,
      first?.length === 0 ? '' : first?.join('') + this.#newline,
      line('listeners:') + line('  default:') + listener?.join(''),
      this.#newline,
      line('backends:') + line('  default:') + backend?.join(''),
      this.#newline,
      line('rules:') +
        line('  - name: default') +
        match?.join('') +
        middleware +
        line('    backend: default'),
      rest?.length === 0 ? '' : this.#newline + rest?.join(''),
      tail,
    ].join('')
  }

  /** A member with its comments, and the free ones before it. */
  #chunk(index: number): Chunk {
    const { text } = this.#sheet
    const { to, from: own } = this.#rows.linesOf(index)
    const from = index === 0 ? own : this.#rows.linesOf(index - 1).to
    // Blank lines set apart what stood there before.
    const blank = /^(?:[ \t]*\r?\n)*/.exec(text.slice(from, to))?.[0].length ?? 0
    const member = memberAt(this.#sheet.root, index)
    return { text: text.slice(from + blank, to), keyAt: lineStart(text, member.at) - from - blank }
  }

  #in(chunk: string, columns: number): string {
    return chunk.replaceAll(/^(?=[^\r\n])/gm, ' '.repeat(columns))
  }

  #step({ text, keyAt }: Chunk): string {
    const [lead, own] = [text.slice(0, keyAt), text.slice(keyAt)]
    return `${this.#in(lead, 6)}      - ${this.#in(own, 8).slice(8)}`
  }

  /** The items of a list, as far in as steps by their names, below the comments of its key. */
  #list(index: number): string {
    const { text, root } = this.#sheet
    const { end, value } = memberAt(root, index)
    const { text: chunk, keyAt } = this.#chunk(index)
    const lead = this.#in(chunk.slice(0, keyAt), 6)
    if (value.isFlow) {
      const items = value.members.map(
        ({ value: { from, end: to } }) => `      - ${text.slice(from, to)}${this.#newline}`,
      )
      return lead + items.join('')
    }
    const { column } = new BlockRows(text, value, false)
    const lines = text.slice(lineEnd(text, end), this.#rows.linesOf(index).to)
    return lead + lines.replaceAll(new RegExp(`^ {${column}}`, 'gm'), '      ')
  }

  /** Who wrote the short form had them without saying so. */
  #endpoints(): string {
    const { health, metrics } = ENDPOINTS
    return `    status_endpoints: { health: ${health}, metrics: ${metrics} }${this.#newline}`
  }
}

interface Chunk {
  readonly text: string
  /** Where the line of its key begins in it. */
  readonly keyAt: number
}

const renamed = ({ text, keyAt }: Chunk, { at, end }: Member, to: string): string =>
  text.slice(0, keyAt) + to + text.slice(keyAt + end - at)
