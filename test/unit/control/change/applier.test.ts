// The applier over fake parts, each of which may refuse, throw or fail at any step: nothing is half done.
import { expect, test } from 'bun:test'
import { Applier, type Outcome } from '../../../../server/control/change/apply.ts'
import type { Part } from '../../../../server/control/change/part.ts'
import type { Edition } from '../../../../server/control/problem.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { seededRandom, seedOfRun } from '../../../support/random.ts'
import { configOf } from '../relay/turn-config.ts'

const edition = (hash: string): Edition => ({
  text: '',
  hash,
  config: { ...configOf({}), backends: {}, rules: [] },
  from: 'api',
  by: null,
  replaces: null,
})

type Fate = 'well' | 'refuses' | 'throws' | 'rejects'
const STEPS = ['stage', 'ask', 'ready', 'commit', 'finish'] as const
type Step = (typeof STEPS)[number]

interface World {
  fates: Map<string, Fate>
  readonly notes: string[]
  /** What each part serves: the hash of an edition. */
  readonly served: Map<string, string>
  readonly open: Set<string>
}

const NAMES = ['file', 'board', 'sockets', 'crew', 'history']

function fakePart(name: string, world: World): Part {
  let staged = ''
  const act = (step: Step): readonly { path: string; message: string }[] => {
    world.notes.push(`${step} ${name}`)
    switch (world.fates.get(`${step} ${name}`) ?? 'well') {
      case 'well':
        return []
      case 'refuses':
        return [{ path: name, message: step }]
      case 'throws':
      case 'rejects':
        throw new Error(`${step} ${name}`)
    }
  }
  /** Throws now, or later. */
  const later = async (step: Step): Promise<readonly { path: string; message: string }[]> => {
    await Promise.resolve()
    return act(step)
  }
  const isLate = (step: Step): boolean => world.fates.get(`${step} ${name}`) === 'rejects'
  return {
    name,
    stage: ({ hash }) => {
      staged = hash
      world.open.add(name)
      return isLate('stage') ? later('stage') : act('stage')
    },
    ask: () => (isLate('ask') ? later('ask') : Promise.resolve(act('ask'))),
    ready: async () => void (await later('ready')),
    commit: () => {
      const commit = (): void => {
        act('commit')
        world.served.set(name, staged)
        world.open.delete(name)
      }
      return isLate('commit') ? Promise.resolve().then(commit) : commit()
    },
    drop: () => {
      world.notes.push(`drop ${name}`)
      world.open.delete(name)
    },
    finish: async () => void (await later('finish')),
  }
}

function applierOf(
  world: World,
  bugs: string[],
  dryRun: (plan: PlanBody) => Promise<void> = () => Promise.resolve(),
): Applier {
  let revision = 0
  return new Applier({
    parts: NAMES.map((name) => fakePart(name, world)),
    restartProblems: () => [],
    isReusable: () => true,
    gather: () => Promise.resolve({ door: null, certificates: {}, challenges: {} }),
    dryRun,
    revisionOf: () => ++revision,
    onBug: (part) => void bugs.push(part),
  })
}

const begun = (notes: readonly string[]): string[] =>
  notes.filter((note) => note.startsWith('stage ')).map((note) => note.slice('stage '.length))
const dropped = (notes: readonly string[]): string[] =>
  notes.filter((note) => note.startsWith('drop ')).map((note) => note.slice('drop '.length))

test('whatever refuses or fails, all that was begun is dropped in reverse, or all serve the new edition', async () => {
  const random = seededRandom(seedOfRun())
  const world: World = { fates: new Map(), notes: [], served: new Map(), open: new Set() }
  const bugs: string[] = []
  const applier = applierOf(world, bugs)
  const seen = new Set<string>()
  let hash = ''
  for (let round = 0; round < 3000; round++) {
    world.fates = new Map()
    const count = random.below(3)
    for (let i = 0; i < count; i++) {
      const step = STEPS[random.below(STEPS.length)] ?? 'stage'
      const fate = (['refuses', 'throws', 'rejects'] as const)[random.below(3)] ?? 'throws'
      world.fates.set(`${step} ${NAMES[random.below(NAMES.length)]}`, fate)
    }
    world.notes.length = 0
    bugs.length = 0
    const isDryRun = random.below(4) === 0
    const before = applier.running
    const next = `edition ${round}`
    const outcome: Outcome = await applier.apply({
      check: () => Promise.resolve({ is: 'valid', edition: edition(next) }),
      isDryRun,
    })
    seen.add(outcome.is)
    expect([...world.open].filter((name) => !bugs.includes(name))).toEqual([])
    if (outcome.is === 'applied') {
      hash = next
      expect(isDryRun).toBe(false)
      expect(dropped(world.notes)).toEqual([])
      expect(applier.running?.edition.hash).toBe(next)
      // One that could not commit, a bug, is told, and the others went on.
      for (const name of NAMES) if (!bugs.includes(name)) expect(world.served.get(name)).toBe(next)
    } else {
      expect(applier.running).toBe(before)
      expect(dropped(world.notes)).toEqual(begun(world.notes).toReversed())
      expect(bugs).toEqual([])
      for (const served of world.served.values()) expect(served).not.toBe(next)
      if (outcome.is === 'rejected') expect(outcome.problems.length).toBeGreaterThan(0)
    }
    world.open.clear()
  }
  expect([...seen].toSorted()).toEqual(['applied', 'rejected', 'sound'])
  expect(hash).not.toBe('')
})

