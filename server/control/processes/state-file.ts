// data/run-….json says who runs: a supervisor and its workers, one file for each config file that the
// folder served. When a supervisor was killed, its workers go on for a while and still hold the ports; the
// next one finds here that they are its own kind, and may share the ports with them.
import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readBounded } from '../../lib/read-bounded.ts'
import { writeWhole } from '../../lib/write-whole.ts'
import { socketInodes } from '../../lib/tcp-table.ts'

/** A process that cannot be mistaken for a later one with the same id. */
export interface ProcessMark {
  readonly pid: number
  /** In clock ticks since the machine started (proc(5), field 22). */
  readonly started: string
}

export interface RunState {
  readonly supervisor: ProcessMark
  readonly workers: readonly ProcessMark[]
  /** The TURN relay, where there is one. */
  readonly relay?: ProcessMark | null
  /** Workers that a supervisor before this one left behind. */
  readonly orphans?: readonly ProcessMark[]
}

/** Who runs, by process id. */
export interface Running {
  readonly workers: readonly number[]
  readonly relay: number | null
  readonly orphans?: readonly ProcessMark[]
}

const FILE_BYTES_MAX = 1_048_576

/** Where the state of the gateway with this config file is. */
export function runStateFile(data: string, configFile: string): string {
  return join(data, `run-${nameHash(configFile)}.json`)
}

/** What tells files of gateways with different config files apart that had a folder one after another. */
export function nameHash(configFile: string): string {
  return createHash('sha256').update(resolve(configFile)).digest('hex').slice(0, 16)
}

/**
 * Writes who runs, in one step: a reader sees the old file or the new one. Throws when the folder cannot be
 * written.
 */
export function writeRunState(file: string, { workers, relay, orphans = [] }: Running): void {
  const left = orphans.filter(isRunning)
  const state = {
    supervisor: markOf(process.pid),
    workers: workers.flatMap((pid) => markOf(pid) ?? []),
    relay: relay === null ? null : markOf(relay),
    ...(left.length > 0 && { orphans: left }),
  }
  writeWhole(file, `${JSON.stringify(state)}\n`)
}

/**
 * Removes the file at an orderly end, unless another supervisor has written it since, or workers of one
 * before this still run.
 */
export function removeRunState(file: string): void {
  const state = readRunState(file)
  if (!state || !isSame(state.supervisor, markOf(process.pid))) return
  const { orphans = [] } = state
  if (orphans.some(isRunning)) writeRunState(file, { workers: [], relay: null, orphans })
  else rmSync(file, { force: true })
}

/** What the last run left behind; null when it ended in order, or when there was none. */
export function readRunState(file: string): RunState | null {
  try {
    const state: unknown = JSON.parse(new TextDecoder().decode(readBounded(file, FILE_BYTES_MAX)))
    return isRunState(state) ? state : null
  } catch {
    return null
  }
}

/** Process id of the supervisor, when it runs. */
export const runningSupervisor = (state: RunState | null): number | null =>
  state && isRunning(state.supervisor) ? state.supervisor.pid : null

/** Workers that still run although their supervisor is gone. */
export function orphansOf(state: RunState | null): number[] {
  return state === null ? [] : orphanMarks(state).map(({ pid }) => pid)
}

/** The same as marks. */
export function orphanMarks({ supervisor, workers, orphans = [] }: RunState): ProcessMark[] {
  return isRunning(supervisor) ? [] : [...workers, ...orphans].filter(isRunning)
}

/**
 * Whether the relay of a supervisor that was killed still runs: it is about to end, and holds its ports until
 * then.
 */
export function isRelayEnding(state: RunState | null): boolean {
  return Boolean(state?.relay && isRunning(state.relay) && !isRunning(state.supervisor))
}

/** Whether all these sockets are held by workers that the last run left behind. */
export function areHeldByOrphans(state: RunState | null, inodes: ReadonlySet<string>): boolean {
  const held = new Set(orphansOf(state).flatMap((pid) => [...socketInodes(pid)]))
  return inodes.size > 0 && [...inodes].every((inode) => held.has(inode))
}

/** Null when there is no such process. */
export function markOf(pid: number): ProcessMark | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [condition, started] = [fields[0], fields[19]]
    return started === undefined || condition === 'Z' ? null : { pid, started }
  } catch {
    return null
  }
}

/** Of this process. */
export const ownMark = (): ProcessMark => markOf(process.pid) ?? { pid: process.pid, started: '' }

const isSame = (mark: ProcessMark, other: ProcessMark | null): boolean =>
  mark.pid === other?.pid && mark.started === other.started

/** Whether this very process runs. */
export const isRunning = (mark: ProcessMark): boolean => isSame(mark, markOf(mark.pid))

function isRunState(value: unknown): value is RunState {
  const state = value as Partial<RunState> | null
  const hasRelay = state?.relay === undefined || state.relay === null || isMark(state.relay)
  const hasOrphans =
    state?.orphans === undefined || (Array.isArray(state.orphans) && state.orphans.every(isMark))
  if (!hasOrphans) return false
  return isMark(state?.supervisor) && Array.isArray(state?.workers) && state.workers.every(isMark) && hasRelay
}

function isMark(value: unknown): value is ProcessMark {
  const mark = value as Partial<ProcessMark> | null | undefined
  return Number.isInteger(mark?.pid) && typeof mark?.started === 'string'
}
