// Wrong usage is told in one line; the whole help is for who asks for it.
import type { Io } from './io.ts'

/** Says what is wrong with the arguments of a command; the exit code. */
export function usageLine(command: string, problem: string, io: Io): number {
  io.stderr(
    `sluice ${command}: ${problem}${problem.endsWith('?') ? '' : ';'} "sluice ${command} -h" tells more\n`,
  )
  return 2
}
