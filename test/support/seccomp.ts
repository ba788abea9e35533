// Seccomp filters of this process, which stay when it becomes another program.
import { dlopen, ptr } from 'bun:ffi'

/** Architecture of seccomp(2). */
const ARCHITECTURES: Readonly<Record<string, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 }

/** struct sock_filter: code, how many to skip when true and when false, operand. */
type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, operand: number]

export const LOAD = 0x20
export const EQUALS = 0x15
const RETURN = 0x06
const ALLOW = 0x7fff0000
const ERRNO = 0x00050000
const KILL_PROCESS = 0x80000000
const TRAP = 0x00030000
/** Of struct seccomp_data. */
const NUMBER_AT = 0
const ARCHITECTURE_AT = 4
export const FIRST_ARGUMENT_AT = 16

const { prctl, execve } = dlopen('libc.so.6', {
  prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
  execve: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' },
}).symbols

/** Refuses calls with this errno, ends who makes them, or sends SIGSYS (trap), of which Bun makes ENOSYS. */
export type Refusal = number | 'kill' | 'trap'

/**
 * Refuses calls: `judge` is given what has the number of the call loaded, and how many
 * instructions follow behind its own (the first of them refuses, the second allows).
 */
export function refuse(how: Refusal, judge: (rest: number) => readonly Instruction[], length: number): void {
  const architecture = ARCHITECTURES[process.arch] ?? fail(`no seccomp filter for ${process.arch}`)
  const instructions: readonly Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE_AT],
    [EQUALS, 0, length + 2, architecture],
    [LOAD, 0, 0, NUMBER_AT],
    ...judge(length),
    [RETURN, 0, 0, how === 'kill' ? KILL_PROCESS : how === 'trap' ? TRAP : ERRNO | how],
    [RETURN, 0, 0, ALLOW],
  ]
  install(instructions)
}

function install(instructions: readonly Instruction[]): void {
  const bytes = Buffer.alloc(instructions.length * 8)
  for (const [index, [code, whenTrue, whenFalse, operand]] of instructions.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes[index * 8 + 2] = whenTrue
    bytes[index * 8 + 3] = whenFalse
    bytes.writeUInt32LE(operand, index * 8 + 4)
  }
  const holder = Buffer.alloc(16)
  holder.writeUInt16LE(instructions.length, 0)
  holder.writeBigUInt64LE(BigInt(ptr(bytes)), 8)
  const [PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER] = [38, 22, 2]
  if (prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) !== 0) fail('no_new_privs was refused')
  if (prctl(PR_SET_SECCOMP, BigInt(SECCOMP_MODE_FILTER), BigInt(ptr(holder)), 0n, 0n) !== 0)
    fail('the seccomp filter was refused')
}

/** Becomes another program, which the filter stays with. */
export function become(program: string, args: readonly string[]): never {
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`)
  execve(text(program), list([program, ...args].map(text)), list(environment.map(text)))
  return fail(`cannot run ${program}`)
}

function text(word: string): Buffer {
  return Buffer.from(`${word}\0`)
}

function list(texts: readonly Buffer[]): BigUint64Array {
  return new BigUint64Array([...texts.map((one) => BigInt(ptr(one))), 0n])
}

export function fail(why: string): never {
  process.stderr.write(`seccomp: ${why}\n`)
  process.exit(125)
}
