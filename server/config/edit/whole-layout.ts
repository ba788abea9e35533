// The layout of a text with anchors, texts over several lines and all else that YAML has, by its library.
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { endOf, OPTIONS } from '../read-yaml.ts'
import type { Offset } from '../tree.ts'
import { LazyPiece, type Member, type Piece } from './piece.ts'

/** Null: it cannot be read. */
export function wholeLayout(text: string): Piece | null {
  try {
    const document = parseDocument(text, { ...OPTIONS, keepSourceTokens: true })
    if (document.errors.length > 0) return null
    return pieceOf(document.contents, { text, at: 0, from: null })
  } catch {
    return null
  }
}

interface Around {
  readonly text: string
  /** Where it would stand when there is nothing. */
  readonly at: Offset
  /** Where its anchor or tag begins; null: it has none. */
  readonly from: Offset | null
}

function pieceOf(node: unknown, { text, at, from }: Around): Piece {
  const isNode = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)
  const end = endOf(node, text)
  if (!isNode || !node.range) return nothingAt(at)
  const [start] = node.range
  const isEmpty = isScalar(node) && node.range[1] === start
  if (isEmpty || (end === null && !isMap(node) && !isSeq(node))) return nothingAt(at)
  const span = { at: start, end: end ?? start, from: from ?? start }
  if (isAlias(node)) return new LazyPiece({ is: 'alias', isFlow: false, ...span })
  if (isScalar(node)) return new LazyPiece({ is: 'scalar', isFlow: false, ...span })
  const isFlow = node.flow === true
  return isMap(node)
    ? new LazyPiece({ is: 'map', isFlow, ...span }, () => entriesOf(node, text))
    : new LazyPiece({ is: 'list', isFlow, ...span }, () => itemsOf(node, text))
}

const nothingAt = (at: Offset): Piece =>
  new LazyPiece({ is: 'nothing', at, end: at, from: at, isFlow: false })

/** What the parser cut the text into; the library's types for it differ by kind, and we ask for these. */
interface Token {
  readonly type: string
  readonly offset: number
  readonly source?: string
}
interface Cut {
  readonly start?: readonly Token[]
  readonly sep?: readonly Token[]
}

function entriesOf(node: YAMLMap, text: string): Member[] {
  return node.items.flatMap((pair: Pair) => {
    const { key, value } = pair
    if (!isScalar(key) || !key.range) return []
    const [at, end] = key.range
    const { sep = [] } = (pair.srcToken ?? {}) as Cut
    const colon = sep.find(({ type }) => type === 'map-value-ind')
    const name = key.source ?? String(key.value)
    const behind = colon === undefined ? end : colon.offset + 1
    return [{ key: name, at, end, value: pieceOf(value, { text, at: behind, from: propsIn(sep, behind) }) }]
  })
}

function itemsOf(node: YAMLSeq, text: string): Member[] {
  const { items: cuts = [] } = (node.srcToken ?? {}) as { items?: readonly Cut[] }
  return node.items.map((item, index) => {
    const { start = [] } = cuts[index] ?? {}
    const dash = start.find(({ type }) => type === 'seq-item-ind')
    const behind = dash === undefined ? 0 : dash.offset + 1
    // In brackets "a: 1" may be an item: nothing is done there.
    const held = isPair(item) ? null : item
    const value = pieceOf(held, { text, at: behind, from: propsIn(start, behind) })
    const at = dash?.offset ?? value.from
    return { key: null, at, end: dash === undefined ? at : at + 1, value }
  })
}

/** Where an anchor or a tag begins behind the colon or dash. */
function propsIn(tokens: readonly Token[], behind: Offset): Offset | null {
  const found = tokens.find(({ type, offset }) => offset >= behind && (type === 'anchor' || type === 'tag'))
  return found?.offset ?? null
}
