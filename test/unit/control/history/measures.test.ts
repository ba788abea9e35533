import { expect, test } from 'bun:test'
import { Measures, type ServerPlace } from '../../../../server/control/history/measures.ts'
import { queried } from '../../../../server/control/history/query.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'
import type { Scoreboard } from '../../../../server/scoreboard/scoreboard.ts'
import type { FigureKind } from '../../../../server/tables/figures.ts'
import { HistoryWorld } from './history-world.ts'

/** Two workers with rows of one scoreboard, which the history looks at. */
function scene(): {
  readonly world: HistoryWorld
  readonly workers: Scoreboard[]
  readonly board: Scoreboard
  readonly places: ServerPlace[]
  readonly columns: (kind: FigureKind, name: string) => Record<string, readonly (number | null)[] | undefined>
} {
  const world = new HistoryWorld()
  const region = privateRegion(16, 2)
  const [board, ...workers] = [-1, 0, 1].map((row) => scoreboardOn(region, row))
  const places: ServerPlace[] = [{ backend: 'api', server: 'http://a', slot: 3 }]
  const measures = new Measures()
  world.measure = (history) => measures.take(history, world.totals, board!, places)
  const columns: ReturnType<typeof scene>['columns'] = (kind, name) =>
    queried(world.history, { kind, name, windowS: 60, stepS: 1 }, world.wallMs).series[0]!.columns
  return { world, workers, board: board!, places, columns }
}

test('bytes and failures of servers, and what is active, are those of all workers', () => {
  const { world, workers, columns } = scene()
  world.isWatched = true
  world.history.wake()
  world.pass(1, () => {
    for (const worker of workers) {
      worker.connections(1)
      worker.enter(3, 100)
      worker.addBytes(3, 10, 1000)
      worker.attemptFailed(3, 0, false, 1)
    }
  })
  world.pass(1, () => workers[0]!.leave(3))
  world.pass(1)
  const server = columns('server', 'api/http://a')
  expect(server['bytes_out']!.slice(-3)).toEqual([2000, 0, 0])
  expect(server['bytes_in']!.slice(-3)).toEqual([20, 0, 0])
  expect(server['faults']!.slice(-3)).toEqual([2, 0, 0])
  expect(server['active']!.slice(-3)).toEqual([2, 1, 1])
  expect(columns('backend', 'api')['active']!.slice(-3)).toEqual([2, 1, 1])
  expect(columns('gateway', '')['connections']!.slice(-3)).toEqual([2, 0, 0])
  expect(columns('gateway', '')['active']!.slice(-1)).toEqual([2])
})

test('the death of a worker takes back what it had open, and counts nothing twice', () => {
  const { world, workers, board, columns } = scene()
  world.isWatched = true
  world.history.wake()
  world.pass(2, () => {
    workers[1]!.connections(1)
    workers[1]!.addBytes(3, 0, 500)
  })
  board.clearRow(1)
  world.pass(2)
  const server = columns('server', 'api/http://a')
  expect(server['bytes_out']!.slice(-4)).toEqual([500, 500, 0, 0])
  expect(columns('gateway', '')['connections']!.slice(-4)).toEqual([1, 1, 0, 0])
  expect(columns('gateway', '')['active']!.slice(-4)).toEqual([1, 2, 0, 0])
})

test('a server in a place that another had before begins at zero; one that keeps its name goes on', () => {
  const { world, workers, board, places, columns } = scene()
  world.isWatched = true
  world.history.wake()
  world.pass(1, () => workers[0]!.addBytes(3, 0, 5000))
  board.setGeneration(3, 7)
  places[0] = { backend: 'api', server: 'http://b', slot: 3 }
  places.push({ backend: 'api', server: 'http://a', slot: 5 })
  world.pass(1, () => {
    workers[0]!.addBytes(3, 0, 6000)
    workers[0]!.addBytes(5, 0, 40)
  })
  expect(columns('server', 'api/http://b')['bytes_out']!.slice(-2)).toEqual([0, 6000])
  expect(columns('server', 'api/http://a')['bytes_out']!.slice(-2)).toEqual([5000, 40])
})
