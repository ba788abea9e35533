// Clients and a relay that do whatever they like, in any order: nothing of them stays, and nothing is told as
// a bug.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { tellBugsTo } from '../../../server/lib/bug.ts'
import { seededRandom } from '../../support/random.ts'
import { waitFor } from '../../support/wait.ts'
import { BINDING, type Door, Scene, type Wire } from './stream-scene.ts'

let scene: Scene
const bugs: unknown[] = []
beforeEach(() => {
  scene = new Scene()
  bugs.length = 0
  tellBugsTo((error) => void bugs.push(error))
})
afterEach(() => {
  scene[Symbol.dispose]()
  tellBugsTo((error) => void process.stderr.write(`bug: ${String(error)}\n`))
})

const SOME = new Uint8Array(100_000)

const ACTS: readonly ((wire: Wire) => void)[] = [
  (wire) => wire.socket.write(BINDING),
  (wire) => wire.socket.write(SOME),
  (wire) => wire.socket.pause(),
  (wire) => wire.socket.resume(),
  (wire) => wire.socket.shutdown(),
  (wire) => wire.socket.terminate(),
]

test.each([
  [1, false],
  [2, true],
  [3, false],
  [4, true],
])('seed %d, TLS %p', async (seed, tls) => {
  const random = seededRandom(seed)
  const act = (wire: Wire): void => {
    wire.keeps = false
    const chosen = random.pick(ACTS)
    if (!wire.isClosed) chosen(wire)
  }
  ;(scene.door as Door).onVisit = (visit) => {
    visit.onPiece = () => act(visit)
  }
  const open = scene.listen(tls)
  for (let round = 0; round < 40; round++) {
    const clients = await Promise.all(
      Array.from({ length: 5 }, () => scene.connect(open, { tls }).catch(() => null)),
    )
    for (let turn = 0; turn < 4; turn++) {
      for (const client of clients) if (client) act(client)
      for (const visit of (scene.door as Door).visits.slice(-5)) act(visit)
      await new Promise((resolve) => void setImmediate(resolve))
    }
    if (round % 10 === 9) scene.pass(250)
  }
  expect((scene.door as Door).visits.length).toBeGreaterThan(30)
  // Silent ones, half-closed ones and those that take nothing are what is left: both sides end them.
  const isOver = (): boolean => {
    for (const { isClosed, socket } of (scene.door as Door).visits) if (!isClosed) socket.terminate()
    scene.pass(5000)
    return scene.open === 0
  }
  // By the clock of the scene, which runs ahead.
  await waitFor(isOver, { forMs: 600_000 })
  expect(scene.clients.size).toBe(0)
  expect(bugs).toEqual([])
})
