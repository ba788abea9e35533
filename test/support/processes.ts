// What /proc says of the processes that tests and the bench started.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** The direct children of a process. */
export function childrenOf(pid: number): number[] {
  return text(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((word) => word !== '')
    .map(Number)
}

/** A process and all below it. */
export function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

/** Program and arguments of a process; empty when it is gone. */
export function commandOf(pid: number): string[] {
  return text(`/proc/${pid}/cmdline`).split('\0').slice(0, -1)
}

/** Whether a process runs (a zombie does not). */
export function isRunning(pid: number): boolean {
  const state = /^\d+ \(.*\) (\S)/s.exec(text(`/proc/${pid}/stat`))?.[1]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** Memory of a process that is resident and its own, in bytes. */
export function residentBytes(pid: number): number {
  const status = text(`/proc/${pid}/status`)
  const anonymous = /^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]
  return Number(anonymous ?? /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
}

/** CPU time used by these processes so far, in ticks of 10 ms: user, system. */
export function cpuTicks(pids: readonly number[]): { user: number; system: number } {
  let user = 0
  let system = 0
  for (const pid of pids) {
    // The name may hold spaces and parentheses: fields are counted from its end.
    const fields = text(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
    user += Number(fields[11] ?? 0)
    system += Number(fields[12] ?? 0)
  }
  return { user, system }
}

/** Open descriptors of a process. */
export function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}

/** How many of them are ends of pipes. */
export function pipeEndsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).filter((fd) => isPipe(`/proc/${pid}/fd/${fd}`)).length
  } catch {
    return 0
  }
}

function isPipe(fd: string): boolean {
  try {
    return readlinkSync(fd).startsWith('pipe:')
  } catch {
    return false // closed meanwhile
  }
}

/**
 * Sends a signal, by name or number, to one process. Throws when it is gone, and for what names no single
 * process: 0 and -1 would reach all of ours.
 */
export function sendSignal(pid: number | undefined, signal: NodeJS.Signals | number): void {
  if (pid === undefined || !Number.isInteger(pid) || pid < 2)
    throw new Error(`${pid} is no process of a test`)
  process.kill(pid, signal)
}

/** Kills these processes at once; those that are gone do not matter. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      sendSignal(pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
