// A TURN engine in memory (turn-world.ts) for each test of a file, and clients of it.
import { afterEach, beforeEach } from 'bun:test'
import { type ClientParts, TestClient } from './turn-tester.ts'
import { World } from './turn-world.ts'

/** The engine of the test that runs. */
export let world: World

type Listeners = ConstructorParameters<typeof World>[0]

/** Gives each test of the file an engine of its own. */
export function worldForEach(listeners?: Listeners): void {
  beforeEach(() => void (world = new World(listeners)))
  afterEach(() => world.close())
}

/** Puts another engine in the place of the test's. */
export function use(listeners: Listeners, routed: readonly string[] = []): void {
  world.close()
  world = new World(listeners, routed)
}

/** A client of the test's engine. */
export const client = (from = '192.0.2.10:1000', parts: ClientParts = {}): TestClient =>
  new TestClient(world, from, parts)
