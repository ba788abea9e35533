// Where the cursor is in a YAML text: the path to it, and whether a key or a value is written there.
import { yamlLanguage } from '@codemirror/lang-yaml'
import type { SyntaxNode } from '@lezer/common'
import type { Step } from './schema-walk.ts'

export interface Place {
  /** To the map that a key is of, or to the value. */
  readonly path: readonly Step[]
  /** item: of a list, where either may begin. */
  readonly kind: 'key' | 'value' | 'item'
  /** Where the word at the cursor begins and ends. */
  readonly from: number
  readonly to: number
  /** Keys that the map has already. */
  readonly siblings: readonly string[]
}

const WORD = /[A-Za-z0-9_$-]*$/
/** No key: it stands in for one that is being written. */
const STAND_IN = 'zZcursorZz'

/**
 * The place at a position. What is written there may be no YAML yet, so that a word stands in for it, and
 * only the section around it (from one key at the margin to the next) is parsed.
 */
export function placeAt(text: string, position: number): Place | null {
  const lineFrom = text.lastIndexOf('\n', position - 1) + 1
  const lineTo = lineEnd(text, position)
  const before = text.slice(lineFrom, position)
  if (isInComment(before)) return null
  const kind = kindOf(before)
  if (kind === null) return null
  const word = kind === 'value' ? valueWord(before) : (WORD.exec(before)?.[0] ?? '')
  const from = position - word.length
  const rest = text.slice(position, lineTo)
  const to = position + (kind === 'value' ? 0 : (/^[A-Za-z0-9_$-]*/.exec(rest)?.[0].length ?? 0))
  const isKeyed = /^\s*:(\s|$)/.test(text.slice(to, lineTo))
  const isInFlow = /[[{][^\]}]*$/.test(before)
  const put = kind === 'value' || isInFlow || isKeyed ? STAND_IN : `${STAND_IN}: 0`
  const section = partAround(text, lineFrom)
  const tail = kind === 'value' && !isInFlow ? text.slice(lineTo, section.to) : text.slice(to, section.to)
  const head = section.above + text.slice(section.from, from)
  const parsed = `${head}${put}${tail}`
  const node = yamlLanguage.parser.parse(parsed).resolveInner(head.length + 1, 0)
  const found = pathOf(node, parsed)
  if (found.isKey)
    return {
      path: found.path.slice(0, -1),
      kind: kind === 'item' ? 'item' : 'key',
      from,
      to,
      siblings: found.siblings,
    }
  return { path: found.path, kind: kind === 'item' ? 'item' : 'value', from, to, siblings: [] }
}

/** The path of the key or value at a position of a text that is whole. */
export function pathAt(text: string, position: number): readonly Step[] | null {
  const section = partAround(text, text.lastIndexOf('\n', position - 1) + 1)
  const part = section.above + text.slice(section.from, section.to)
  const place = position - section.from + section.above.length
  const node = yamlLanguage.parser.parse(part).resolveInner(place, 0)
  if (!node.name.endsWith('Literal')) return null
  return pathOf(node, part).path
}

/** Names below a key at the margin: of backends, of listeners. */
export function namesBelow(text: string, section: string): string[] {
  const start = new RegExp(`^${section}\\s*:`, 'm').exec(text)
  if (start === null) return []
  const part = text.slice(start.index, sectionOf(text, start.index).to)
  const names: string[] = []
  const pair = yamlLanguage.parser.parse(part).topNode.getChild('Document')?.getChild('BlockMapping')
  const map = pair?.getChild('Pair')?.lastChild
  for (let one = map?.firstChild ?? null; one !== null; one = one.nextSibling)
    if (one.name === 'Pair') names.push(keyOf(one, part))
  return names
}

