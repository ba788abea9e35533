// What a filter of rules lets through: words anywhere in a rule, or of one part of it.
import { isMap, type JsonMap } from '../../data/merge.ts'
import { backendsOf, destinationOf, matchParts, patternTexts, stepsOf } from '../../data/rule-words.ts'
import type { ShownRule } from './shown-rules.ts'

export const FILTER_HINT = 'host, path, is:shadowed, is:never'

type Is = 'shadowed' | 'never' | 'draft'

interface Searched {
  readonly all: string
  readonly host: string
  readonly path: string
  readonly method: string
  readonly backend: string
  readonly middleware: string
}

/** A rule that stays the same is read once. */
const known = new WeakMap<JsonMap, Searched>()

function searchedOf(rule: JsonMap, id: string): Searched {
  const found = known.get(rule)
  if (found !== undefined) return found
  const match = isMap(rule['match']) ? rule['match'] : {}
  const to = destinationOf(rule)
  const of = (part: string): string => patternTexts(match[part]).join('\n').toLowerCase()
  const made: Searched = {
    host: `${of('host')}\n${of('server_name')}`,
    ...{ path: of('path'), method: of('method') },
    backend: backendsOf(rule).join('\n').toLowerCase(),
    middleware: stepsOf(rule).join('\n'),
    all: [
      ...[id, ...matchParts(rule).flatMap(({ name, values }) => [name ?? '', ...values])],
      ...('name' in to ? [to.name] : 'to' in to ? [to.to] : backendsOf(rule)),
      ...stepsOf(rule),
    ]
      .join('\n')
      .toLowerCase(),
  }
  known.set(rule, made)
  return made
}

const IS: Readonly<Record<Is, (one: ShownRule) => boolean>> = {
  shadowed: ({ item }) => item?.live?.shadowed_by !== undefined,
  never: ({ item }) => item?.live?.matches === 0,
  draft: ({ draft, isMoved }) => draft !== null || isMoved,
}

type Test = (one: ShownRule) => boolean

/** All words must hold; one that begins with `-` must not. */
export function filterOf(text: string): Test | null {
  const tests = text.toLowerCase().split(/\s+/).filter(Boolean).map(testOf)
  return tests.length === 0 ? null : (one) => tests.every((test) => test(one))
}

function testOf(word: string): Test {
  if (word.startsWith('-') && word.length > 1) {
    const test = testOf(word.slice(1))
    return (one) => !test(one)
  }
  const [, key = '', value = ''] = /^([a-z]+):(.*)$/.exec(word) ?? []
  if (key === 'is') return Object.hasOwn(IS, value) ? IS[value as Is] : () => value === ''
  if (isPart(key)) return ({ rule, id }) => searchedOf(rule, id)[key].includes(value)
  return ({ rule, id }) => searchedOf(rule, id).all.includes(word)
}

const isPart = (key: string): key is Exclude<keyof Searched, 'all'> =>
  ['host', 'path', 'method', 'backend', 'middleware'].includes(key)
