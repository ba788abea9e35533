import { describe, expect, test } from 'bun:test'
import { RelayKeeper } from '../../../../server/control/relay/relay-keeper.ts'
import { waitFor } from '../../../support/wait.ts'
import { settle } from '../processes/crews.ts'
import { FakeRelay, relayBody } from './relays.ts'

interface Scene {
  readonly keeper: RelayKeeper
  readonly started: FakeRelay[]
  readonly notes: string[]
  /** What new relays are like. */
  make: (relay: FakeRelay) => void
  /** How long new ones seem to have lived already. */
  ageMs: number
}

function scene(): Scene {
  const started: FakeRelay[] = []
  const notes: string[] = []
  const made: Scene = {
    started,
    notes,
    ageMs: 0,
    make: (relay) => relay.said.resolve(true),
    keeper: new RelayKeeper({
      start: (onExit) => {
        const relay = new FakeRelay(100 + started.length, performance.now() - made.ageMs, onExit)
        started.push(relay)
        made.make(relay)
        return relay
      },
      onExit: ({ pid }, { signal }) => notes.push(`${pid} exited ${signal ?? 'in order'}`),
      onReplaced: ({ pid }, previous) => notes.push(`${pid} replaces ${previous}`),
      onNotStarted: (why) => notes.push(`not started: ${why}`),
    }),
  }
  return made
}

/** One that serves number 1. */
async function serving(): Promise<Scene & { readonly relay: FakeRelay }> {
  const made = scene()
  const body = relayBody(1)
  expect(await made.keeper.prepare(body)).toBeNull()
  await made.keeper.commit(body)
  expect(made.keeper.isServing).toBe(true)
  const relay = made.started[0]!
  relay.told.length = 0
  return Object.assign(made, { relay })
}

describe('a relay', () => {
  test('is started by the first plan that needs one, and only by that', async () => {
    const { keeper, started } = scene()
    expect(await keeper.prepare(relayBody(1, [], false))).toBeNull()
    await keeper.commit(relayBody(1, [], false))
    expect(started).toEqual([])
    expect(keeper.pid).toBeNull()
    expect(await keeper.prepare(relayBody(2))).toBeNull()
    expect(started).toHaveLength(1)
    expect(keeper.isServing).toBe(false)
  })

  test('is stopped when a plan has no use for it any more, after it was told so', async () => {
    const { keeper, relay, notes, started } = await serving()
    const empty = relayBody(2, [], false)
    expect(await keeper.prepare(empty)).toBeNull()
    expect(relay.told).toEqual(['prepare 2'])
    await keeper.commit(empty)
    expect(relay.told).toEqual(['prepare 2', 'commit 2', 'stop'])
    expect([keeper.pid, keeper.isServing]).toEqual([null, false])
    await settle()
    expect(notes).toEqual(['100 exited in order'])
    expect(started).toHaveLength(1)
  })

  test('that a refused plan was the first to need is stopped', async () => {
    const { keeper, started } = scene()
    await keeper.prepare(relayBody(1))
    keeper.drop(relayBody(1))
    expect(started[0]?.told).toEqual(['prepare 1', 'drop 1', 'stop'])
    expect(keeper.pid).toBeNull()
  })

  test('that refuses a plan goes on with the old one', async () => {
    const { keeper, relay } = await serving()
    relay.answer = { is: 'failed', why: 'no such address' }
    expect(await keeper.prepare(relayBody(2))).toBe('no such address')
    keeper.drop(relayBody(2))
    expect(relay.told).toEqual(['prepare 2', 'drop 2'])
    expect(keeper.isServing).toBe(true)
  })
})

