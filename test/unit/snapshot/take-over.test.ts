import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../server/backends/backend.ts'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import { parseConfig } from '../../../server/config/load.ts'
import type { Config } from '../../../server/config/schema.ts'
import { assignSlots, NO_SLOTS, planSlots, type SlotTable } from '../../../server/control/processes/slots.ts'
import { RequestHead } from '../../../server/head/request-head.ts'
import { ANYBODY } from '../../../server/rules/asked.ts'
import { toldOf } from '../../../server/rules/told.ts'
import { privateRegion, scoreboardOn } from '../../../server/scoreboard/region.ts'
import type { Scoreboard } from '../../../server/scoreboard/scoreboard.ts'
import { STATE_UP } from '../../../server/scoreboard/states.ts'
import { compile } from '../../../server/snapshot/compile.ts'
import type { Listener, Rule, Snapshot } from '../../../server/snapshot/snapshot.ts'
import { httpListener } from '../../support/listeners.ts'
import { type Random, seededRandom, seedOfRun } from '../../support/random.ts'
import { waitFor } from '../../support/wait.ts'

interface RuleWords {
  name: string
  match: object
  middleware?: object[]
  backend?: string
  respond?: object
  redirect?: object
}
interface BackendWords {
  algorithm?: string
  servers: { name: string; url: string; weight: number }[]
}
interface Words {
  listeners: Record<string, object>
  rules: RuleWords[]
  backends: Record<string, BackendWords>
}

const HOSTS = ['a.example', '*.b.example', 'x.b.example', 'c.example']
const PATHS = ['/', '/p', '/p/*', '/p/q*', '/old', '/%41', '/z/*']

function configOf(words: Words): Config {
  const parsed = parseConfig('sluice.json', Buffer.from(JSON.stringify({ admin: false, ...words })), {})
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.config
}

/** A gateway's configs one after another on one scoreboard, with slots as the supervisor gives them. */
class Life {
  readonly board: Scoreboard = scoreboardOn(privateRegion(400, 1), 0)
  #table: SlotTable = NO_SLOTS
  #number = 0

