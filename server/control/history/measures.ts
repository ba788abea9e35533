// What is looked at once a second rather than told: what the scoreboard counts of the gateway and of servers,
// and what is active now.
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { COUNTED, type Counted } from '../../tables/figures.ts'
import type { MetricName } from '../../tables/metrics.ts'
import type { Totals } from '../../telemetry/registry.ts'
import type { FigureHistory } from './figure-history.ts'
import type { Remembered } from './remembered.ts'

/** A server, and where its cells are. */
export interface ServerPlace {
  readonly backend: string
  readonly server: string
  readonly slot: number
}

/** Gauges of what is active at a listener, which is their first label. */
const ACTIVE_AT_LISTENERS: readonly MetricName[] = ['udp_flows', 'turn_allocations']

/** What was read of a server last, and of which use of its place that was. */
interface Read {
  slot: number
  generation: number
  bytesIn: number
  bytesOut: number
  failed: number
}

export class Measures {
  readonly #servers = new Map<string, Read>()
  #accepted = 0

  /** Counts what came since the last time. */
  take(history: FigureHistory, totals: Totals, board: Scoreboard, servers: readonly ServerPlace[]): void {
    this.#gateway(history, board)
    const active = new Map<string, number>()
    const gone = new Set(this.#servers.keys())
    for (const place of servers) {
      const name = `${place.backend}/${place.server}`
      gone.delete(name)
      this.#server(history, board, { ...place, name })
      const inFlight = board.inFlight(place.slot)
      if (inFlight > 0) active.set(place.backend, (active.get(place.backend) ?? 0) + inFlight)
    }
    for (const name of gone) this.#servers.delete(name)
    for (const [backend, count] of active) setActive(history, history.find('backend', backend), count)
    this.#listeners(history, totals)
  }

  #gateway(history: FigureHistory, board: Scoreboard): void {
    const accepted = board.acceptedConnections()
    const open = board.activeConnections()
    const one = history.find('gateway', '')
    add(history, one, 'connections', accepted - this.#accepted)
    this.#accepted = accepted
    if (open > 0) setActive(history, one, open)
  }

  #server(history: FigureHistory, board: Scoreboard, place: ServerPlace & { readonly name: string }): void {
    const { backend, slot, name } = place
    const read = this.#servers.get(name) ?? { slot, generation: -1, bytesIn: 0, bytesOut: 0, failed: 0 }
    const generation = board.generation(slot)
    // Another use of the place begins at zero.
    const isSame = read.slot === slot && read.generation === generation
    const before = isSame ? read : { bytesIn: 0, bytesOut: 0, failed: 0 }
    const bytesIn = board.bytesIn(slot)
    const bytesOut = board.bytesOut(slot)
    const failed = board.failedAttempts(slot)
    const inFlight = board.inFlight(slot)
    if (bytesIn > before.bytesIn || bytesOut > before.bytesOut || failed > before.failed || inFlight > 0) {
      const one = history.find('server', name)
      add(history, one, 'bytes_in', bytesIn - before.bytesIn)
      add(history, one, 'bytes_out', bytesOut - before.bytesOut)
      add(history, one, 'faults', failed - before.failed)
      if (failed > before.failed)
        add(history, history.find('backend', backend), 'faults', failed - before.failed)
      if (inFlight > 0) setActive(history, one, inFlight)
    }
    this.#servers.set(name, Object.assign(read, { slot, generation, bytesIn, bytesOut, failed }))
  }

  #listeners(history: FigureHistory, totals: Totals): void {
    for (const metric of ACTIVE_AT_LISTENERS) {
      const active = new Map<string, number>()
      for (const { labels, value } of totals.gaugesOf(metric))
        if (value > 0) active.set(labels[0]!, (active.get(labels[0]!) ?? 0) + value)
      for (const [listener, count] of active) setActive(history, history.find('listener', listener), count)
    }
  }
}

function add(history: FigureHistory, one: Remembered, column: Counted, amount: number): void {
  if (amount <= 0) return
  one.add(COUNTED.indexOf(column), amount)
  history.mark(one)
}

function setActive(history: FigureHistory, one: Remembered, count: number): void {
  one.setActive(count)
  history.mark(one)
}
