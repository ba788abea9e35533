// Passwords of commands: from a file, from stdin, or asked for where somebody sits at a terminal. Never from
// the command line, which other users of the machine can read.
import { whyNoPassword } from '../../control/store/passwords.ts'
import type { Args } from '../args.ts'
import type { Io } from '../io.ts'
import { readSecret } from '../secret-file.ts'

/** The option that names a file; "-" is stdin. */
export const PASSWORD_OPTION = { 'password-file': { takes: 'value' } } as const

export const PASSWORD_HELP = `      --password-file FILE  read the password from a file; "-" is stdin. Without it, it is asked for at a terminal,
                            and read from stdin where there is none`

/** The password, or what stands against it. */
export async function askPassword(read: Args, io: Io): Promise<string | { readonly problem: string }> {
  const password = await anyPassword(read, io)
  if (typeof password !== 'string') return password
  const why = whyNoPassword(password)
  return why === null ? password : { problem: why }
}

/** The same, however short it is. */
export async function anyPassword(read: Args, io: Io): Promise<string | { readonly problem: string }> {
  const file = read.value('password-file')
  const isAsked = file === null && process.stdin.isTTY
  return isAsked ? await askTwice(io) : readSecret(file ?? '-', io)
}

async function askTwice(io: Io): Promise<string | { readonly problem: string }> {
  const first = await askOnce('password: ', io)
  if (first === null) return { problem: 'no password was given' }
  const second = await askOnce('the same again: ', io)
  return first === second ? first : { problem: 'the two are not the same' }
}

const [ENTER, LINE_FEED, BACKSPACE, DELETE, INTERRUPT, END, KILL] = [
  '\r',
  '\n',
  '\b',
  '\x7f',
  '\x03',
  '\x04',
  '\x15',
]

/** A line that is not shown; null: given up. */
function askOnce(what: string, io: Io): Promise<string | null> {
  const { stdin } = process
  const { promise, resolve } = Promise.withResolvers<string | null>()
  let typed: string[] = []
  const done = (line: string | null): void => {
    stdin.off('data', heard)
    stdin.setRawMode(false)
    stdin.pause()
    io.stderr('\n')
    resolve(line)
  }
  const heard = (chunk: Buffer | string): void => {
    for (const one of chunk.toString()) {
      if (one === ENTER || one === LINE_FEED) return done(typed.join(''))
      if (one === INTERRUPT || one === END) return done(null)
      if (one === BACKSPACE || one === DELETE) typed = typed.slice(0, -1)
      else if (one === KILL) typed = []
      else typed.push(one)
    }
  }
  io.stderr(what)
  stdin.setRawMode(true)
  stdin.on('data', heard)
  stdin.resume()
  return promise
}
