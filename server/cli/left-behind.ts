// What is there of a gateway whose supervisor was killed or crashed: its run file, and for a while its
// workers, which go on by themselves.
import { keptRevision } from '../control/change/history.ts'
import { orphansOf, readRunState, runningSupervisor, runStateFile } from '../control/processes/state-file.ts'
import { ORPHAN_ACCEPT_MS } from '../lib/drain.ts'

export interface LeftBehind {
  /** Process ids: of the supervisor that is gone, and of workers that are there still. */
  readonly supervisor: number
  readonly workers: readonly number[]
  /** What they serve; null: that is not kept. */
  readonly revision: number | null
}

/** Null: the gateway with this config file runs, ended in order, or never ran with this data folder. */
export function leftBehindIn(data: string, configFile: string): LeftBehind | null {
  const state = readRunState(runStateFile(data, configFile))
  if (state === null || runningSupervisor(state) !== null) return null
  return {
    supervisor: state.supervisor.pid,
    workers: orphansOf(state),
    revision: keptRevision(data, configFile),
  }
}

/** In place of the plain word that no gateway runs with this config file. */
export function leftBehindText({ supervisor, workers, revision }: LeftBehind, file: string): string {
  if (workers.length === 0)
    return `no gateway runs with this config (${file}): the last one, process ${supervisor}, did not end in order (it was killed, or crashed); ${AGAIN}`
  const [who, serve] =
    workers.length === 1 ? [`worker ${workers[0]}`, 'serves'] : [`workers ${workers.join(', ')}`, 'serve']
  const what = revision === null ? '' : ` revision ${revision}`
  return `the supervisor of this config (${file}), process ${supervisor}, is gone (it was killed, or crashed), while ${who} ${serve}${what} on: \
${workers.length === 1 ? 'it takes' : 'they take'} connections for ${ORPHAN_ACCEPT_MS / 1000} s more, then what is in flight finishes; ${AGAIN}: it takes over`
}

const AGAIN = 'start it again ("sluice run", or its service)'
