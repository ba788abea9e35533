// How a process of this machine fares, as /proc tells (proc(5)); what it does not tell is null.
import { procEntries, procText } from './proc.ts'

export interface ProcessFigures {
  readonly pid: number
  readonly cpu_s: number | null
  readonly resident_bytes: number | null
  readonly threads: number | null
  readonly descriptors: number | null
  /** Soft limit of them; null: none, or not known. */
  readonly descriptors_max: number | null
}

/** Of Linux on all machines that it runs on here. */
const TICKS_PER_S = 100

export function processFigures(pid: number): ProcessFigures {
  const status = procText(`/proc/${pid}/status`)
  const numberIn = (pattern: RegExp): number | null => {
    const found = pattern.exec(status)?.[1]
    return found === undefined ? null : Number(found)
  }
  const residentKb = numberIn(/^VmRSS:\s+(\d+) kB/m)
  const files = procEntries(`/proc/${pid}/fd`)
  const soft = /^Max open files\s+(\d+)/m.exec(procText(`/proc/${pid}/limits`))?.[1]
  return {
    pid,
    cpu_s: cpuSeconds(procText(`/proc/${pid}/stat`)),
    resident_bytes: residentKb === null ? null : residentKb * 1024,
    threads: numberIn(/^Threads:\s+(\d+)/m),
    descriptors: files.length === 0 ? null : files.length,
    descriptors_max: soft === undefined ? null : Number(soft),
  }
}

/** utime and stime, fields 14 and 15; the name before them may hold spaces and brackets. */
function cpuSeconds(stat: string): number | null {
  if (stat === '') return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
}
