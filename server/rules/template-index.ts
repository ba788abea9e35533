// Rules by paths with parameters: a trie of segments. A request's path goes down by the text of each segment
// and, beside that, by a parameter; rules that stand behind the best so far are not looked for.
import type { Segment } from '../lib/path-template.ts'
import type { Steps } from '../lib/slices.ts'
import type { Asked } from './asked.ts'
import { type Candidate, HeaderIndex } from './header-index.ts'

export interface TemplateEntry<R> {
  readonly segments: readonly Segment[]
  readonly candidate: Candidate<R>
}

interface Node<R> {
  /** Order of the first rule from here on. */
  readonly least: number
  readonly texts: ReadonlyMap<string, Node<R>>
  readonly one: Node<R> | null
  /** Of templates that end here. */
  readonly ends: HeaderIndex<R> | null
  /** Of those that take all that is left. */
  readonly rest: HeaderIndex<R> | null
}

export class TemplateIndex<R> {
  readonly #root: Node<R>

  private constructor(root: Node<R>) {
    this.#root = root
  }

  /** Makes one in steps: there may be many rules. */
  static *steps<R>(entries: readonly TemplateEntry<R>[]): Steps<TemplateIndex<R>> {
    const root = new Draft<R>()
    for (const [place, { segments, candidate }] of entries.entries()) {
      root.add(segments, candidate)
      if (place % STEP === STEP - 1) yield
    }
    return new TemplateIndex<R>(yield* root.steps())
  }

  /** The first rule that holds for the request under this path, or `best` when none goes before it. */
  first(asked: Asked, best: Candidate<R>): Candidate<R> {
    return asked.path.startsWith('/') ? walk(this.#root, 1, asked, best) : best
  }
}

/** So many are put in place between two places where the work may pause. */
const STEP = 64

/** `from`: where the next segment begins; behind the end there is none. */
function walk<R>(node: Node<R>, from: number, asked: Asked, best: Candidate<R>): Candidate<R> {
  if (node.least >= best.order) return best
  const { path } = asked
  if (from > path.length) return node.ends?.first(asked, best) ?? best
  let found = node.rest?.first(asked, best) ?? best
  const slash = path.indexOf('/', from)
  const end = slash < 0 ? path.length : slash
  const text = node.texts.size > 0 ? node.texts.get(path.slice(from, end)) : undefined
  if (text !== undefined) found = walk(text, end + 1, asked, found)
  if (node.one !== null && end > from) found = walk(node.one, end + 1, asked, found)
  return found
}

/** A node while rules are added. */
class Draft<R> {
  readonly #texts = new Map<string, Draft<R>>()
  readonly #ends: Candidate<R>[] = []
  readonly #rest: Candidate<R>[] = []
  #one: Draft<R> | null = null

  add([first, ...more]: readonly Segment[], candidate: Candidate<R>): void {
    if (first === undefined) this.#ends.push(candidate)
    else if (first.is === 'rest') this.#rest.push(candidate)
    else if (first.is === 'one') (this.#one ??= new Draft()).add(more, candidate)
    else {
      const known = this.#texts.get(first.text) ?? new Draft<R>()
      this.#texts.set(first.text, known)
      known.add(more, candidate)
    }
  }

  *steps(): Steps<Node<R>> {
    const texts = new Map<string, Node<R>>()
    for (const [text, draft] of this.#texts) {
      texts.set(text, yield* draft.steps())
      if (texts.size % STEP === 0) yield
    }
    const one = this.#one === null ? null : yield* this.#one.steps()
    const ends = this.#ends.length > 0 ? new HeaderIndex(this.#ends) : null
    const rest = this.#rest.length > 0 ? new HeaderIndex(this.#rest) : null
    const below = [...texts.values(), one, ends, rest].map((part) => part?.least ?? Number.POSITIVE_INFINITY)
    return { least: below.reduce((a, b) => Math.min(a, b)), texts, one, ends, rest }
  }
}
