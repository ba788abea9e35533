// Runs a program as most containers do: io_uring is refused, or (kill) ends who asks for it.
// bun refuse-io-uring.ts ERRNO|kill|trap[:NUMBER] PROGRAM ARGUMENT… (NUMBER: of one call of the three alone)
import { become, EQUALS, refuse } from './seccomp.ts'

/** io_uring_setup, io_uring_enter, io_uring_register: the same on all machines. */
const ALL = [425, 426, 427]

const [refusal = '1', program = '', ...args] = process.argv.slice(2)

const [how = '', only] = refusal.split(':')
const CALLS = only === undefined ? ALL : [Number(only)]

refuse(
  how === 'kill' || how === 'trap' ? how : Number(how),
  (rest) =>
    CALLS.map((call, index) => {
      const toRefusal = rest - 1 - index
      const isLast = index === CALLS.length - 1
      return [EQUALS, toRefusal, isLast ? toRefusal + 1 : 0, call] as const
    }),
  CALLS.length,
)
become(program, args)
