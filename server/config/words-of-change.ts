// What differs between two configs, in words: "server http://10.0.0.1:8080 of backend api: weight 1 → 3".
// Secrets are not shown, and neither is any text that does not stand in the file as it is: that came from a
// variable or another file, and may be one.
import { rising } from '../lib/rising.ts'
import { partsOf, type Steps } from '../lib/slices.ts'
import type { Config } from './schema.ts'
import { NOT_TOLD, SECTIONS, ToldValues, type Worded } from './told-values.ts'
import { type Path, writePath } from './tree.ts'

export interface Difference {
  readonly kind: 'added' | 'removed' | 'changed' | 'moved'
  /** "server http://10.0.0.1:8080 of backend api". */
  readonly what: string
  /** Where in the newer config, of what was removed in the older one: "backends.api.servers[0].weight". */
  readonly path: string
  /** As the file would say it; null: it is not there, or not shown. */
  readonly before: string | null
  readonly after: string | null
  /** The whole of it. */
  readonly words: string
}

type Plain = Readonly<Record<string, unknown>>

/** Something with an identity of its own. */
interface Item {
  readonly key: string
  readonly what: string
  readonly at: number | string
  readonly value: Plain
}

const NOUNS = { listeners: 'listener', certificates: 'certificate', backends: 'backend' } as const
const NOT_SHOWN = 'changed; the value is not shown'

/** What differs, in the order of the schema. */
export function* differences(before: Worded, after: Worded): Steps<readonly Difference[]> {
  const [old, now] = [new ToldValues(before), new ToldValues(after)]
  const found: Difference[] = []
  for (const section of SECTIONS) {
    const items = (config: Config): Item[] =>
      Object.entries(config[section]).map(([name, value]) => ({
        ...{ key: name, at: name, what: `${NOUNS[section]} ${name}` },
        value: value as Plain,
      }))
    found.push(
      ...(yield* ofItems([[section], [section]], [items(before.config), items(after.config)], { old, now })),
    )
  }
  const rules = ({ rules: list }: Config): Item[] =>
    list.map((rule, at) => ({ key: rule.name, at, what: `rule ${rule.name}`, value: rule }))
  const both = [rules(before.config), rules(after.config)] as const
  found.push(...(yield* ofItems([['rules'], ['rules']], both, { old, now })), ...moves(both))
  yield
  const rest = ({ listeners: _l, certificates: _c, backends: _b, rules: _r, ...words }: Config): Plain =>
    words
  found.push(...(yield* ofMaps('', [[], []], [rest(before.config), rest(after.config)], { old, now })))
  return found
}

interface Sides {
  readonly old: ToldValues
  readonly now: ToldValues
}

/** `paths` are the places of the two lists in the two configs. */
function* ofItems(
  paths: readonly [Path, Path],
  [before, after]: readonly [readonly Item[], readonly Item[]],
  sides: Sides,
  of = '',
): Steps<Difference[]> {
  const byKey = new Map(before.map((item) => [item.key, item]))
  const kept = new Set(after.map(({ key }) => key))
  const gone = before.filter(({ key }) => !kept.has(key))
  const found = gone.map(({ what, at }): Difference => {
    const facts = { what: what + of, path: writePath([...paths[0], at]), before: null, after: null }
    return { kind: 'removed', ...facts, words: `${what}${of}: removed` }
  })
  for (const part of partsOf(after, ITEMS)) {
    for (const { key, what, at, value } of part) {
      const was = byKey.get(key)
      if (was === undefined) {
        const facts = { what: what + of, path: writePath([...paths[1], at]), before: null, after: null }
        found.push({ kind: 'added', ...facts, words: `${what}${of}: added` })
      } else if (!Bun.deepEquals(was.value, value)) {
        const places = [
          [...paths[0], was.at],
          [...paths[1], at],
        ] as const
        found.push(...(yield* ofMaps(what + of, places, [was.value, value], sides)))
      }
    }
    yield
  }
  return found
}

/** So many are compared between two places where the work may pause. */
const ITEMS = 64

