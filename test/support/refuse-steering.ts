// Runs a program where setsockopt(2) refuses a program on a group of sockets with EPERM.
// bun refuse-steering.ts PROGRAM ARGUMENT…
import { become, EQUALS, FIRST_ARGUMENT_AT, LOAD, refuse } from './seccomp.ts'

const SETSOCKOPT = process.arch === 'arm64' ? 208 : 54
const SO_ATTACH_REUSEPORT_CBPF = 51
const EPERM = 1
/** The option is the third argument, of which the low half counts. */
const OPTION_AT = FIRST_ARGUMENT_AT + 2 * 8

const [program = '', ...args] = process.argv.slice(2)

refuse(
  EPERM,
  (rest) => [
    [EQUALS, 0, rest, SETSOCKOPT],
    [LOAD, 0, 0, OPTION_AT],
    [EQUALS, rest - 3, rest - 2, SO_ATTACH_REUSEPORT_CBPF],
  ],
  3,
)
become(program, args)
