// Runs a program as a systemd unit with RestrictAddressFamilies does: sockets of other families are refused
// (EAFNOSUPPORT). bun restrict-families.ts "AF_INET AF_UNIX" PROGRAM ARGUMENT…
import { become, EQUALS, fail, FIRST_ARGUMENT_AT, LOAD, refuse } from './seccomp.ts'

const FAMILIES: Readonly<Record<string, number>> = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16 }
/** Number of socket(2). */
const SOCKET: Readonly<Record<string, number>> = { x64: 41, arm64: 198 }
const EAFNOSUPPORT = 97

const [allowed = '', program = '', ...args] = process.argv.slice(2)
const families = allowed.split(' ').map((name) => FAMILIES[name] ?? fail(`unknown family ${name}`))
const socket = SOCKET[process.arch] ?? fail(`no number of socket(2) for ${process.arch}`)

// Allowed are other calls, and these families.
refuse(
  EAFNOSUPPORT,
  (rest) => [
    [EQUALS, 0, rest, socket],
    [LOAD, 0, 0, FIRST_ARGUMENT_AT],
    ...families.map((family, index) => [EQUALS, rest - 2 - index, 0, family] as const),
  ],
  families.length + 2,
)
become(program, args)
