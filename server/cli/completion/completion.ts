// sluice completion: what a shell needs to complete words of this program, and what it asks for that.
import type { Command } from '../command.ts'
import type { Io } from '../io.ts'
import { usageLine } from '../usage.ts'
import { candidatesFor, type Commands } from './candidates.ts'
import { SHELLS } from './scripts.ts'
import { splitLine } from './split-line.ts'

const HELP = `Prints what a shell needs to complete commands, options, and the names of servers, backends, listeners and certificates of the gateway
that runs.

Usage: sluice completion bash|zsh|fish

  bash   sluice completion bash > /etc/bash_completion.d/sluice, or in ~/.bashrc: source <(sluice completion bash)
  zsh    sluice completion zsh > "\${fpath[1]}/_sluice", or in ~/.zshrc: source <(sluice completion zsh)
  fish   sluice completion fish > ~/.config/fish/completions/sluice.fish

Names come from the gateway that runs with the config file which the line names; without one, or after 300 ms, there are none.
Exit code: 0 done; 2 wrong usage.
`

/** Prints a script; or, asked by it with `--`, what may stand where the line ends. */
export const completionOf =
  (commands: Commands): Command =>
  async (args, io) => {
    const [shell = '', dashes, ...line] = args
    if (shell === '--help' || (args.includes('-h') && dashes !== '--')) io.stdout(HELP)
    else if (!isShell(shell)) return usageLine('completion', whyNoShell(shell), io)
    else if (dashes === undefined) io.stdout(SHELLS[shell].script)
    else if (dashes === '--') await complete(shell, line, { commands, io })
    else return usageLine('completion', `unexpected argument "${dashes}"`, io)
    return 0
  }

const whyNoShell = (word: string): string =>
  word === '' ? 'a shell is missing' : `"${word}" is none of bash, zsh and fish`

interface World {
  readonly commands: Commands
  readonly io: Io
}

/** Of bash the line up to the cursor and the word there as bash has it; of others all words. */
async function complete(
  shell: keyof typeof SHELLS,
  given: readonly string[],
  { commands, io }: World,
): Promise<void> {
  const [line = '', current = ''] = given
  const words = shell === 'bash' ? splitLine(line) : given
  const found = await candidatesFor(words.slice(1), { commands, io })
  if (found.areFiles) io.stdout(':files\n')
  const { show } = SHELLS[shell]
  // Bash completes what stands behind the last of its own breaks, as ":" and "=".
  const whole = words.at(-1) ?? ''
  const own = /^[:=]$/.test(current) ? '' : current
  const cut = shell === 'bash' && whole.endsWith(own) ? whole.length - own.length : 0
  for (const [word, does] of found.words) io.stdout(`${show(word.slice(cut), does)}\n`)
}

const isShell = (word: string): word is keyof typeof SHELLS => Object.hasOwn(SHELLS, word)