/** Of two things that are one, what differs; `paths` are their places in the two configs. */
function* ofMaps(
  what: string,
  paths: readonly [Path, Path],
  [before, after]: readonly [Plain, Plain],
  sides: Sides,
): Steps<Difference[]> {
  const found: Difference[] = []
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[key], after[key]]
    if (Bun.deepEquals(old, now)) continue
    const steps = [
      [...paths[0], key],
      [...paths[1], key],
    ] as const
    if (key === 'servers' && isServers(old) && isServers(now))
      found.push(...(yield* ofItems(steps, [serversOf(old), serversOf(now)], sides, ` of ${what}`)))
    else if (key === 'middleware' && isMiddleware(old) && isMiddleware(now)) {
      const both = [stepsOf(old), stepsOf(now)] as const
      found.push(
        ...(yield* ofItems(steps, both, sides, ` of ${what}`)),
        ...moves(both, steps[1], ` of ${what}`),
      )
    } else if (isPlain(old) && isPlain(now)) found.push(...(yield* ofMaps(what, steps, [old, now], sides)))
    else {
      found.push(changed(what, steps, [old, now], sides))
      // What is shown of a value is looked for in the whole text.
      yield
    }
  }
  return found
}

function changed(
  what: string,
  [oldPath, newPath]: readonly [Path, Path],
  [old, now]: readonly [unknown, unknown],
  sides: Sides,
): Difference {
  const [before, after] = [sides.old.at(oldPath, old), sides.now.at(newPath, now)]
  const path = writePath(newPath)
  const name = writePath(newPath.slice(what === '' ? 0 : depthOf(newPath)))
  const isHidden = before === after || before === NOT_TOLD || after === NOT_TOLD
  const words = isHidden ? `${name}: ${NOT_SHOWN}` : `${name} ${wordOf(before)} → ${wordOf(after)}`
  const values = isHidden ? { before: null, after: null } : { before, after }
  return { kind: 'changed', what, path, ...values, words: what === '' ? words : `${what}: ${words}` }
}

/** A list of nothing is as good as none. */
const wordOf = (text: string | null): string => (text === null || text === '[]' ? 'none' : text)

/** Where the name of a setting begins in a path: behind what it is a setting of. */
const depthOf = ([section, , key]: Path): number =>
  section === 'backends' && key === 'servers' ? 4 : section === 'rules' && key === 'middleware' ? 5 : 2

/** What stands elsewhere among those that are in both, as few of them as tell it all. */
function moves(
  [before, after]: readonly [readonly Item[], readonly Item[]],
  path: Path = ['rules'],
  of = '',
): Difference[] {
  const places = new Map(before.map(({ key }, index) => [key, index]))
  const common = after.filter(({ key }) => places.has(key))
  const still = rising(common.map(({ key }) => places.get(key) ?? 0))
  return common
    .filter((_, index) => !still.has(index))
    .map(({ key, what, at }) => {
      const [from, to] = [String((places.get(key) ?? 0) + 1), String(Number(at) + 1)]
      const words = `${what}${of}: moved from place ${from} to ${to}`
      return {
        kind: 'moved',
        what: what + of,
        path: writePath([...path, at]),
        before: from,
        after: to,
        words,
      }
    })
}

interface ServerWords extends Plain {
  readonly url: string
  readonly name?: string
}

const isServers = (value: unknown): value is readonly ServerWords[] =>
  Array.isArray(value) && value.every((one) => typeof (one as Partial<ServerWords> | null)?.url === 'string')

/** No two of a backend have one name. */
function serversOf(servers: readonly ServerWords[]): Item[] {
  return servers.map((server, at) => {
    const name = server.name ?? server.url
    return { key: name, what: `server ${name}`, at, value: server }
  })
}

const isMiddleware = (value: unknown): value is readonly Plain[] =>
  Array.isArray(value) && value.every(isPlain)

/** Steps of one kind are told apart by their order. */
function stepsOf(steps: readonly Plain[]): Item[] {
  const counts = new Map<string, number>()
  return steps.map((value, at) => {
    const [kind = ''] = Object.keys(value)
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    return { key: `${kind} ${count}`, what: `middleware ${kind}${count > 1 ? ` (${count})` : ''}`, at, value }
  })
}

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
