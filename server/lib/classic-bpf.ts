// Classic BPF programs, by which the kernel asks us about packets (bpf(4), socket(7)).
import { ptr } from 'bun:ffi'
import { libc } from './native.ts'

const SOL_SOCKET = 1
const INSTRUCTION_BYTES = 8

/** code, jump if true, jump if false, operand (32 bits, without a sign) */
export type Instruction = readonly [number, number, number, number]

/** Gives a program to a socket by one of the socket's options. False when the system does not do that. */
export function attachProgram(fd: number, option: number, instructions: readonly Instruction[]): boolean {
  if (process.platform !== 'linux') return false
  const program = new DataView(new ArrayBuffer(instructions.length * INSTRUCTION_BYTES))
  for (const [i, [code, ifTrue, ifFalse, operand]] of instructions.entries()) {
    program.setUint16(i * INSTRUCTION_BYTES, code, true)
    program.setUint8(i * INSTRUCTION_BYTES + 2, ifTrue)
    program.setUint8(i * INSTRUCTION_BYTES + 3, ifFalse)
    program.setUint32(i * INSTRUCTION_BYTES + 4, operand, true)
  }
  // struct sock_fprog: a length in the first word, then the address.
  const header = new BigUint64Array([BigInt(instructions.length), BigInt(ptr(program))])
  return libc().setsockopt(fd, SOL_SOCKET, option, ptr(header), header.byteLength) === 0
}
