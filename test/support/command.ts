// Commands of the CLI within this process: what they say, and how they end.
import type { Io } from '../../server/cli/io.ts'

/** What a command wrote, and its exit code. */
export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command to its end. */
export async function saidBy(
  command: (io: Io) => number | Promise<number>,
  { env = {}, cwd = '/' }: Partial<Pick<Io, 'env' | 'cwd'>> = {},
): Promise<Said> {
  let [out, err] = ['', '']
  const io: Io = {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env,
    cwd,
  }
  const code = await command(io)
  return { code, out, err }
}
