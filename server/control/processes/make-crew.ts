// The crew with its real workers: processes, or the one machine in this process.
import { duplicateFd } from '../../lib/pass-fds.ts'
import type { LogsConfig } from '../../telemetry/logs.options.ts'
import type { Totals } from '../../telemetry/registry.ts'
import type { WorkerWish } from '../../worker/messages.ts'
import type { Board } from './board.ts'
import type { ChosenSockets } from './chosen-sockets.ts'
import { Crew, type CrewOptions } from './crew.ts'
import { InProcessWorker } from './in-process-worker.ts'
import type { ListeningSockets, TakenSocket } from '../sockets/sockets.ts'
import { processName } from '../../worker/messages.ts'
import type { Reasons, Worker } from './worker.ts'
import { workerCommand, workerEnv } from './worker-command.ts'
import { WorkerLedger } from './worker-ledger.ts'
import { WorkerProcess } from './worker-process.ts'

/** Workers can grow to so many without a restart, or by half of what they were at the start. */
const ROWS_MIN = 16

export interface CrewParts {
  /** 0: in this process. */
  readonly count: number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly totals: Totals
  /** Null until the config is known; there by the time the first plan is prepared. */
  readonly board: () => Board | null
  readonly sockets: () => ListeningSockets | null
  readonly chosen: Pick<ChosenSockets, 'askEarly' | 'kind' | 'heard' | 'forget'>
  readonly reasons: () => Reasons
  /** As served now; null before the first plan. */
  readonly logs: () => LogsConfig | null
  /** The oldest plan that a worker may still use; null: it is gone. */
  readonly onOldest: (worker: Worker, number: number | null) => void
  readonly onUnsound: () => void
  /** A client asked for a name that may have a certificate on demand. */
  readonly onDemand: (news: WorkerWish) => void
  readonly onExit: (
    worker: Worker,
    how: { readonly code: number | null; readonly signal: string | null },
  ) => void
  readonly onReplaced: CrewOptions['onReplaced']
  readonly onNotStarted: CrewOptions['onNotStarted']
}

/** Rows on the scoreboard for this number of workers at the start. */
const rowsFor = (count: number): number => Math.max(ROWS_MIN, Math.ceil(count * 1.5))

/** A crew with nobody at work yet. */
export function makeCrew(parts: CrewParts): Crew {
  const common: Omit<CrewOptions, 'start' | 'rows'> = {
    isInProcess: parts.count === 0,
    clearRow: (row) => parts.board()?.scoreboard.clearRow(row),
    closeSlot: (slot) => parts.sockets()?.closeSlot(slot),
    vacateSlot: (slot) => parts.sockets()?.vacateSlot(slot),
    onReplaced: parts.onReplaced,
    onNotStarted: parts.onNotStarted,
    onUnsound: parts.onUnsound,
  }
  if (parts.count === 0) return new Crew({ ...common, rows: 1, start: () => startInProcess(parts) })
  const rows = rowsFor(parts.count)
  const latest = new Map<number, Worker>()
  const crew: Crew = new Crew({
    ...common,
    rows,
    start: (slot, row) => startProcess(parts, { slot, row, latest, others: () => crew.everybody }),
  })
  return crew
}

interface Place {
  readonly slot: number
  readonly row: number
  /** Who was started last for each slot. */
  readonly latest: Map<number, Worker>
  /** All there are, itself too. */
  readonly others: () => readonly Worker[]
}

function startProcess(parts: CrewParts, { slot, row, latest, others }: Place): Worker {
  const ledger = new WorkerLedger(parts.totals)
  const worker: WorkerProcess = new WorkerProcess({
    slot,
    row,
    command: workerCommand(),
    env: workerEnv(parts.env),
    boardFd: () => present(parts.board()).fd,
    bucketsFd: () => present(parts.board()).bucketsFd,
    windowsFd: () => present(parts.board()).windowsFd,
    leasesFd: () => present(parts.board()).leasesFd,
    ledgerFd: () => ledger.open(present(parts.board()).folder),
    beats: (of) => present(parts.board()).scoreboard.beats(of),
    socket: (key, of) => present(parts.sockets()).take(key, of),
    reasons: parts.reasons,
    sockets: () => parts.chosen.kind,
    isLate: () => parts.logs() !== null,
    onSockets: (choice) => parts.chosen.heard(processName(slot), choice),
    onDemand: parts.onDemand,
    // What a request has changed is stored elsewhere, too.
    onCacheChanged: (news) => {
      for (const other of others()) if (other !== worker) void other.amend(news)
    },
    onMetrics: ({ delta, oldest }) => {
      parts.totals.merge(delta)
      ledger.collect()
      parts.onOldest(worker, oldest)
    },
    onExit: (_, how) => {
      ledger.settle(parts.logs())
      // What hung may end long after another took its place.
      if (latest.get(slot) === worker) {
        parts.totals.forgetProcess(processName(slot))
        parts.chosen.forget(processName(slot))
      }
      parts.onOldest(worker, null)
      parts.onExit(worker, how)
    },
  })
  latest.set(slot, worker)
  // Until it has said which plans it may use: any.
  parts.onOldest(worker, 0)
  return worker
}

function startInProcess(parts: CrewParts): Worker {
  const isAdopting = process.platform === 'linux'
  const worker: InProcessWorker = new InProcessWorker({
    board: present(parts.board()).scoreboard,
    socket: isAdopting ? (key) => copyOf(present(parts.sockets()).take(key, 0)) : null,
    reasons: parts.reasons,
    kind: parts.chosen.kind,
    onSockets: (choice) => parts.chosen.heard('supervisor', choice),
    onDemand: parts.onDemand,
    onMetrics: (delta, oldest) => {
      parts.totals.merge(delta)
      parts.onOldest(worker, oldest)
    },
  })
  parts.onOldest(worker, 0)
  return worker
}

const copyOf = (taken: TakenSocket | null): TakenSocket | null =>
  taken && { ...taken, fd: duplicateFd(taken.fd) }

function present<T>(part: T | null): T {
  if (part === null) throw new Error('there is no config yet')
  return part
}
