// Runs a program where splice(2) is refused with an errno.
// bun refuse-splice.ts ERRNO|trap PROGRAM ARGUMENT…
import { become, EQUALS, refuse } from './seccomp.ts'

const SPLICE = process.arch === 'arm64' ? 76 : 275

const [how = '1', program = '', ...args] = process.argv.slice(2)

refuse(how === 'trap' ? how : Number(how), (rest) => [[EQUALS, rest - 1, rest, SPLICE]], 1)
become(program, args)
