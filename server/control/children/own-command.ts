// How this program starts itself again, with another command.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const isCompiled = import.meta.path.startsWith('/$bunfs')

/** What this program runs first; compiled, this file is one of its parts. */
export const mainModule = (): string => (isCompiled ? Bun.main : join(import.meta.dir, '../../main.ts'))

/**
 * This program's file; where that was taken away since it was started, what runs itself, which the kernel
 * keeps.
 */
const program = (): string =>
  process.platform === 'linux' && !existsSync(process.execPath) ? '/proc/self/exe' : process.execPath

/** Program and arguments of one of its commands: this program itself, compiled or not. */
export const mainCommand = (command: string): string[] => [
  program(),
  ...(isCompiled ? [] : [mainModule()]),
  command,
]
