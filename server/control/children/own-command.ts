// How this program starts itself again, with another command.
import { join } from 'node:path'

const isCompiled = import.meta.path.startsWith('/$bunfs')

/** What this program runs first; compiled, this file is one of its parts. */
export const mainModule = (): string => (isCompiled ? Bun.main : join(import.meta.dir, '../../main.ts'))

/** Program and arguments of one of its commands: this program itself, compiled or not. */
export const mainCommand = (command: string): string[] => [
  process.execPath,
  ...(isCompiled ? [] : [mainModule()]),
  command,
]
