// Runs a program as a systemd unit with RestrictAddressFamilies does: sockets of other families are refused
// (EAFNOSUPPORT). bun restrict-families.ts "AF_INET AF_UNIX" PROGRAM ARGUMENT…
import { dlopen, ptr } from 'bun:ffi'

const FAMILIES: Readonly<Record<string, number>> = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16 }
/** Architecture of seccomp(2), and the number of socket(2) there. */
const MACHINES: Readonly<Record<string, readonly [arch: number, socket: number]>> = {
  x64: [0xc000003e, 41],
  arm64: [0xc00000b7, 198],
}

const [allowed = '', program = '', ...args] = process.argv.slice(2)
const { prctl, execve } = dlopen('libc.so.6', {
  prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
  execve: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' },
}).symbols

restrict(allowed.split(' ').map((name) => FAMILIES[name] ?? fail(`unknown family ${name}`)))
const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`)
const words = [program, ...args].map(text)
execve(text(program), list(words), list(environment.map(text)))
fail(`cannot run ${program}`)

function restrict(families: readonly number[]): void {
  const [arch, socket] = MACHINES[process.arch] ?? fail(`no seccomp filter for ${process.arch}`)
  const [LOAD, EQUALS, RETURN] = [0x20, 0x15, 0x06]
  const [ALLOW, REFUSE] = [0x7fff0000, 0x00050000 | 97]
  // Code, how many to skip when true and when false, operand: struct sock_filter. Offsets of struct
  // seccomp_data: 0 number, 4 architecture, 16 first argument.
  const rest = families.length + 1
  const filter: readonly (readonly [number, number, number, number])[] = [
    [LOAD, 0, 0, 4],
    [EQUALS, 0, rest + 3, arch],
    [LOAD, 0, 0, 0],
    [EQUALS, 0, rest + 1, socket],
    [LOAD, 0, 0, 16],
    ...families.map((family, index) => [EQUALS, rest - 1 - index, 0, family] as const),
    [RETURN, 0, 0, REFUSE],
    [RETURN, 0, 0, ALLOW],
  ]
  const bytes = Buffer.alloc(filter.length * 8)
  for (const [index, [code, whenTrue, whenFalse, operand]] of filter.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes[index * 8 + 2] = whenTrue
    bytes[index * 8 + 3] = whenFalse
    bytes.writeUInt32LE(operand, index * 8 + 4)
  }
  const holder = Buffer.alloc(16)
  holder.writeUInt16LE(filter.length, 0)
  holder.writeBigUInt64LE(BigInt(ptr(bytes)), 8)
  const [PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER] = [38, 22, 2]
  if (prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) !== 0) fail('no_new_privs was refused')
  if (prctl(PR_SET_SECCOMP, BigInt(SECCOMP_MODE_FILTER), BigInt(ptr(holder)), 0n, 0n) !== 0)
    fail('the seccomp filter was refused')
}

function text(word: string): Buffer {
  return Buffer.from(`${word}\0`)
}

function list(texts: readonly Buffer[]): BigUint64Array {
  return new BigUint64Array([...texts.map((one) => BigInt(ptr(one))), 0n])
}

function fail(why: string): never {
  process.stderr.write(`restrict-families: ${why}\n`)
  process.exit(125)
}