test('all that is found here is told at once, and then nobody else is asked', async () => {
  const world: World = { fates: new Map(), notes: [], served: new Map(), open: new Set() }
  world.fates.set('stage board', 'refuses').set('stage crew', 'throws')
  const outcome = await applierOf(world, []).apply({
    check: () => Promise.resolve({ is: 'valid', edition: edition('one') }),
  })
  expect(outcome).toMatchObject({
    is: 'rejected',
    problems: [
      { path: 'board', message: 'stage' },
      { path: '', message: 'stage crew' },
    ],
  })
  expect(world.notes.filter((note) => note.startsWith('ask'))).toEqual([])
})

test('a text that waits is not replaced by a newer reading of the file; too many that wait are refused', async () => {
  const world: World = { fates: new Map(), notes: [], served: new Map(), open: new Set() }
  const applier = applierOf(world, [])
  const gate = Promise.withResolvers<null>()
  const first = applier.apply({ check: () => gate.promise })
  const given = applier.apply({ check: () => Promise.resolve({ is: 'valid', edition: edition('text') }) })
  const read = applier.apply({
    check: () => Promise.resolve({ is: 'valid', edition: edition('file') }),
    isReading: true,
  })
  const many = Array.from({ length: 70 }, () => applier.apply({ check: () => Promise.resolve(null) }))
  gate.resolve(null)
  expect(await first).toEqual({ is: 'superseded' })
  expect((await given).is).toBe('applied')
  expect((await read).is).toBe('applied')
  const outcomes = await Promise.all(many)
  expect(outcomes.filter(({ is }) => is === 'rejected')).toHaveLength(8)
  expect(applier.running?.revision).toBe(2)
})

test('dry runs of one account leave places to others, and what is not looked at says so to programs', async () => {
  const world: World = { fates: new Map(), notes: [], served: new Map(), open: new Set() }
  const applier = applierOf(world, [])
  const gate = Promise.withResolvers<null>()
  const first = applier.apply({ check: () => gate.promise })
  const tried = (account: string, count: number): Promise<Outcome>[] =>
    Array.from({ length: count }, () =>
      applier.apply({ check: () => Promise.resolve(null), isDryRun: true, account }),
    )
  const refused = { path: '', code: 'too_many', message: 'too many dry runs wait already' }
  const [many, few] = [tried('user:ann', 20), tried('user:bob', 1)]
  const others = ['c', 'd', 'e'].flatMap((name) => tried(name, 16))
  gate.resolve(null)
  await first
  const outcomes = await Promise.all(many)
  expect(outcomes.filter(({ is }) => is === 'rejected')).toEqual(
    Array.from({ length: 4 }, () => ({ is: 'rejected' as const, problems: [refused], edition: null })),
  )
  expect(await Promise.all(few)).toEqual([{ is: 'superseded' }])
  // All together they are as many as before.
  expect((await Promise.all(others)).filter(({ is }) => is === 'rejected')).toHaveLength(1)
})

test('however many dry runs wait, what changes something is next, and is not refused for them', async () => {
  const world: World = { fates: new Map(), notes: [], served: new Map(), open: new Set() }
  const applier = applierOf(world, [])
  const order: string[] = []
  const wish = (hash: string, isDryRun = false): Promise<Outcome> =>
    applier.apply({
      isDryRun,
      check: () => {
        order.push(hash)
        return Promise.resolve({ is: 'valid', edition: edition(hash) })
      },
    })
  const tries = Array.from({ length: 70 }, (_, n) => wish(`try ${n}`, true))
  const changes = [wish('first'), wish('second')]
  const amended = applier.amend((plan) => {
    order.push('amended')
    return Promise.resolve(plan)
  })
  expect((await Promise.all(changes)).map(({ is }) => is)).toEqual(['applied', 'applied'])
  await amended
  expect(order.slice(0, 4)).toEqual(['try 0', 'first', 'second', 'amended'])
  const outcomes = await Promise.all(tries)
  expect(outcomes.map(({ is }) => is === 'sound')).toEqual(Array.from({ length: 70 }, (_, n) => n < 65))
  expect(world.served.get('crew')).toBe('second')
})

test('where only a part is new, only that is compiled; what is refused of it is told of the whole', async () => {
  const world: World = { fates: new Map(), notes: [], served: new Map(), open: new Set() }
  let dryRun = (_: PlanBody): Promise<void> => Promise.resolve()
  const applier = applierOf(world, [], (plan) => dryRun(plan))
  const check = { is: 'valid', edition: edition('a') } as const
  await applier.apply({ check: () => Promise.resolve(check) })
  const whole = { is: 'valid', edition: edition('b') } as const
  const part = edition('part').config
  const tryPart = (): Promise<Outcome> =>
    applier.apply({ check: () => Promise.resolve(whole), tried: () => part })
  const compiled: PlanBody['config'][] = []
  dryRun = (plan) => {
    compiled.push(plan.config)
    return Promise.resolve()
  }
  expect((await tryPart()).is).toBe('applied')
  expect(compiled.length === 1 && compiled[0] === part).toBe(true)
  dryRun = ({ config }) =>
    Promise.reject(Object.assign(new Error('bad'), { path: config === part ? 'rules.0' : 'rules.7' }))
  expect(await tryPart()).toMatchObject({ is: 'rejected', problems: [{ path: 'rules.7', message: 'bad' }] })
  expect((await applier.apply({ check: () => Promise.resolve(whole), tried: () => null })).is).toBe('applied')
})
