// What an empty system call costs on this machine: it decides what is won by making fewer of them.
import { FFIType, dlopen } from 'bun:ffi'
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { median } from './report.ts'

const CALLS = 200_000
const ROUNDS = 9

export interface SyscallCost {
  /** Of a call that does next to nothing (getppid), without what it costs to reach C. */
  readonly syscallNs: number
  /** Of reaching C and coming back. */
  readonly ffiNs: number
}

export function syscallCost(): SyscallCost {
  const { symbols, close } = dlopen('libc.so.6', {
    getppid: { args: [], returns: FFIType.i32 },
    // Does nothing but return what it is given.
    toascii: { args: [FFIType.i32], returns: FFIType.i32 },
  })
  const both = Array.from({ length: ROUNDS }, () => [
    nsOf(() => symbols.getppid()),
    nsOf(() => symbols.toascii(7)),
  ])
  close()
  const ffiNs = median(both.map(([, ffi = 0]) => ffi))
  return { syscallNs: median(both.map(([call = 0]) => call)) - ffiNs, ffiNs }
}

function nsOf(call: () => number): number {
  const startNs = Bun.nanoseconds()
  for (let n = 0; n < CALLS; n++) call()
  return (Bun.nanoseconds() - startNs) / CALLS
}

/** The machine in one paragraph, for the head of a report. */
export function aboutMachine(): string {
  const { syscallNs, ffiNs } = syscallCost()
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
  return [
    `${cpus().length} × ${cpus()[0]?.model ?? 'a processor of no name'}, Linux ${kernel}`,
    `load before it began ${loadavg()[0]?.toFixed(1)}`,
    `an empty system call (getppid) costs ${(syscallNs / 1000).toFixed(2)} µs, an FFI call ${ffiNs.toFixed(0)} ns beside it`,
  ].join('; ')
}
