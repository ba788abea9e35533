// sluice admin: users, tokens, and the ways back in, by the database in the data folder itself: with and
// without a running gateway, and by whoever may write there.
import { nearest } from '../../config/nearest.ts'
import type { Io } from '../io.ts'
import { usageLine } from '../usage.ts'

const HELP = `Users and tokens of the admin API, in the data folder of a config file: whether its gateway runs or not, and with no token.
A running gateway heeds what is changed at once.

Usage: sluice admin COMMAND [options] [-c FILE]

  setup-token                         the one-time token that makes the first user
  user list                           users, their roles, and when they signed in last
  user add NAME --role ROLE           add one; the password is asked for, or read from stdin or --password-file
  user remove NAME                    remove one
  token --role ROLE [--name N]        make a token for a program, which is printed this once
  token list                          tokens, and when they were used last
  token revoke ID                     revoke one
  link NAME                           print a one-time link by which a user signs in
  unlock NAME                         forget the failed sign-ins of a user
  reset-password NAME                 give a user another password, which ends their sign-ins
  reset-totp NAME                     remove the second factor of a user

"sluice admin COMMAND -h" tells more about a command.
`

type Command = (args: readonly string[], io: Io) => Promise<number>

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  'setup-token': async () => (await import('./setup-token.ts')).setupToken,
  user: async () => (await import('./user.ts')).user,
  token: async () => (await import('./token.ts')).token,
  link: async () => (await import('./link.ts')).link,
  unlock: async () => (await import('./ways-in.ts')).unlock,
  'reset-password': async () => (await import('./ways-in.ts')).resetPassword,
  'reset-totp': async () => (await import('./ways-in.ts')).resetTotp,
}

/** Runs the command that the first word names. */
export async function admin([name, ...args]: readonly string[], io: Io): Promise<number> {
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load) return (await load())(args, io)
  if (name === '-h' || name === '--help' || name === 'help') {
    io.stdout(HELP)
    return 0
  }
  return usageLine('admin', problemOf(name), io)
}

function problemOf(name: string | undefined): string {
  if (name === undefined) return 'a command is missing'
  if (name.startsWith('-')) return `unknown option "${name}"`
  const near = nearest(name, Object.keys(COMMANDS))
  return `unknown command "${name}"${near === null ? '' : `; did you mean "${near}"?`}`
}