describe('a relay that dies', () => {
  test('is replaced at once, by one that serves the committed plan', async () => {
    const { keeper, relay, started, notes } = await serving()
    relay.die()
    expect(keeper.isServing).toBe(false)
    expect(started).toHaveLength(2)
    await settle()
    expect(keeper.isServing).toBe(true)
    expect(started[1]?.told).toEqual(['prepare 1', 'commit 1'])
    expect(notes).toEqual(['100 exited SIGKILL', '101 replaces 100'])
  })

  test('young again and again is replaced later and later; a long life makes up for it', async () => {
    const made = await serving()
    const { started } = made
    started.at(-1)!.die()
    await settle()
    started.at(-1)!.die()
    expect(started).toHaveLength(2)
    const sinceMs = performance.now()
    await waitFor(() => started.length === 3)
    expect(performance.now() - sinceMs).toBeGreaterThan(90)
    await settle()
    made.ageMs = 20_000
    started.at(-1)!.die()
    await waitFor(() => started.length === 4)
    await settle()
    started.at(-1)!.die()
    expect(started).toHaveLength(5)
  })

  test('and its successor that cannot serve is given up, told once, and tried again', async () => {
    const made = await serving()
    made.make = (relay) => {
      relay.said.resolve(true)
      relay.answer = made.started.length < 4 ? { is: 'failed', why: 'no such address' } : { is: 'ready' }
    }
    made.relay.die()
    await waitFor(() => made.keeper.isServing)
    expect(made.started).toHaveLength(4)
    expect(made.notes.filter((note) => note.startsWith('not started'))).toEqual([
      'not started: no such address',
    ])
    expect(made.notes.at(-1)).toBe('103 replaces 100')
  })

  test('while it prepares a plan: its successor is asked, and comes up with what is committed', async () => {
    const made = await serving()
    made.relay.isDeadly = true
    const body = relayBody(2)
    expect(await made.keeper.prepare(body)).toBeNull()
    await made.keeper.commit(body)
    await settle()
    const [, second] = made.started
    expect(made.started).toHaveLength(2)
    expect(second?.told[0]).toBe('prepare 2')
    expect(second?.told.slice(-2)).toEqual(['prepare 2', 'commit 2'])
    expect(made.keeper.isServing).toBe(true)
    expect(made.notes).toContain('101 replaces 100')
  })

  test('of each plan it is given: the plan is refused after two tries, and the old one is served again', async () => {
    const made = await serving()
    made.relay.isDeadly = true
    made.make = (relay) => {
      relay.said.resolve(true)
      relay.isDeadly = made.started.length === 2
    }
    expect(await made.keeper.prepare(relayBody(2))).toBe('the TURN relay ended')
    made.keeper.drop(relayBody(2))
    await waitFor(() => made.keeper.isServing)
    expect(made.started.at(-1)?.told).toContain('commit 1')
    expect(made.started.at(-1)?.told).not.toContain('commit 2')
  })

  test('while it is waited for: a new plan does not wait, and a refused one does not stop its return', async () => {
    const made = await serving()
    for (let i = 0; i < 3; i++) {
      made.started.at(-1)!.die()
      await settle()
    }
    const before = made.started.length
    expect(await made.keeper.prepare(relayBody(2))).toBeNull()
    expect(made.started).toHaveLength(before + 1)
    made.keeper.drop(relayBody(2))
    await waitFor(() => made.keeper.isServing)
    expect(made.started.at(-1)?.told).toEqual(['prepare 2', 'drop 2', 'prepare 1', 'commit 1'])
  })

  test('between its answer and the swap: its successor never hears of the plan before, whose sockets are closed by then', async () => {
    const made = await serving()
    const body = relayBody(2)
    expect(await made.keeper.prepare(body)).toBeNull()
    made.make = () => {}
    made.relay.die()
    await settle()
    // It starts slowly: the swap is there before its hello.
    const swapped = made.keeper.commit(body)
    made.started[1]!.said.resolve(true)
    await swapped
    expect(made.started[1]!.told.filter((told) => told.endsWith(' 1'))).toEqual([])
    expect(made.started[1]!.told).toContain('commit 2')
    expect(made.keeper.isServing).toBe(true)
  })

  test('between its answer to the first plan and the swap is replaced, by one that serves that plan', async () => {
    const { keeper, started, notes } = scene()
    const body = relayBody(1)
    expect(await keeper.prepare(body)).toBeNull()
    started[0]!.die()
    await settle()
    expect(started).toHaveLength(1)
    await keeper.commit(body)
    await settle()
    expect(started[1]?.told).toEqual(['prepare 1', 'commit 1'])
    expect(keeper.isServing).toBe(true)
    expect(notes).toEqual(['100 exited SIGKILL'])
  })

  test('before it said hello is a plan refused, when it happens twice', async () => {
    const made = scene()
    made.make = (relay) => queueMicrotask(() => relay.die())
    expect(await made.keeper.prepare(relayBody(1))).toBe('the TURN relay did not start')
    expect(made.started).toHaveLength(2)
  })
})

describe('the end', () => {
  test('a drain waits for it, counts what was cut off, and starts no other', async () => {
    const { keeper, relay, started } = await serving()
    const drained = keeper.drain(3000)
    await settle()
    expect(relay.told).toEqual(['drain 3000'])
    relay.aborted = 5
    relay.die(0)
    await drained
    expect(keeper.aborted).toBe(5)
    expect(started).toHaveLength(1)
  })

  test('without a relay is at once', async () => {
    const { keeper } = scene()
    await keeper.drain(1000)
    await keeper.kill()
    expect(keeper.aborted).toBe(0)
  })

  test('a kill ends it, and starts no other', async () => {
    const { keeper, relay, started } = await serving()
    await keeper.kill()
    expect(relay.told).toEqual(['kill'])
    expect(started).toHaveLength(1)
  })

  test('questions need one that runs', async () => {
    const { keeper } = await serving()
    expect(await keeper.ask({ ask: 'list' })).toEqual(['asked'])
    await keeper.kill()
    await expect(scene().keeper.ask({ ask: 'list' })).rejects.toThrow('there is no TURN relay')
  })
})