function kindOf(before: string): Place['kind'] | null {
  const bare = before.replace(WORD, '')
  if (/^\s*$/.test(bare) || /[{]\s*$/.test(bare)) return 'key'
  if (/(?:^|\s)-\s+$/.test(bare) || /\[\s*$/.test(bare)) return 'item'
  if (/,\s*$/.test(bare)) return before.lastIndexOf('{') > before.lastIndexOf('[') ? 'key' : 'item'
  return /:\s+[^\s,{}[\]]*$/.test(before) ? 'value' : null
}

const valueWord = (before: string): string => /[^\s,{}[\]]*$/.exec(before)?.[0] ?? ''

const isInComment = (before: string): boolean =>
  /(?:^|\s)#/.test(before.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, ''))

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

/** From the last line with a key at the margin to the next one. */
function sectionOf(text: string, lineFrom: number): { readonly from: number; readonly to: number } {
  let from = lineFrom
  while (from > 0 && !/[^\s#-]/.test(text[from] ?? '')) from = text.lastIndexOf('\n', from - 2) + 1
  let to = lineEnd(text, lineFrom)
  while (to < text.length && !/[^\s#-]/.test(text[to + 1] ?? ' ')) to = lineEnd(text, to + 1)
  return { from, to }
}

/** What is longer is not parsed as a whole at each key. */
const PART_CHARS_MAX = 20_000

interface Part {
  readonly from: number
  readonly to: number
  /** Stands for what is left out before it. */
  readonly above: string
}

/**
 * The section around a line; of a long one its first line and the item around that line, as if it were the
 * only one: what may stand in it is the same.
 */
function partAround(text: string, lineFrom: number): Part {
  const { from, to } = sectionOf(text, lineFrom)
  const whole = { from, to, above: '' }
  if (to - from < PART_CHARS_MAX || lineFrom === from) return whole
  const keyEnd = lineEnd(text, from)
  const indent = /\n( *)[^\s#]/.exec(text.slice(keyEnd, keyEnd + PART_CHARS_MAX))?.[1]
  if (indent === undefined) return whole
  const begins = new RegExp(`^ {0,${indent.length}}[^\\s#]`)
  let start = lineFrom
  while (start > keyEnd && !begins.test(text.slice(start, start + indent.length + 1)))
    start = text.lastIndexOf('\n', start - 2) + 1
  let end = lineEnd(text, lineFrom)
  while (end < to && !begins.test(text.slice(end + 1, end + indent.length + 2))) end = lineEnd(text, end + 1)
  return start <= keyEnd ? whole : { from: start, to: end, above: text.slice(from, keyEnd + 1) }
}

interface Found {
  readonly path: readonly Step[]
  readonly isKey: boolean
  readonly siblings: readonly string[]
}

/** Up from a node of the tree. */
function pathOf(start: SyntaxNode, text: string): Found {
  const path: Step[] = []
  let isKey = false
  let siblings: string[] = []
  for (let node: SyntaxNode | null = start; node !== null; node = node.parent) {
    const parent: SyntaxNode | null = node.parent
    if (node.name === 'Pair') path.unshift(keyOf(node, text))
    else if (node.name === 'Key' && path.length === 0 && parent !== null) {
      isKey = true
      siblings = siblingsOf(parent, text)
    } else if (node.name === 'Item') path.unshift(placeOf(node))
  }
  return { path, isKey, siblings }
}

function keyOf(pair: SyntaxNode, text: string): string {
  const key = pair.getChild('Key')
  return key === null ? '' : text.slice(key.from, key.to).replace(/^(["'])(.*)\1$/, '$2')
}

function siblingsOf(pair: SyntaxNode, text: string): string[] {
  const names: string[] = []
  for (let one = pair.parent?.firstChild ?? null; one !== null; one = one.nextSibling)
    if (one.name === 'Pair' && one.from !== pair.from) names.push(keyOf(one, text))
  return names
}

function placeOf(item: SyntaxNode): number {
  let place = 0
  for (let one = item.prevSibling; one !== null; one = one.prevSibling) if (one.name === 'Item') place++
  return place
}