  /** Once with what was before, and once of nothing. */
  next(config: Config, previous: Snapshot | null): { readonly taken: Snapshot; readonly anew: Snapshot } {
    const number = ++this.#number
    this.#table = assignSlots(this.#table, config.backends, number, () => false)
    const slots = planSlots(this.#table, config.backends)
    for (const { servers } of Object.values(slots))
      for (const { index } of Object.values(servers)) this.board.setState(index, STATE_UP)
    const more = { number, sockets: [], reasons: {}, door: null, certificates: {}, challenges: {} }
    const plan = { ...more, config, slots, records: this.#table.records }
    const { board } = this
    return { taken: compile({ plan, board, previous }), anew: compile({ plan, board, previous: null }) }
  }
}

function requestOf(host: string, path: string, method = 'GET', field = ''): RequestHead {
  const head = new RequestHead()
  const bytes = Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${field}\r\n`)
  head.scan(bytes, 0, bytes.length, { headBytes: 4096, targetBytes: 1000, fields: 20 })
  return head
}

const REQUESTS = ['a.example', 'x.b.example', 'y.b.example', 'c.example', 'other'].flatMap((host) =>
  ['/', '/p', '/p/', '/p/q', '/p//q', '/p/qr;s', '/old', '/%41', '/A', '/z/%2e%2e/p', '/none'].flatMap(
    (path) => [
      requestOf(host, path),
      requestOf(host, path, 'POST'),
      requestOf(host, path, 'GET', 'X-A: 1\r\n'),
    ],
  ),
)

/** Whom a backend picks when nobody is busy, and what each of them is. */
function serversOf(backend: Backend): unknown {
  const picked = new Set<string>()
  for (let i = 0; i < 40; i++) {
    const server = backend.pick(i, null)
    if (server === null) continue
    picked.add(server.name)
    backend.release(server, ANSWERED)
  }
  const all = backend.servers.map(({ live: _, ...rest }) => rest)
  return { name: backend.name, options: backend.options, picked: [...picked].toSorted(), all }
}

const stepsOf = (snapshot: Snapshot, { name, steps }: Rule): unknown => {
  const made = snapshot.made.get(name) ?? []
  expect(made.map(({ step }) => step)).toEqual([...steps])
  return made.map(({ words }) => words)
}

const TOLD = toldOf({ request: REQUESTS[0]!, by: ANYBODY, listener: 'web', rule: null })

function factsOf(snapshot: Snapshot, rule: Rule): unknown {
  const { to, steps: _, captures: __, ...rest } = rule
  if (to.is === 'redirect') return { ...rest, to: to.redirect.location(TOLD), made: stepsOf(snapshot, rule) }
  if (to.is === 'respond') return { ...rest, to: to.respond.status, made: stepsOf(snapshot, rule) }
  if (to.is === 'split' || to.is === 'nearest') throw new Error('none of these has several backends')
  // What is picked there is that of this snapshot, not of one before it.
  expect(to.backend).toBe(snapshot.backends.get(to.backend.name)!)
  return { ...rest, to: to.backend.name, made: stepsOf(snapshot, rule) }
}

function foundBy(snapshot: Snapshot, { match }: Listener): unknown[] {
  return REQUESTS.map((request) => {
    const rule = match(request)
    return rule === null || rule === 'ambiguous' ? rule : factsOf(snapshot, rule)
  })
}

function expectTheSame(taken: Snapshot, anew: Snapshot): void {
  expect([...taken.listeners.keys()]).toEqual([...anew.listeners.keys()])
  expect([...taken.backends.keys()]).toEqual([...anew.backends.keys()])
  expect([...taken.made.keys()]).toEqual([...anew.made.keys()])
  for (const [name, backend] of anew.backends)
    expect(serversOf(taken.backends.get(name)!)).toEqual(serversOf(backend))
  const rules = ({ rules: all }: Snapshot): unknown[] => all.map((rule) => rule?.index ?? null)
  expect(rules(taken)).toEqual(rules(anew))
  for (const name of anew.listeners.keys())
    expect(foundBy(taken, httpListener(taken, name))).toEqual(foundBy(anew, httpListener(anew, name)))
}

const maybe = (random: Random, share: number, one: object): object => (random.next() < share ? one : {})

function randomMatch(random: Random): object {
  return {
    ...maybe(random, 0.5, { host: random.pick(HOSTS) }),
    ...maybe(random, 0.8, { path: random.pick(PATHS) }),
    ...maybe(random, 0.2, { method: 'POST' }),
    ...maybe(random, 0.2, { header: { 'x-a': '1' } }),
    listener: random.pick([['web'], ['inner'], ['web', 'inner']]),
  }
}

const randomSteps = (random: Random): object[] =>
  Array.from({ length: random.below(3) }, () =>
    random.pick([
      { body_limit: { size: 1000 + random.below(3) } },
      { headers: { request: { set: { 'x-b': String(random.below(3)) } } } },
      { ip: { deny: ['192.0.2.1'] } },
    ]),
  )

const randomEnd = (random: Random, words: Words): Partial<RuleWords> =>
  random.pick([
    { backend: random.pick(Object.keys(words.backends)) },
    { backend: random.pick(Object.keys(words.backends)) },
    { respond: { status: 200 + random.below(3) } },
    { redirect: { to: `https://{host}/${random.below(3)}` } },
  ])

let named = 0
const randomRule = (random: Random, words: Words): RuleWords => ({
  ...{ name: `r${++named}`, match: randomMatch(random), middleware: randomSteps(random) },
  ...randomEnd(random, words),
})

const randomBackend = (random: Random): BackendWords => ({
  algorithm: random.pick(['round_robin', 'random', 'least_connections']),
  servers: Array.from({ length: 1 + random.below(3) }, (_, i) => ({
    ...{ name: `s${i}`, url: `http://127.0.0.1:${1 + random.below(9)}`, weight: 1 + random.below(3) },
  })),
})

/** What people do to a config; `words` may be changed. */
const EDITS: readonly ((words: Words, random: Random) => void)[] = [
  ({ backends }, random) => {
    const { servers } = backends[random.pick(Object.keys(backends))]!
    random.pick(servers).weight = 1 + random.below(4)
  },
  ({ backends }, random) => (backends[random.pick(Object.keys(backends))] = randomBackend(random)),
  (words, random) => {
    const [place, { name }] = random.pick([...words.rules.entries()])
    words.rules[place] = { ...randomRule(random, words), name }
  },
  (words, random) => (random.pick(words.rules).match = randomMatch(random)),
  ({ rules }, random) => (random.pick(rules).middleware = randomSteps(random)),
  (words, random) => words.rules.splice(random.below(words.rules.length + 1), 0, randomRule(random, words)),
  ({ rules }, random) => rules.length > 1 && rules.splice(random.below(rules.length), 1),
  ({ rules }, random) => rules.push(...rules.splice(random.below(rules.length), 1)),
  ({ backends }) => (backends[`b${Object.keys(backends).length}`] = randomBackend(seededRandom(++named))),
  ({ listeners }, random) => {
    listeners['bare'] = { bind: '127.0.0.1:0', backend: random.pick(['b0', 'b1']) }
  },
  () => {},
]

function firstWords(random: Random): Words {
  const bind = '127.0.0.1:0'
  const listeners = { web: { bind }, inner: { bind }, bare: { bind, backend: 'b0' } }
  const backends = Object.fromEntries([0, 1, 2].map((i) => [`b${i}`, randomBackend(random)]))
  const words: Words = { listeners, rules: [], backends }
  for (let i = 0; i < 12; i++) words.rules.push(randomRule(random, words))
  return words
}

/** No listener is without a rule. */
const REST: RuleWords = { name: 'rest', match: { listener: ['web', 'inner'], path: '/z/*' }, backend: 'b0' }

const count = ({ rules }: Snapshot, before: Snapshot): number =>
  rules.filter((rule) => rule !== null && before.rules.includes(rule)).length

describe('a snapshot that takes over what stays of the one before', () => {
  test('does the same as one of nothing, whatever is edited', () => {
    const random = seededRandom(seedOfRun())
    let kept = 0
    for (let round = 0; round < 12; round++) {
      const life = new Life()
      const words = firstWords(random)
      let previous: Snapshot | null = null
      for (let edit = 0; edit < 12; edit++) {
        if (previous !== null) random.pick(EDITS)(words, random)
        const { taken, anew } = life.next(configOf({ ...words, rules: [...words.rules, REST] }), previous)
        try {
          expectTheSame(taken, anew)
        } catch (error) {
          throw new Error(`SLUICE_SEED=${random.seed}: ${String(error)}`, { cause: error })
        }
        if (previous !== null) kept += count(taken, previous)
        previous = taken
      }
    }
    // Nothing would be compared otherwise.
    expect(kept).toBeGreaterThan(300)
  })

  const two = (): Words => ({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [
      { name: 'a', match: { path: '/p' }, backend: 'a', middleware: [{ body_limit: { size: 1 } }] },
      { name: 'b', match: { path: '/old' }, backend: 'b' },
    ],
    backends: {
      a: { servers: [{ name: 's', url: 'http://127.0.0.1:1', weight: 1 }] },
      b: { servers: [{ name: 's', url: 'http://127.0.0.1:2', weight: 1 }] },
    },
  })
  const weighing = (weight: number): Config => {
    const words = two()
    words.backends['a']!.servers[0]!.weight = weight
    return configOf(words)
  }

  test('has anew what a change of a weight is about, and nothing else', () => {
    const life = new Life()
    const before = life.next(weighing(1), null).taken
    const after = life.next(weighing(2), before).taken
    expect(after.backends.get('a')).not.toBe(before.backends.get('a')!)
    expect(after.backends.get('b')).toBe(before.backends.get('b')!)
    expect(after.rules[0]).not.toBe(before.rules[0]!)
    expect(after.rules[0]!.steps).toBe(before.rules[0]!.steps)
    expect(after.rules[1]).toBe(before.rules[1]!)
    expect(httpListener(after).index).toBe(httpListener(before).index)
    // Who is on the snapshot before stays there.
    const { to } = httpListener(before).match(requestOf('a', '/p')) as Rule
    expect(to.is === 'backend' && to.backend).toBe(before.backends.get('a')!)
  })

  test('another use of a record on the scoreboard makes another backend of the same words', () => {
    const life = new Life()
    const before = life.next(weighing(1), null).taken
    const elsewhere = new Life()
    elsewhere.next(configOf({ ...two(), backends: { z: two().backends['a']!, ...two().backends } }), null)
    const { taken } = elsewhere.next(weighing(1), before)
    for (const name of ['a', 'b']) expect(taken.backends.get(name)).not.toBe(before.backends.get(name)!)
  })

  test('keeps none of those before it: many changes leave one', async () => {
    const life = new Life()
    const refs: WeakRef<object>[] = []
    let last = life.next(weighing(51), null).taken
    for (let weight = 1; weight <= 50; weight++) {
      for (const one of [last, last.backends.get('a')!, last.rules[0]!, httpListener(last)])
        refs.push(new WeakRef(one))
      last = life.next(weighing(weight), last).taken
    }
    await waitFor(() => {
      Bun.gc(true)
      return refs.filter((ref) => ref.deref() !== undefined).length < 20
    })
    expect(last.rules).toHaveLength(2)
  })
})
