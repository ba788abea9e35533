// A process of its own that maps the region of descriptor 3 as the worker of its row, and does what its test
// says.
import { CLOSED } from '../../../server/scoreboard/circuits.ts'
import { PERMITS, rowInts } from '../../../server/scoreboard/layout.ts'
import { mapRegion, scoreboardOn } from '../../../server/scoreboard/region.ts'
import { pause, waitFor } from '../../support/wait.ts'

const [task = '', row = '0', times = '0', max = '0'] = process.argv.slice(2)
const region = mapRegion(3)
const board = scoreboardOn(region, Number(row))
/** A cell of record 3 that the scoreboard does not use. */
const witness = new Int32Array(region.bytes.buffer, (3 * rowInts(region.rows) + 9) * 4, 1)
const rounds = Number(times)

/** Waits until the test has seen all processes come, so that they run at the same time. */
async function together(): Promise<void> {
  board.bumpEpoch(3)
  await waitFor(() => board.state(3) !== 0, { everyMs: 1 })
}

const tasks: Record<string, () => Promise<void>> = {
  /** Adds to everything that is counted. */
  async count() {
    await together()
    for (let i = 0; i < rounds; i++) {
      board.nextCursor(1)
      board.bumpEpoch(1)
      board.count(2, i % 4 === 0)
      board.addBytes(2, 1, 2)
      board.enter(2, 1_000_000)
      if (i % 2 === 0) board.leave(2)
      board.connections(1)
      if (i % 2 === 0) board.connections(-1)
    }
  },
  /** Takes and gives places back; says how often it saw more than `max` holders. */
  async places() {
    await together()
    let held = 0
    let tooMany = 0
    for (let i = 0; i < rounds; i++) {
      if (!board.enter(2, Number(max))) continue
      held++
      if (Atomics.add(witness, 0, 1) >= Number(max)) tooMany++
      Atomics.sub(witness, 0, 1)
      board.leave(2)
    }
    process.stdout.write(JSON.stringify({ held, tooMany }))
  },
  /** The same with permits. */
  async permits() {
    await together()
    let held = 0
    let tooMany = 0
    for (let i = 0; i < rounds; i++) {
      if (!board.gauges.enter(2, PERMITS, Number(max))) continue
      held++
      if (Atomics.add(witness, 0, 1) >= Number(max)) tooMany++
      Atomics.sub(witness, 0, 1)
      board.gauges.leave(2, PERMITS)
    }
    process.stdout.write(JSON.stringify({ held, tooMany }))
  },
  /** Counts attempts of one slice, a quarter of them failures, and opens a breaker as often as it can. */
  async circuits() {
    await together()
    let opened = 0
    let tooMany = 0
    for (let i = 0; i < rounds; i++) {
      board.circuits.count(2, 7, i % 4 === 0, i % 2 === 0)
      if (!board.circuits.beginOpening(2, CLOSED)) continue
      opened++
      if (Atomics.add(witness, 0, 1) > 0) tooMany++
      Atomics.sub(witness, 0, 1)
      board.circuits.leftClosed(2)
    }
    process.stdout.write(JSON.stringify({ opened, tooMany }))
  },
  /** Holds places and connections until it is killed. */
  async hold() {
    for (let i = 0; i < rounds; i++) {
      board.enter(2, 1_000_000)
      board.connections(1)
      board.count(2, false)
    }
    for (;;) await pause(1000)
  },
  /** Enters and leaves without end, mapping anew whenever the region has grown. */
  async grow() {
    while (board.state(1) === 0) {
      const { records, bytes } = mapRegion(3)
      if (records > board.records) board.remap(bytes)
      for (let i = 0; i < 100; i++) board.count(board.records - 1, false)
      board.count(2, false)
      await pause(1)
    }
  },
}
await tasks[task]?.()
