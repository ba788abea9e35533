// Shells that complete a line, as people have them: an interactive zsh on a terminal of its own, and fish,
// which tells what it would offer.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { PATIENCE_MS } from './wait.ts'

export interface Completion {
  /** What is offered. */
  readonly offered: readonly string[]
  /** The line after it; null: that is not told. */
  readonly line: string | null
}

export interface ShellWorld {
  readonly cwd: string
  /** Where `sluice` is. */
  readonly bin: string
  /** Its files, and those of the test. */
  readonly home: string
  /** What the shell reads first; `sluice` can be asked there. */
  readonly setUp: string
}

/** Types each line into one zsh, and takes down what comes of it. */
const ZSH_DRIVER = join(import.meta.dir, 'complete.zsh')

/** In the order of the lines. */
export async function completedByZsh(lines: readonly string[], world: ShellWorld): Promise<Completion[]> {
  const out = join(world.home, 'out')
  rmSync(out, { force: true })
  await ran(['zsh', '-f', ZSH_DRIVER, ...lines], world, { OUT: out, SET_UP: world.setUp })
  const found: Completion[] = []
  let offered: string[] = []
  for (const line of readFileSync(out, 'utf8').split('\n')) {
    if (line.startsWith('hit:')) offered.push(line.slice(4))
    if (!line.startsWith('line:')) continue
    found.push({ offered, line: line.slice(5) })
    offered = []
  }
  return found
}

/** The same of fish. */
export async function completedByFish(lines: readonly string[], world: ShellWorld): Promise<Completion[]> {
  const script = `${world.setUp}\nfor line in $argv; complete -C $line; echo :end; end`
  const out = await ran(['fish', '-c', script, ...lines], world, {})
  return out
    .split(':end\n')
    .slice(0, -1)
    .map((text) => ({
      offered: text.split('\n').flatMap((line) => line.split('\t')[0] || []),
      line: null,
    }))
}

async function ran(
  command: string[],
  { cwd, bin, home }: ShellWorld,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const child = Bun.spawn(command, {
    cwd,
    env: { PATH: `${bin}:${process.env['PATH']}`, HOME: home, TERM: 'xterm', ...env },
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', timeout: PATIENCE_MS },
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (code !== 0 || err !== '') throw new Error(`${command[0]} ended with ${code}: ${err}`)
  return out
}
